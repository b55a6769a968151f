"""`cascade journal restore`: whole or not at all, never back in time by accident, and nobody is
paid twice for what it has forgotten."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE

import pytest
import time_machine

from cascade_cli.sandbox.wire import json_response
from tests.adapters.journal.shared_journal import LEASE, SharedJournal
from tests.harness.commands import Answer
from tests.harness.counter import Counter
from tests.harness.faults import is_write
from tests.harness.other_shop import OTHER_BASE
from tests.harness.postgresql import PostgresqlServer

BACKUP = "backup.sqlite3"


@dataclass
class Shop:
    """A shop with a journal somewhere, one credit in it, and a backup of that."""

    counter: Counter
    settings: dict[str, str] = field(default_factory=dict)

    def type(self, *words: str) -> Answer:
        return self.counter.type(*words, **self.settings)

    def credit(self, ducats: str, reference: str) -> Answer:
        return self.type(
            *("credit", "marco", ducats, "--reference", reference, "--reason", "gift", "--yes")
        )

    def restore(self, *words: str) -> Answer:
        return self.type("journal", "restore", BACKUP, "--json", *words)

    @property
    def head(self) -> str:
        data = self.type("journal", "verify", "--json").data
        return f"{data['head']}:{data['entries']}"

    @property
    def file(self) -> Path:
        return self.counter.state / "journal.sqlite3"

    def moving(self) -> list[str]:
        """The ids of all rows that have moved ducats, or may."""
        rows = self.counter.rows()
        return sorted(r["StratagemId"] for r in rows if r["Status"] in {"active", "executed"})

    def lose(self) -> None:
        """The journal's file is gone, and what stood beside it."""
        for path in self.counter.state.glob("journal*"):
            path.unlink()

    def vanish(self, stratagem_id: str) -> None:
        tables = self.counter.sandboxed.app.airtable.tables
        (row,) = tables.select("STRATAGEMS", f"{{StratagemId}} = '{stratagem_id}'")
        tables.delete("STRATAGEMS", str(row["id"]))


@pytest.fixture
def shop(counter: Counter) -> Shop:
    shop = Shop(counter)
    assert shop.credit("5", "before").code == 0
    assert shop.type("journal", "backup", BACKUP).code == 0
    counter.pass_time(minutes=10)
    return shop


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, counter: Counter) -> Shop:
    """The same with the journal in either database."""
    settings = {}
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        settings = {"CASCADE_JOURNAL_URL": server.new_url()}
    shop = Shop(counter, settings)
    assert shop.credit("5", "before").code == 0
    assert shop.type("journal", "backup", BACKUP).code == 0
    counter.pass_time(minutes=10)
    return shop


