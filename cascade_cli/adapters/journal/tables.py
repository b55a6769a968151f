"""The journal's tables, the same on SQLite and PostgreSQL.

Entries are chained by their hashes; every other row that decides something carries a seal (see
`seals`). The only exceptions are `cascade_version` and, on PostgreSQL, `cascade_pace`.

Moments are ISO 8601 text in UTC with microseconds, so that they sort as text; ducats are plain
decimal text, because neither a float nor SQLite's NUMERIC keeps every digit. The names carry a
prefix, because a PostgreSQL database may be shared with other programs.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    true,
)
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from cascade_cli.errors import JournalError, TamperedError

VERSION = 3
GENESIS = "0" * 64

metadata = MetaData()
_Sequence = BigInteger().with_variant(Integer, "sqlite")


def _holder_columns() -> list[Column[object]]:
    """Who holds a row, and until when; an empty `run` means nobody does."""
    names = ("run", "host", "birth", "operator", "command", "since", "lease_until")
    columns: list[Column[object]] = [Column(n, Text, nullable=False, default="") for n in names]
    return [*columns, Column("pid", BigInteger, nullable=False, default=0)]


def seal_column() -> Column[str]:
    """A row's seal. It is empty only if something other than this cascade made the row."""
    return Column("seal", Text, nullable=False, server_default="")


def base_column(*, primary_key: bool = False) -> Column[str]:
    """The base whose row it is; empty if the row is older than this column. Hashes and seals leave
    an empty base out, so that the older rows keep theirs."""
    return Column("base", Text, primary_key=primary_key, nullable=False, server_default="")


version = Table("cascade_version", metadata, Column("version", Integer, primary_key=True))

entries = Table(
    "cascade_entries",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=False),
    *[
        Column(name, Text, nullable=False)
        for name in ("at", "kind", "key", "run", "host", "operator", "command", "body")
    ],
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    base_column(),
    Index("cascade_entries_key", "key", "seq"),
    Index("cascade_entries_at", "at"),
)

# A single row. Without it, a chain would still look complete after its newest entries were removed.
chain = Table(
    "cascade_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("head", Text, nullable=False),
    Column("entries", _Sequence, nullable=False),
    Column("sums", Text, nullable=False, server_default="{}"),
)

claims = Table(
    "cascade_claims",
    metadata,
    # The key comes first: by the base alone, SQLite would read everything a shop ever promised.
    Column("key", Text, primary_key=True),
    base_column(primary_key=True),
    Column("citizen", Text, nullable=False),
    Column("ducats", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("first_at", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("intent_seq", _Sequence, nullable=False, unique=True),
    *_holder_columns(),
    Column("last_action", Text),
    Column("last_attempt_at", Text),
    Column("last_run", Text),
    Column("last_fate", Text),
    seal_column(),
    Index("cascade_claims_day", "day", "ducats"),
    Index("cascade_claims_first_at", "first_at"),
)

locks = Table(
    "cascade_locks",
    metadata,
    Column("name", Text, primary_key=True),
    *_holder_columns(),
    seal_column(),
)

bases = Table(
    "cascade_bases",
    metadata,
    Column("base_id", Text, primary_key=True),
    Column("livemode", Boolean, nullable=False),
    Column("since", Text, nullable=False),
    seal_column(),
)

marks = Table(
    "cascade_marks",
    metadata,
    Column("name", Text, primary_key=True),
    base_column(primary_key=True),
    Column("body", Text, nullable=False),
    seal_column(),
)

# Webhook events that were accepted.
events = Table(
    "cascade_events",
    metadata,
    Column("id", Text, primary_key=True),
    base_column(primary_key=True),
    Column("type", Text, nullable=False),
    Column("payment", Text),
    Column("created_at", Text, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_at", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("note", Text, nullable=False, default=""),
    seal_column(),
    Index("cascade_events_due", "state", "next_at"),
    Index("cascade_events_payment", "payment"),
)

SEALED = (claims, locks, bases, marks, events)
SHARED = (claims, marks, events)
"""Those sealed tables in which each row belongs to a shop. (A lock's name contains the base.)"""


def visible(table: Table, base: str) -> ColumnElement[bool]:
    """The rows of `table` that concern a base: its own, and those whose base is unknown. Without a
    base, all rows."""
    return table.c.base.in_((base, "")) if base else true()


# Triggers prevent accidents. If somebody drops them first, `verify` finds what was changed.
_TRIGGERS = {
    "sqlite": [
        f"""CREATE TRIGGER cascade_entries_no_{deed} BEFORE {deed} ON cascade_entries
        BEGIN SELECT RAISE(ABORT, 'journal entries are never changed or removed'); END"""
        for deed in ("update", "delete")
    ],
    "postgresql": [
        """CREATE FUNCTION cascade_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''journal entries are never changed or removed''; END'""",
        """CREATE TRIGGER cascade_entries_refuse BEFORE UPDATE OR DELETE OR TRUNCATE
        ON cascade_entries FOR EACH STATEMENT EXECUTE FUNCTION cascade_entries_refuse()""",
    ],
}

# Any number will do, as long as every cascade takes the same.
_CREATION_LOCK = 0x0CA5CADE


def found_version(connection: Connection) -> int:
    """The version of the tables that are there; 0 if there are none.

    Raises JournalError if a newer cascade made them, TamperedError if none did.
    """
    if not inspect(connection).has_table(version.name):
        return 0
    found = connection.execute(select(version.c.version)).scalar_one()
    if found > VERSION:
        raise JournalError(
            f"The journal has version {found}, made by a newer cascade; this one knows {VERSION}. "
            "It was left as it is, and no ducats were moved.",
            "Update cascade on this machine.",
        )
    if found < 1 or found != _shape(connection):
        raise TamperedError(
            f"The journal was tampered with: it says it is version {found}, but its tables differ.",
            "Keep it as it is, and compare it with a backup. No ducats were moved.",
        )
    return int(found)


def _shape(connection: Connection) -> int:
    """Which version made these tables. Each version has renamed a column, which tells."""
    names = {column["name"] for column in inspect(connection).get_columns(chain.name)}
    return 3 if "sums" in names else 2 if "seals" in names else 1


def create(connection: Connection) -> None:
    """Make the tables inside the running transaction. There must be none yet."""
    for statement in _statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
    connection.execute(insert(chain).values(id=1, head=GENESIS, entries=0))
    connection.execute(insert(version).values(version=VERSION))


# Compiling them takes SQLAlchemy longer than the database takes to make the tables.
@cache
def _statements(database: str) -> tuple[str, ...]:
    dialect = URL.create(database).get_dialect()()
    made = list[DDLElement]()
    for table in metadata.sorted_tables:
        made += [CreateTable(table), *map(CreateIndex, table.indexes)]
    return (*(str(each.compile(dialect=dialect)) for each in made), *_TRIGGERS[database])


def create_anew(connection: Connection) -> None:
    """Make the tables inside the running transaction, in place of all existing ones."""
    metadata.drop_all(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP FUNCTION IF EXISTS cascade_entries_refuse()"))
    create(connection)


def lock_writers(connection: Connection) -> None:
    """Let nobody else write or make tables until the transaction ends. SQLite's write transactions
    do that by themselves."""
    lock_creation(connection)
    if connection.dialect.name == "postgresql" and inspect(connection).has_table(chain.name):
        connection.execute(text(f"LOCK TABLE {chain.name} IN ACCESS EXCLUSIVE MODE"))


def lock_creation(connection: Connection) -> None:
    """Let nobody else make tables until the transaction ends: PostgreSQL would fail one of two."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_CREATION_LOCK})"))
