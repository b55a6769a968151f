"""A PostgreSQL journal that cannot be written stops the money, and says what to do."""

import subprocess
import sys
import time
import traceback
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.pool import Pool

from cascade_cli.adapters.journal.database import Database
from cascade_cli.errors import ExitCode, JournalError, SettingsError
from tests.adapters.journal.shared_journal import BRUNO, SharedJournal, claim, deliver, intent


def at(shared: SharedJournal, **changes: str) -> SharedJournal:
    """The same server, addressed otherwise."""
    url = make_url(shared.url).set(**changes)  # type: ignore[arg-type]
    return SharedJournal(url.render_as_string(hide_password=False))


def refusal(shared: SharedJournal) -> JournalError:
    with pytest.raises(JournalError, match="No ducats move without it") as raised:
        claim(shared.journal(lock_wait_seconds=0.05), intent("new"))
    assert raised.value.exit_code is ExitCode.INCOMPLETE
    return raised.value


def test_a_server_that_is_down_is_unreachable(tmp_path: Path) -> None:
    error = refusal(SharedJournal(f"postgresql://postgres@/postgres?host={tmp_path}"))
    assert "refused or lost the connection" in error.message
    assert "PostgreSQL is running" in error.hint


def test_a_missing_database_is_named(postgresql_journal: SharedJournal) -> None:
    error = refusal(at(postgresql_journal, database="no"))
    assert 'database "no" does not exist' in error.message
    assert "right host, user, password and database" in error.hint


def test_an_unknown_user_is_refused_and_the_password_told_nowhere(
    postgresql_journal: SharedJournal,
) -> None:
    shared = at(postgresql_journal, username="nobody", password="hidden-word")
    error = refusal(shared)
    assert 'role "nobody" does not exist' in error.message
    shown = "".join(traceback.format_exception(error)) + error.hint + repr(shared.journal())
    assert "hidden-word" not in shown


def test_the_password_is_kept_out_of_bodies_too(postgresql_journal: SharedJournal) -> None:
    shared = at(postgresql_journal, password="hidden-word")
    journal = shared.journal()
    journal.run_event({"error": f"cannot connect to {shared.url}"})
    (entry,) = journal.entries()
    assert "hidden-word" not in entry.body["error"]
    shared.close()


def test_a_lock_held_too_long_is_told(postgresql_journal: SharedJournal) -> None:
    deliver(postgresql_journal.journal(), ["a"])
    with postgresql_journal.engine.begin() as connection:
        connection.execute(text("SELECT * FROM cascade_chain FOR UPDATE"))
        assert "stayed locked by another process" in refusal(postgresql_journal).message
    claim(postgresql_journal.journal(), intent("new"))


def test_a_read_only_server_is_told(postgresql_journal: SharedJournal) -> None:
    deliver(postgresql_journal.journal(), ["a"])
    shared = SharedJournal(f"{postgresql_journal.url} -cdefault_transaction_read_only%3Don")
    assert "may not be written" in refusal(shared).message
    assert len(list(shared.journal().entries())) == 5
    shared.close()


def test_a_full_disk_on_the_server_is_told(postgresql_journal: SharedJournal) -> None:
    deliver(postgresql_journal.journal(), ["a"])
    postgresql_journal.sql(
        "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION "
        "''could not extend file'' USING ERRCODE = ''disk_full''; END'",
        "CREATE TRIGGER fill BEFORE INSERT ON cascade_entries EXECUTE FUNCTION fill()",
    )
    assert (
        "could not be written in full (could not extend file" in refusal(postgresql_journal).message
    )
    postgresql_journal.sql("DROP TRIGGER fill ON cascade_entries")
    assert postgresql_journal.journal().verify().entries == 5


def test_a_connection_cut_between_two_calls_is_made_again(
    postgresql_journal: SharedJournal,
) -> None:
    journal = postgresql_journal.journal()
    deliver(journal, ["a"])
    postgresql_journal.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    deliver(journal, ["b"])
    assert journal.verify().entries == 10


def test_the_url_of_hosting_services_is_understood(postgresql_journal: SharedJournal) -> None:
    shared = SharedJournal(postgresql_journal.url.replace("postgresql://", "postgres://"))
    journal = shared.journal()
    journal.run_event({})
    journal.close()


def test_without_its_driver_the_setting_is_refused_with_the_way_to_install_it() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None;"
        "from tests.adapters.journal.hands import journal_of;"
        "journal_of('postgresql://h/d').run_event({})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert "SettingsError: CASCADE_JOURNAL_URL names PostgreSQL" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:sec@ret-word@host/db",
        "postgresql://shop:sec@ret-word/x@host/db",
        "postgres://shop:p@sec@ret-word@host:5432/db",
    ],
)
def test_a_password_that_was_not_encoded_is_shown_in_no_part(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        SharedJournal(url).journal()
    shown = "".join(traceback.format_exception(raised.value)) + raised.value.hint
    assert "ret-word" not in shown
    assert "%40" in raised.value.hint


@pytest.mark.parametrize("query", ["pgbouncer=true", "sslmode=prefer&sslmode=require", "Host=x"])
def test_a_parameter_that_psycopg_does_not_know_is_refused(query: str) -> None:
    with pytest.raises(SettingsError, match="CASCADE_JOURNAL_URL has the parameter") as raised:
        claim(
            SharedJournal(f"postgresql://cascade:hidden-word@nowhere.invalid/x?{query}").journal()
        )
    assert "hidden-word" not in raised.value.message


def test_parameters_of_libpq_work(postgresql_journal: SharedJournal) -> None:
    more = "sslmode=prefer&connect_timeout=20&application_name=cascade&keepalives_idle=30"
    shared = SharedJournal(f"{postgresql_journal.url}&{more}")
    deliver(shared.journal(), ["a"])
    assert shared.journal().verify().entries == 5
    shared.close()


def test_a_writer_who_stands_still_in_the_middle_does_not_keep_the_others_waiting(
    postgresql_journal: SharedJournal,
) -> None:
    stopped = Database(postgresql_journal.url, lock_wait_seconds=0.5)
    with closing(stopped), suppress(JournalError), stopped.writing("") as connection:
        connection.execute(text("UPDATE cascade_chain SET sums = sums"))
        claim(postgresql_journal.journal(BRUNO), intent("other"))
    assert postgresql_journal.journal().known(["other"]) == {"other"}


def test_who_reads_along_slowly_is_not_cut_off(postgresql_journal: SharedJournal) -> None:
    claim(postgresql_journal.journal())
    reader = Database(postgresql_journal.url, lock_wait_seconds=0.05)
    with closing(reader), reader.reading() as connection:
        connection.execute(text("SELECT 1"))
        time.sleep(0.2)
        connection.execute(text("SELECT 1"))


def test_whether_an_open_journal_is_there_costs_no_connection(
    postgresql_journal: SharedJournal,
) -> None:
    journal, made = postgresql_journal.journal(), list[object]()

    def count(connection: object, _record: object) -> None:
        made.append(connection)

    assert journal.known(["other"]) == set()
    claim(journal, intent("other"))
    event.listen(Pool, "connect", count)
    try:
        assert journal.known(["other"]) == {"other"}
        assert journal.refunds() == {}
    finally:
        event.remove(Pool, "connect", count)
    assert made == []