@pytest.fixture
def elsewhere(either: Shop, request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    """Another machine, whose journal is yet to be made, in the other kind of database."""
    settings = {"CASCADE_STATE_DIR": str(tmp_path / "elsewhere")}
    if not either.settings:
        settings["CASCADE_JOURNAL_URL"] = request.getfixturevalue("postgresql").new_url()
    return Shop(either.counter, settings)


def test_a_backup_is_restored_on_another_machine_into_the_other_database(
    either: Shop, elsewhere: Shop
) -> None:
    head, other = either.head, elsewhere
    either.credit("7", "after")
    ended = other.restore()
    assert (ended.code, ended.data["kept"]) == (0, None), ended.err
    assert [one["key"] for one in ended.data["caught_up"]["taken_over"]] == ["cascade_manual_after"]
    assert other.type("journal", "verify", "--against", head).code == 0
    for ducats, reference in (("5", "before"), ("7", "after")):
        assert other.credit(ducats, reference).code == 0
    assert other.moving() == ["cascade_manual_after", "cascade_manual_before"]


def test_a_lost_journal_knows_again_what_the_base_shows(shop: Shop) -> None:
    shop.credit("7", "after")
    shop.counter.pass_time(minutes=10)
    shop.lose()
    ended = shop.restore()
    assert ended.code == 0, ended.err
    assert shop.type("status", "--json").data["today"]["promised_ducats"] == "12"
    other_amount = shop.credit("8", "after")
    assert (other_amount.code, "stands for another" in other_amount.err) == (7, True)
    shop.vanish("cascade_manual_after")
    vanished = shop.credit("7", "after")
    assert "no longer shows" in vanished.out + vanished.err
    assert shop.moving() == ["cascade_manual_before"]


def test_the_base_is_looked_at_once_no_lost_write_can_still_arrive(shop: Shop) -> None:
    shop.lose()
    before, ended = shop.counter.now(), shop.restore()
    assert "may still be applied" in ended.err
    assert 120 <= (shop.counter.now() - before).total_seconds() < 180


def test_a_reported_head_is_remembered_if_the_journal_is_lost(shop: Shop) -> None:
    shop.credit("7", "after")
    head = shop.head
    shop.file.unlink()
    refused = shop.restore()
    assert (refused.code, refused.data["missing_heads"]) == (7, [head])
    assert not shop.file.exists()


def test_an_entry_without_a_reported_head_is_not_forgotten_by_accident(shop: Shop) -> None:
    shop.credit("7", "after")
    refused = shop.restore()
    assert (refused.code, refused.data["missing_heads"]) == (7, [])


def test_a_head_that_a_person_kept_is_looked_for_in_the_backup(shop: Shop, tmp_path: Path) -> None:
    kept = shop.head
    shop.credit("7", "after")
    later = shop.head
    other = Shop(shop.counter, {"CASCADE_STATE_DIR": str(tmp_path / "elsewhere")})
    assert other.restore("--against", later).code == 7
    assert other.restore("--against", later.partition(":")[0]).code == 7
    assert other.restore("--against", "nonsense").code == 2
    assert not other.counter.state.with_name("elsewhere").joinpath("journal.sqlite3").exists()
    assert other.restore("--against", kept).code == 0


def test_only_force_goes_back_and_says_what_is_at_risk_and_keeps_what_was_there(
    either: Shop,
) -> None:
    either.credit("7", "after")
    head = either.head
    refused = either.restore()
    assert (refused.code, refused.document["error"]["kind"]) == (7, "guard")
    assert refused.data["missing_heads"] == [head]
    assert refused.data["forgotten"]["promises"] == ["cascade_manual_after"]
    unasked = either.restore("--force")
    assert (unasked.code, "needs a yes" in unasked.err, either.head) == (7, True, head)
    either.vanish("cascade_manual_after")
    ended = either.restore("--force", "--yes")
    assert ended.code == 0, ended.err
    assert "nobody is paid twice" in json.dumps(ended.data["at_risk"])
    kept = {"CASCADE_JOURNAL_URL": f"sqlite:///{ended.data['kept']}"}
    assert Shop(either.counter, kept).head == head
    assert Path(ended.data["kept"]).stat().st_mode & 0o777 == 0o600
    assert either.type("journal", "verify").code == 0
    assert either.type("journal", "verify", "--against", head).code == 3
    # Only the journal that was replaced knew of the row: the day's limit, the reference and what
    # vanished count as before.
    assert either.type("status", "--json").data["today"]["promised_ducats"] == "12"
    assert either.credit("8", "after").code == 7
    assert either.credit("7", "after").code != 0
    assert either.moving() == ["cascade_manual_before"]


def test_after_a_forced_restore_doctor_goes_by_the_new_head(shop: Shop) -> None:
    shop.credit("7", "after")
    assert shop.head
    assert shop.restore("--force", "--yes").code == 0
    checks = shop.type("doctor", "--json").data["checks"]
    assert not [check for check in checks if check["code"] == "journal.other_head"]


def test_dry_run_changes_nothing(shop: Shop) -> None:
    shop.credit("7", "after")
    before, files = shop.file.read_bytes(), sorted(shop.counter.state.iterdir())
    ended = shop.restore("--dry-run", "--force")
    assert (ended.code, ended.data["goes_back"]) == (0, True)
    assert shop.file.read_bytes() == before
    assert sorted(shop.counter.state.iterdir()) == files


def test_what_the_journal_has_already_is_not_restored(shop: Shop) -> None:
    before, ended = shop.head, shop.restore()
    assert (ended.code, ended.data["at_risk"], shop.head) == (0, [], before)
    assert shop.credit("7", "after").code == 0


def test_nothing_is_written_to_the_base_before_the_journal_has_caught_up(shop: Shop) -> None:
    payment = shop.counter.paid()
    shop.lose()
    network = shop.counter.network
    network.break_(lambda r: "/airtable/" in r.path, json_response(403, {"error": "no"}), times=99)
    ended = shop.restore()
    assert ended.code in {4, 5}
    assert "journal catch-up" in ended.err
    network.heal()
    shop.counter.requests.clear()
    for words in (
        ("credit", "marco", "9", "--reason", "gift", "--reference", "x", "--yes"),
        ("reconcile", "--repair", "--yes", "--since", "1d"),
        ("events", "replay", "--since", "1d", "--yes"),
        ("citizen", "replenish", "--by", "5", "--yes"),
    ):
        refused = shop.type(*words)
        assert (refused.code, "journal catch-up" in refused.err) == (7, True), refused
    assert not [request for request in shop.counter.requests if is_write(request)]
    assert shop.type("journal", "catch-up").code == 0
    assert shop.type("reconcile", "--repair", "--yes", "--since", "1d").code == 0
    assert f"cascade_payment_{payment}" in shop.moving()


def test_each_shop_of_the_journal_catches_up_by_itself(shop: Shop) -> None:
    with closing(SharedJournal(f"sqlite:///{shop.file}")) as shared:
        journal = shared.journal()
        journal.bind_mode(OTHER_BASE, livemode=False)
    shop.type("journal", "backup", "both.sqlite3")
    shop.lose()
    ended = shop.type("journal", "restore", "both.sqlite3", "--json")
    (warning,) = [text for text in ended.document["warnings"] if OTHER_BASE in text]
    assert "catch-up" in warning
    refused = shop.counter.credit("marco", "9", AIRTABLE_BASE_ID=OTHER_BASE)
    assert refused.code != 0
    assert shop.credit("7", "after").code == 0


def test_a_restore_is_refused_while_another_run_is_working(shop: Shop) -> None:
    shop.credit("7", "after")
    with closing(SharedJournal(f"sqlite:///{shop.file}")) as shared:
        shared.clock.moment = shop.counter.now()
        journal = shared.journal(is_alive=lambda *_: True)
        with journal.lock("base app1", lease=LEASE):
            locked = shop.restore("--force", "--yes")
    assert (locked.code, "is working" in locked.err) == (6, True)


def test_decisions_that_are_forgotten_are_named(shop: Shop) -> None:
    payment = shop.counter.paid(citizen="nobody")
    decided = shop.type("resolve", payment, "--accept", "--reason", "a test", "--yes")
    assert decided.code == 0, decided.err
    ended = shop.restore("--dry-run")
    (risk,) = [risk for risk in ended.data["at_risk"] if payment in risk["sentence"]]
    assert "accepted as it is" in risk["sentence"]
    assert risk["command"].endswith(payment)


@pytest.mark.parametrize("content", [b"", b"no journal" * 1000])
def test_a_damaged_journal_is_put_aside_as_it_is(shop: Shop, content: bytes) -> None:
    shop.lose()
    shop.file.write_bytes(content)
    ended = shop.restore("--yes")
    assert ended.code == 0, ended.err
    assert Path(ended.data["kept"]).read_bytes() == content
    assert ended.data["journal"]["damage"]
    assert shop.type("journal", "verify").code == 0


def test_a_damaged_journal_is_left_alone_while_a_process_has_it_open(shop: Shop) -> None:
    shop.type("journal", "list")
    reader = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute('SELECT 1 FROM cascade_chain').fetchall(); print(); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reader, str(shop.file)], stdin=PIPE, stdout=PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with shop.file.open("r+b") as file:
            file.write(b"no journal")
        content = shop.file.read_bytes()
        locked = shop.restore("--yes")
        process.communicate("\n")
    assert (locked.code, "has" in locked.err) == (6, True), locked
    assert shop.file.read_bytes() == content
    assert shop.restore("--yes").code == 0


