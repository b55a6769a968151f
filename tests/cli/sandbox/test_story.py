"""`cascade sandbox seed --from`: a sandbox told in a file."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.cli.help.topics import FOLDER
from cascade_cli.sandbox import instance
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import is_used
from cascade_cli.sandbox.wire import Request
from tests.cli.terminal.conftest import Cascade

TOPIC = (FOLDER / "story.md").read_text(encoding="utf-8")
NUMBERS = {"one": 1, "two": 2}


def example() -> str:
    found = re.search(r"```toml\n(.*?)```", TOPIC, re.DOTALL)
    assert found
    return found[1]


def written(folder: Path, text: str) -> str:
    (file := folder / "story.toml").write_text(text, encoding="utf-8")
    return str(file)


def opened(folder: Path) -> Any:
    state = folder / "state"
    return closing(SandboxApp(instance.state_path(state), now=instance.clock_of(state)))


def contents(folder: Path) -> list[Any]:
    with opened(folder) as app, app.store.read() as connection:
        objects = connection.execute("SELECT id, body FROM stripe_objects ORDER BY seq").fetchall()
        tables = [app.airtable.tables.select(t) for t in ("CITIZENS", "STRATAGEMS")]
    return [objects, *tables]


def test_the_example_of_the_manual_holds_what_the_manual_says(
    cascade: Cascade, tmp_path: Path
) -> None:
    ended = cascade("sandbox", "seed", "--from", written(tmp_path, example()))
    assert ended.code == 0, ended.err
    assert ended.out.startswith("Told ")
    counts = cascade("--sandbox", "reconcile", "--since", "7d", "--all", "--json").document["data"]
    (said,) = re.findall(r"finds in it (.*?)\.\n", TOPIC, re.DOTALL)
    expected = {kind: NUMBERS[number] for number, kind in re.findall(r"(one|two)\s+`(\w+)`", said)}
    assert len(expected) == 7
    assert {kind: n for kind, n in counts["counts"].items() if n} == expected


def test_the_same_file_gives_the_same_sandbox(
    cascade: Cascade, tmp_path: Path, no_settings: Path
) -> None:
    file = written(tmp_path, "now = 2026-06-01T08:00:00Z\n" + example())
    found = []
    for _ in range(2):
        assert cascade("sandbox", "seed", "--from", file).code == 0
        found.append(contents(no_settings))
        assert cascade("sandbox", "reset").code == 0
    assert found[0] == found[1]
    assert len(found[0][0]) > 30
    written(tmp_path, example())
    cascade("sandbox", "seed", "--from", file)
    without_now = contents(no_settings)
    assert len(without_now[0]) == len(found[0][0])


def test_with_a_now_cascade_goes_by_the_storys_clock(cascade: Cascade, tmp_path: Path) -> None:
    file = written(tmp_path, "now = 2026-06-01T08:00:00Z\n" + example())
    ended = cascade("sandbox", "seed", "--from", file, "--json")
    assert ended.document["data"]["now"].startswith("2026-06-01T08:00")
    assert ended.document["data"]["payments"] == 5
    run = cascade("--sandbox", "reconcile", "--since", "7d", "--json").document
    assert run["warnings"] == []
    assert run["data"]["window"]["until"].startswith("2026-06-01T08:00")


PAID = '[[citizen]]\nname = "elena"\n[[payment]]\nat = "1d"\ncitizen = "elena"\nducats = 10\n'

MISTAKES = [
    ('title = "x"\ntitel = "y"', "line 2, titel: no such key; did you mean title? There are: "),
    (PAID + "ducat = 5", "line 7, payment 1, ducat: no such key; did you mean ducats?"),
    ('[[payment]]\nat = "2 days"', "line 2, payment 1, at: '2 days' is not a span of time"),
    ('[[payment]]\ncitizen = "a"', "line 1, payment 1: the key at is missing"),
    (PAID + '[[payment.stratagem]]\nstatus = "done"', "line 8, payment 1, stratagem 1, status: "),
    (PAID + '[[payment.stratagem]]\nstatus = "done"', "'done' is not one of planned, active"),
    (PAID + '[[payment.refund]]\nat = "2d"', "line 8, payment 1, refund 1, at: it would be"),
    (PAID + '[[payment.refund]]\nat = "1h"\ncents = 9000', "refund 1: Stripe refuses it: "),
    ('[[citizen]]\nname = "a"\nducats = true', "line 3, citizen 1, ducats: True is not a number"),
    ('[[payment]]\nat = "1d"\nducats = -3', "ducats: -3 is not a number above 0"),
    ('[fault]\nservice = "airtable"', "line 1, fault: write it as tables: [[fault]]"),
    ('[[processor]]\nducats = 1', "line 1, processor: write it as a table: [processor]"),
    ("now = 2026-06-01", "is not a time with its zone: 2026-11-01T08:00:00Z"),
    ('[[citizen]]\nname = "a"\n[[citizen]]\nname = "a"', "line 4, citizen 2, name: 'a' is in"),
    ('[[stratagem]]\nat = "1d"', "stratagem 1: a stratagem without a payment needs"),
    (PAID.replace("1d", "5m") + "[[payment.stratagem]]", "say when it ran"),
    (PAID + "[[payment.stratagem]]\ncells = {Colour = 'red'}", "cells: Airtable refuses it: 422"),
    (PAID + '[[payment.stratagem]]\nnotes = "no JSON"', "the engine cannot have executed this"),
    ('[[payment]]\nat = "1d"\n[[payment.part]]\ncitizen = "a"\nducats = 9\n[[payment.stratagem]]',
     "line 6, payment 1, stratagem 1, part: say which: 1 to 1"),
    ("x = [", "it is not TOML: "),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_line_and_nothing_is_written(
    cascade: Cascade, tmp_path: Path, no_settings: Path, text: str, said: str
) -> None:
    ended = cascade("sandbox", "seed", "--from", written(tmp_path, text))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Nothing was written" in ended.err
    with opened(no_settings) as app:
        assert not is_used(app)


def test_every_mistake_is_told_in_the_order_of_the_file(cascade: Cascade, tmp_path: Path) -> None:
    text = "[[fault]]\ntimes = 'x'\nslow = 5\n" + '[[payment]]\nducats = "many"\n' * 12
    ended = cascade("sandbox", "seed", "--from", written(tmp_path, text))
    lines = [int(n) for n in re.findall(r"^line (\d+)", ended.err, re.MULTILINE)]
    assert lines == sorted(lines)
    assert len(lines) == 10
    assert "and 17 more" in ended.err


def test_a_sandbox_in_use_stays_as_it_is_and_so_does_its_clock(
    cascade: Cascade, tmp_path: Path, no_settings: Path
) -> None:
    cascade("sandbox", "citizen", "add", "anna")
    file = written(tmp_path, "now = 2026-06-01T08:00:00Z\n")
    ended = cascade("sandbox", "seed", "--from", file)
    assert (ended.code, "reset it before" in ended.err) == (2, True)
    assert not instance.clock_of(no_settings / "state").shift


def test_the_file_must_exist_and_allows_no_other_options(cascade: Cascade, tmp_path: Path) -> None:
    file = written(tmp_path, "")
    for words in (("--days", "3"), ("--scenario", "quiet"), ("--engine-notices",)):
        ended = cascade("sandbox", "seed", "--from", file, *words)
        assert (ended.code, "allows no other options" in ended.err) == (2, True)
    ended = cascade("sandbox", "seed", "--from", str(tmp_path / "none.toml"))
    assert (ended.code, "cannot be read: No such file" in ended.err) == (2, True)


FAULTS = """
[[fault]]
service = "stripe"
path = "/v1/charges"
skip = 1
times = 2
answer = 503

