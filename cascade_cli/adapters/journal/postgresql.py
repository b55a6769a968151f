"""The journal in a PostgreSQL database, through psycopg 3.

A pooler in between, such as PgBouncer, may give every transaction to another session. So nothing
here outlives a transaction: no prepared statement, no setting, no lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExecutionContext, create_engine, event

from cascade_cli.errors import SettingsError
from cascade_cli.settings.installation import command_to_add

_CONNECT_TIMEOUT_SECONDS = 10
# Everybody waits for a writer, which may be a process that was stopped or a machine that is gone.
# The server ends its transaction before the others give up waiting.
_MOST_IDLE = 0.8
# Twenty rows fit into a packet or two. While a statement has arrived only in part, the server does
# not end the transaction of a stopped process, so statements are kept short.
_ROWS_IN_A_STATEMENT = 20
# Only these parameters may occur more than once in an address: they name several servers.
_SEVERAL = frozenset({"host", "port"})


def open_engine(url: URL, lock_wait_seconds: float) -> Engine:
    """An engine for the database at `url`.

    Raises SettingsError if psycopg is missing or does not know a parameter.
    """
    _check_parameters(url)
    query = {"connect_timeout": str(_CONNECT_TIMEOUT_SECONDS), **url.query}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg", query=query),
        # A role may have another default. The order of writers depends on this level: after the
        # wait for the chain's row, each statement sees what the writer before it committed.
        isolation_level="READ COMMITTED",
        # A restart of the server, or a pooler, may have closed a connection in the meantime.
        pool_pre_ping=True,
        hide_parameters=True,
        insertmanyvalues_page_size=_ROWS_IN_A_STATEMENT,
        connect_args={"prepare_threshold": None},
    )
    # A round trip for each of 500 events would hold up all other writers for seconds.
    engine.dialect.use_insertmanyvalues_wo_returning = True
    wait_milliseconds = max(1, round(lock_wait_seconds * 1000))
    # A promise must survive a crash of the server.
    settings = (
        f"SELECT set_config('lock_timeout', '{wait_milliseconds}', true), "
        "set_config('synchronous_commit', 'on', true)"
    )

    idle_milliseconds = max(1, round(wait_milliseconds * _MOST_IDLE))
    of_writers = (
        f"{settings}, "
        f"set_config('idle_in_transaction_session_timeout', '{idle_milliseconds}', true)"
    )

    def prepare(connection: Connection) -> None:
        # A reader delays nobody, and may be slow because a person is reading the output.
        options = connection.get_execution_options()
        is_quick = options.get("journal_write") and not options.get("journal_migration")
        connection.exec_driver_sql(of_writers if is_quick else settings)

    event.listen(engine, "begin", prepare)
    event.listen(engine, "do_executemany", _execute_one_by_one)
    return engine


def _execute_one_by_one(
    cursor: Any, statement: str, parameters: Sequence[Any], context: ExecutionContext
) -> bool:
    """Send a statement that changes many rows as one request for each row. Returns False if psycopg
    should send it instead, as one pipeline. Insertions do not come here.

    If a process is stopped in the middle of a pipeline, the server does not count its session as
    idle and never ends its transaction, and all other writers wait.
    """
    # A migration has many rows, and nobody else may write before it ends anyway.
    if context.execution_options.get("journal_migration"):
        return False
    for each in parameters:
        cursor.execute(statement, each)
    return True


def _check_parameters(url: URL) -> None:
    try:
        from psycopg import pq  # noqa: PLC0415 - an extra, which need not be there
    except ImportError as error:
        raise SettingsError(
            "CASCADE_JOURNAL_URL names PostgreSQL, and its driver psycopg is not installed.",
            f"Install it with: {command_to_add('postgres')}",
        ) from error
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    for name, value in url.query.items():
        if name not in known:
            raise SettingsError(
                f"CASCADE_JOURNAL_URL has the parameter {name!r}, which psycopg does not know.",
                "Remove it. libpq's are allowed, such as sslmode, connect_timeout, options.",
            )
        if not isinstance(value, str) and name not in _SEVERAL:
            raise SettingsError(f"CASCADE_JOURNAL_URL has the parameter {name!r} more than once.")