def test_what_was_left_beside_a_lost_journal_is_not_taken_for_the_new_ones(shop: Shop) -> None:
    shop.lose()
    stale = shop.file.with_name("journal.sqlite3-wal")
    stale.write_bytes(b"stale")
    ended = shop.restore()
    assert Path(ended.data["kept"] + "-wal").read_bytes() == b"stale"
    assert shop.type("journal", "verify").code == 0


def test_another_programs_database_is_left_alone(shop: Shop) -> None:
    shop.lose()
    with closing(sqlite3.connect(shop.file)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = shop.file.read_bytes()
    ended = shop.restore("--force", "--yes")
    assert (ended.code, "another program" in ended.err) == (5, True)
    assert shop.file.read_bytes() == before


def test_a_tampered_journal_gives_way_to_its_backup(shop: Shop) -> None:
    shop.credit("7", "after")
    with closing(SharedJournal(f"sqlite:///{shop.file}")) as shared:
        shared.tamper("UPDATE cascade_entries SET operator = 'x' WHERE seq = 2")
    assert shop.restore().code == 7
    ended = shop.restore("--force", "--yes")
    assert (ended.code, "was changed" in ended.data["journal"]["damage"]) == (0, True)
    assert shop.type("journal", "verify").code == 0
    assert shop.credit("8", "after").code == 7


def test_a_backup_that_was_tampered_with_is_refused(shop: Shop) -> None:
    shop.credit("7", "after")
    head = shop.head
    with closing(sqlite3.connect(BACKUP)) as connection, connection:
        connection.execute("UPDATE cascade_claims SET ducats = '9'")
    ended = shop.restore("--force", "--yes")
    assert (ended.code, "The backup was tampered with" in ended.err) == (3, True)
    assert shop.head == head


@pytest.mark.parametrize("content", [None, b"", b"no backup" * 1000])
def test_what_is_no_backup_is_refused(shop: Shop, content: bytes | None) -> None:
    Path(BACKUP).unlink()
    if content is not None:
        Path(BACKUP).write_bytes(content)
    before = shop.head
    assert (shop.restore("--force", "--yes").code, shop.head) == (2, before)


def test_the_journal_itself_is_no_backup_of_itself(shop: Shop) -> None:
    ended = shop.type("journal", "restore", str(shop.file))
    assert (ended.code, "is the journal itself" in ended.err) == (2, True)


def test_two_histories_after_one_backup_are_one_again(shop: Shop) -> None:
    """Somebody restored in haste, went on, and then found the true journal."""
    shop.credit("7", "true")
    assert shop.type("journal", "backup", "true.sqlite3").code == 0
    shop.counter.pass_time(minutes=10)
    assert shop.restore("--force", "--yes").code == 0
    assert shop.credit("9", "haste").code == 0
    refused = shop.type("journal", "restore", "true.sqlite3", "--json")
    assert (refused.code, refused.data["goes_back"]) == (7, True)
    assert "cascade_manual_haste" in refused.data["forgotten"]["promises"]
    forced = shop.type("journal", "restore", "true.sqlite3", "--force", "--yes", "--json")
    assert forced.code == 0, forced.err
    assert shop.type("status", "--json").data["today"]["promised_ducats"] == "21"
    for ducats, reference in (("5", "before"), ("7", "true"), ("9", "haste")):
        assert shop.credit(ducats, reference).code == 0
    assert len(shop.moving()) == 3


def test_restores_within_one_second_keep_each_journal(either: Shop) -> None:
    kept = set()
    with time_machine.travel(either.counter.now(), tick=False):
        for number in range(3):
            assert either.credit("7", f"after{number}").code == 0
            kept.add(Path(either.restore("--force", "--yes").data["kept"]))
    assert len(kept) == 3
    assert all(path.is_file() for path in kept)


def test_nothing_to_catch_up_with_is_said(shop: Shop) -> None:
    ended = shop.type("journal", "catch-up")
    assert (ended.code, "nothing to catch up with" in ended.out) == (0, True)
    assert shop.type("journal", "catch-up", "--since", "1d").code == 0
