"""What commands ask of the services and put into `--json`, measured against the manual's tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from vcr.serializers import yamlserializer

from tests.docs.documents import TOPICS, code, rows, sections
from tests.end_to_end.gifts.test_gifts import given
from tests.end_to_end.organisations.guild import bought
from tests.harness.counter import Counter

READ = rows(sections(TOPICS["costs"])["Read"], "where")
COSTS = rows(sections(TOPICS["costs"])["Requests"], "what")
DATA = rows(sections(TOPICS["json"])["The data of the other commands"], "command")


def _credit(*words: str) -> tuple[str, ...]:
    return ("credit", "marco", "100", "--reason", "gift", "--yes", *words)


def _settled(counter: Counter) -> str:
    """A payment that was delivered and executed."""
    intent = counter.paid()
    counter.type(*_credit("--payment", intent))
    counter.sandboxed.app.engine.run()
    return intent


def _reconciled(counter: Counter) -> tuple[str, ...]:
    """A first run is remembered, and nothing has happened since."""
    assert counter.type("reconcile", "--since", "30d").code == 0
    return "reconcile", "--since", "last"


def _refunded(counter: Counter) -> str:
    """A payment that was delivered, and its money went back."""
    intent, at = _settled(counter), counter.now()
    account = counter.sandboxed.app.stripe.account
    account.refund(account.charge_of(intent, at=at), at=at)
    return intent


def _restored(counter: Counter) -> tuple[str, ...]:
    """A backup is there."""
    assert counter.type("journal", "backup", "one.sqlite3").code == 0
    return "journal", "restore", "one.sqlite3"


ASKED: dict[str, Callable[[Counter], tuple[str, ...]]] = {
    "reconcile --since last, with nothing new": _reconciled,
    "credit by hand": lambda _: _credit("--reference", "second"),
    "credit for a payment": lambda counter: _credit("--payment", counter.paid()),
    "credit for a gift": lambda counter: (
        *("credit", "lucia", "100", "--reason", "gift", "--yes"),
        *("--payment", given(counter)),
    ),
    "the same credit again, while it is under way": lambda _: _credit("--reference", "first"),
    "citizen show": lambda _: ("citizen", "show"),
    "citizen replenish": lambda _: ("citizen", "replenish", "--by", "5", "--yes"),
    "checkout": lambda _: ("checkout", "marco", "--package", "500"),
    "explain a payment that was settled": lambda counter: ("explain", _settled(counter)),
    "status": lambda _: ("status",),
    "doctor": lambda _: ("doctor",),
    "stratagem status": lambda counter: ("stratagem", "status", _settled(counter)),
    "stratagem list": lambda _: ("stratagem", "list"),
    "events list": lambda _: ("events", "list"),
    "pricing": lambda _: ("pricing",),
    "journal list": lambda _: ("journal", "list"),
}


def test_the_manual_s_table_of_what_is_read_has_the_fields_that_are_asked_for() -> None:
    told = {where.split()[0]: what for where, what, _ in READ}
    for cassette in sorted((Path(__file__).parents[1] / "cassettes").glob("*.yaml")):
        for exchange in yamlserializer.deserialize(cassette.read_text())["interactions"]:
            table, fields = _asked(exchange["request"]["uri"])
            assert fields <= {word.rstrip(",;") for word in told.get(table, "").split()}, cassette


def _asked(uri: str) -> tuple[str, set[str]]:
    """The last part of the path, and the fields that are asked for of a table of that name."""
    asked = urlsplit(uri)
    return asked.path.rpartition("/")[2], {v for k, v in parse_qsl(asked.query) if k == "fields[]"}


def test_the_manual_s_table_of_requests_has_the_rows_that_are_measured() -> None:
    assert [row[0] for row in COSTS] == list(ASKED)


@pytest.mark.parametrize(("what", "stripe", "airtable"), COSTS)
def test_a_command_sends_as_many_requests_as_the_manual_says(
    counter: Counter, what: str, stripe: str, airtable: str
) -> None:
    counter.type(*_credit("--reference", "first"))
    words = ASKED[what](counter)
    before = _sent(counter)
    assert counter.type(*words).code == 0
    after = _sent(counter)
    assert (after[0] - before[0], after[1] - before[1]) == (int(stripe), int(airtable))


def _sent(counter: Counter) -> tuple[int, int]:
    recorder = counter.sandboxed.recorder
    return len(recorder.to("stripe")), len(recorder.to("airtable"))


SHOWN: dict[str, Callable[[Counter], list[tuple[str, ...]]]] = {
    "cascade credit": lambda _: [_credit("--again"), _credit("--again", "--dry-run")],
    "cascade refund": lambda counter: [
        ("refund", _refunded(counter), "--yes"),
        ("refund", bought(counter, {"marco": "20", "lucia": "10"}), "--yes"),
    ],
    "cascade resolve": lambda counter: [
        ("resolve", counter.paid(), "--accept", "--reason", "as agreed", "--yes")
    ],
    "cascade explain": lambda counter: [("explain", _settled(counter)), ("explain", "marco")],
    "cascade status": lambda _: [("status",)],
    "cascade doctor": lambda _: [("doctor",)],
    "cascade stratagem status": lambda counter: [("stratagem", "status", _settled(counter))],
    "cascade stratagem list": lambda _: [("stratagem", "list")],
    "cascade events list": lambda _: [("events", "list")],
    "cascade citizen show": lambda _: [("citizen", "show")],
    "cascade checkout": lambda _: [("checkout", "marco", "--package", "500")],
    "cascade pricing": lambda _: [("pricing",)],
    "cascade journal list": lambda _: [("journal", "list")],
    "cascade journal verify": lambda _: [("journal", "verify")],
    "cascade journal backup": lambda _: [("journal", "backup", "one.sqlite3")],
    "cascade journal restore": lambda counter: [_restored(counter)],
    "cascade journal catch-up": lambda _: [("journal", "catch-up")],
    "cascade init": lambda _: [("init", "rialto", "--no-input")],
    "cascade config show": lambda _: [("config", "show")],
    "cascade config check": lambda _: [("config", "check")],
    "cascade profile list": lambda _: [("profile", "list")],
    "cascade profile default": lambda _: [("profile", "default", "--none")],
    "cascade help": lambda _: [("help",), ("help", "refunds")],
}


def test_the_manual_tells_the_data_of_the_commands_that_are_tried() -> None:
    assert [row[0].strip("`") for row in DATA] == list(SHOWN)


@pytest.mark.parametrize(("command", "keys"), DATA)
def test_a_command_s_data_has_the_keys_that_the_manual_tells(
    counter: Counter, command: str, keys: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `init` writes a profile.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    counter.type(*_credit("--reference", "first"))
    lines = SHOWN[command.strip("`")](counter)
    told = [set(code(part)) - {"--dry-run"} for part in keys.split(";")]
    assert [counter.type(*words, "--json").data.keys() for words in lines] == told
