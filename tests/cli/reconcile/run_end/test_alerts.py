"""`--alert` tells of what is new, solved or failed, once, and of nothing else."""

from __future__ import annotations

import gc
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cascade_cli.cli.reconcile.alerting import news_alert
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.history.alert import AlertNews
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import Response
from tests.cli.reconcile.run_end.listener import SECRET, Listener
from tests.cli.terminal.conftest import Cascade
from tests.domain.samples import WEEK, a_charge, the_item
from tests.harness.sandboxed import Sandboxed

REFUSED = Response(401, b'{"error": {"type": "AUTHENTICATION_REQUIRED"}}')
BROKEN = Response(400, b'{"error": {"message": "no"}}')


@pytest.fixture
def missing(sandboxed: Sandboxed, recently: datetime) -> str:
    """A payment without a transfer."""
    sandboxed.move_in("marco", recently)
    return str(sandboxed.pay(recently)["payment_intent"])


def _deliver(sandboxed: Sandboxed, payment: str, at: datetime) -> None:
    sandboxed.transfer(f"cascade_payment_{payment}", at)


def test_the_first_run_tells_all_that_is_open(
    nightly: Cascade, listener: Listener, missing: str
) -> None:
    assert nightly().code == 3
    (alert,) = listener.alerts()
    assert alert["title"] == "cascade: 1 new, 0 solved, 0 still open"
    assert alert["type"] == "warning"
    line = alert["message"].splitlines()[0]
    assert line.startswith("NEW missing: marco, 100 ducats, ")
    assert line.endswith(f": cascade explain {missing}")


@pytest.mark.usefixtures("missing")
def test_the_journal_is_closed_when_the_alert_is_out(nightly: Cascade, no_settings: Path) -> None:
    """SQLite removes its files beside the journal when the last connection closes."""
    gc.disable()  # it would close what nobody uses any more
    try:
        assert nightly().code == 3
        assert [path.name for path in no_settings.rglob("journal.sqlite3*")] == ["journal.sqlite3"]
    finally:
        gc.enable()


def test_a_first_run_that_finds_nothing_tells_nothing(nightly: Cascade, listener: Listener) -> None:
    assert nightly().code == 0
    assert listener.heard == []


@pytest.mark.usefixtures("missing")
def test_what_was_told_is_not_told_again(nightly: Cascade, listener: Listener) -> None:
    nightly()
    listener.alerts()
    assert nightly("--since", "last").code == 3
    assert nightly().code == 3
    assert listener.alerts() == []


def test_what_is_solved_is_told_once(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed, missing: str, recently: datetime
) -> None:
    nightly()
    listener.alerts()
    _deliver(sandboxed, missing, recently)
    assert nightly().code == 0
    nightly()
    (alert,) = listener.alerts()
    assert alert["title"] == "cascade: 0 new, 1 solved, 0 still open"
    assert alert["type"] == "success"
    assert alert["message"].startswith(f"SOLVED missing {missing}\n")


def test_another_kind_of_trouble_with_the_same_payment_is_news(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed, missing: str, recently: datetime
) -> None:
    nightly()
    listener.alerts()
    for number in (1, 2):
        sandboxed.transfer(f"cascade_payment_{missing}", recently + timedelta(minutes=number))
    nightly()
    (alert,) = listener.alerts()
    assert alert["title"] == "cascade: 1 new, 0 solved, 0 still open"
    assert alert["message"].startswith("NEW duplicate: marco")


@pytest.mark.usefixtures("missing")
def test_a_run_by_hand_takes_no_news_away(
    cascade: Cascade, nightly: Cascade, listener: Listener
) -> None:
    cascade("reconcile", "--since", "last")
    nightly("--since", "last")
    (alert,) = listener.alerts()
    assert alert["title"] == "cascade: 1 new, 0 solved, 0 still open"


@pytest.mark.usefixtures("missing")
def test_what_lies_outside_the_window_is_neither_solved_nor_forgotten(
    nightly: Cascade, listener: Listener
) -> None:
    nightly()
    listener.alerts()
    assert nightly("--since", "10m").code == 0
    nightly()
    assert listener.alerts() == []