[[fault]]
service = "airtable"
method = "GET"
answer = 0
"""


def test_services_fail_as_told_for_so_many_requests(
    cascade: Cascade, tmp_path: Path, no_settings: Path
) -> None:
    assert cascade("sandbox", "seed", "--from", written(tmp_path, FAULTS)).code == 0
    headers = {"authorization": "Bearer sk_test_sandbox"}
    charges = Request("GET", "/stripe/v1/charges", headers=headers)
    other = Request("GET", "/stripe/v1/refunds", headers=headers)
    statuses = []
    for _ in range(5):
        with opened(no_settings) as app:
            assert app.handle(other).status == 200
            statuses.append(app.handle(charges).status)
    assert statuses == [200, 503, 503, 200, 200]
    with opened(no_settings) as app, pytest.raises(ConnectionResetError):
        app.handle(Request("GET", "/airtable/v0/meta/bases"))


def test_an_applied_request_loses_only_its_answer(
    cascade: Cascade, tmp_path: Path, no_settings: Path
) -> None:
    fault = (
        '[[fault]]\nservice = "airtable"\nmethod = "POST"\nanswer = 0\napplied = true\ntimes = 1'
    )
    assert cascade("sandbox", "seed", "--from", written(tmp_path, fault)).code == 0
    headers = {
        "authorization": "Bearer patSandbox.sandbox",
        "content-type": "application/json",
    }
    body = b'{"fields": {"StratagemId": "one"}}'
    post = Request("POST", f"/airtable/v0/{BASE_ID}/STRATAGEMS", headers=headers, body=body)
    with opened(no_settings) as app:
        with pytest.raises(ConnectionResetError):
            app.handle(post)
        assert len(app.airtable.tables.select("STRATAGEMS")) == 1
        assert app.handle(post).status == 200