def test_what_since_last_follows_up_is_told_as_solved_however_old_it_is(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in("marco", recently)
    old = sandboxed.pay(recently - timedelta(days=6))["payment_intent"]
    nightly("--since", "last")
    listener.alerts()
    _deliver(sandboxed, old, recently)
    nightly("--since", "last")
    (alert,) = listener.alerts()
    assert alert["message"].startswith(f"SOLVED missing {old}\n")


@pytest.mark.parametrize("trouble", [("stripe", BROKEN, 5), ("airtable", REFUSED, 4)])
def test_a_failure_is_told_every_time(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed, trouble: tuple[str, Response, int]
) -> None:
    service, answer, code = trouble
    sandboxed.recorder.break_from(service, 1, answer)
    assert [nightly().code, nightly().code] == [code, code]
    alerts = listener.alerts()
    assert [a["title"] for a in alerts] == [
        f"cascade: reconciliation failed (exit code {code})",
        f"cascade: reconciliation failed (exit code {code})",
    ]
    assert {a["type"] for a in alerts} == {"failure"}


@pytest.mark.usefixtures("missing")
def test_a_failure_tells_nothing_of_what_it_could_not_see(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed
) -> None:
    nightly()
    sandboxed.recorder.break_from("airtable", 1, REFUSED)
    nightly()
    sandboxed.recorder.mend("airtable")
    listener.alerts()
    assert nightly().code == 3
    assert listener.alerts() == []


def test_settings_that_are_wrong_are_told_too(nightly: Cascade, listener: Listener) -> None:
    assert nightly(STRIPE_SECRET_KEY=None).code == 4
    (alert,) = listener.alerts()
    assert "STRIPE_SECRET_KEY is not set" in alert["message"]


def test_an_option_that_cannot_work_is_told_by_those_that_can(
    nightly: Cascade, listener: Listener, no_settings: Path
) -> None:
    nowhere = str(no_settings / "unmounted" / "cascade.prom")
    ended = nightly("--metrics-file", nowhere, "--ping", listener.url)
    assert ended.code == 2
    assert listener.pings() == ["/fail"]
    (alert,) = listener.alerts()
    assert "there is no folder" in alert["message"]


@pytest.mark.usefixtures("missing")
def test_an_alert_that_was_lost_is_told_by_the_next_run(
    nightly: Cascade, listener: Listener
) -> None:
    listener.statuses = [500]
    lost = nightly("--json")
    assert lost.code == 3
    assert "address 1 of 1 in CASCADE_ALERT_URLS" in lost.document["warnings"][0]
    assert "address 1 of 1 in CASCADE_ALERT_URLS" in lost.err
    listener.alerts()
    nightly()
    assert [a["title"] for a in listener.alerts()] == ["cascade: 1 new, 0 solved, 0 still open"]


@pytest.mark.usefixtures("missing")
def test_a_lost_alert_is_said_even_with_quiet(cascade: Cascade, listener: Listener) -> None:
    listener.statuses = [500]
    said = cascade("-q", "reconcile", "--alert", CASCADE_ALERT_URLS=listener.address)
    assert said.err.startswith("warning: address 1 of 1 in CASCADE_ALERT_URLS did not take")


@pytest.mark.usefixtures("missing")
def test_one_service_that_fails_does_not_keep_the_others_from_hearing(
    nightly: Cascade, listener: Listener
) -> None:
    dead = f"json://127.0.0.1:9/{SECRET}"
    said = nightly(CASCADE_ALERT_URLS=f"{dead}\n{listener.address}")
    assert "address 1 of 2" in said.err
    assert len(listener.alerts()) == 1


@pytest.mark.usefixtures("missing")
def test_repair_tells_what_is_true_after_it(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in(PROCESSOR, recently)
    nightly("--repair", "--dry-run")
    assert [a["title"] for a in listener.alerts()] == ["cascade: 1 new, 0 solved, 0 still open"]
    assert nightly("--repair", "--yes").code == 0
    assert [a["title"] for a in listener.alerts()] == ["cascade: 0 new, 1 solved, 0 still open"]


@pytest.mark.usefixtures("missing")
def test_a_repair_that_is_refused_tells_so_and_what_is_open(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in(PROCESSOR, recently)
    assert nightly("--repair").code == 7
    (alert,) = listener.alerts()
    assert alert["title"] == "cascade: reconciliation failed (exit code 7)"
    assert "there is no terminal to ask" in alert["message"]


def test_names_are_neither_markup_nor_mentions_and_the_list_ends(
    nightly: Cascade, listener: Listener, sandboxed: Sandboxed, recently: datetime
) -> None:
    hostile = "@everyone <b>*http://evil.test* " + "x" * 60
    for _ in range(25):
        sandboxed.pay(recently, citizen=hostile)
    nightly()
    (alert,) = listener.alerts()
    lines = alert["message"].splitlines()
    assert len(lines) == 25
    assert lines[24].startswith("Journal: ")
    assert lines[22] == "25 open: 25 need a person."
    assert lines[20] == "… and 5 more: cascade reconcile"
    assert "·everyone ·b··http···evil·test" in lines[0]
    assert not set("@<>*") & set(alert["message"])
    assert "x" * 20 not in alert["message"]


@pytest.mark.usefixtures("missing")
def test_no_output_shows_an_address(nightly: Cascade, listener: Listener) -> None:
    listener.statuses = [500, 500]
    for finished in (nightly("--json"), nightly("--all")):
        assert SECRET not in finished.out + finished.err
    unknown = nightly(CASCADE_ALERT_URLS=f"jsno://127.0.0.1/{SECRET}")
    both = f"{listener.address} {listener.address}/more"
    misplaced = nightly(CASCADE_ALERT_URLS=both, AIRTABLE_BASE_ID=listener.address)
    for wrong in (unknown, misplaced):
        assert wrong.code == 4
        assert SECRET not in wrong.out + wrong.err


@pytest.mark.parametrize("urls", [None, "", "  \n", "jsno://127.0.0.1/x", "nonsense"])
def test_without_a_usable_address_nothing_is_read(
    nightly: Cascade, sandboxed: Sandboxed, urls: str | None
) -> None:
    finished = nightly(CASCADE_ALERT_URLS=urls)
    assert finished.code == 4
    assert "CASCADE_ALERT_URLS" in finished.err
    assert sandboxed.recorder.requests == []


def test_without_the_package_it_names_what_to_install_and_reads_nothing(
    nightly: Cascade, sandboxed: Sandboxed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    finished = nightly("--json")
    assert finished.code == 4
    assert finished.document["error"]["hint"].endswith("pip install 'cascade-cli[alerts]'")
    assert sandboxed.recorder.requests == []


@pytest.mark.usefixtures("missing")
def test_an_alert_that_was_taken_is_no_warning(nightly: Cascade) -> None:
    finished = nightly("--json")
    assert finished.document["warnings"] == []
    assert finished.err == ""


def test_in_the_sandbox_an_alert_names_commands_of_the_sandbox() -> None:
    item = the_item(a_charge())
    found = AlertNews(new=(item,), solved={}, still_open=(item,), elsewhere=0)
    message = news_alert(Session(sandbox=True), found, WEEK, "app").body
    assert message.count(": cascade --sandbox explain pi_1") == 2


@pytest.mark.usefixtures("missing")
def test_the_journal_s_head_stands_in_alert_metrics_and_page(
    nightly: Cascade, cascade: Cascade, listener: Listener, tmp_path: Path
) -> None:
    page, metrics = tmp_path / "night.html", tmp_path / "night.prom"
    nightly("--repair", "--yes", "--report", str(page), "--metrics-file", str(metrics))
    *_, alert = listener.alerts()
    *_, told = alert["message"].split()
    assert cascade("journal", "verify", "--against", told).code == 0
    hash_, _, number = told.partition(":")
    assert f'cascade_reconcile_journal_entries{{head="{hash_}"}} {number}\n' in metrics.read_text()
    assert told in page.read_text()
