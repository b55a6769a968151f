"""`--ping` asks a dead man's switch how the run ended, whichever way it did."""

from __future__ import annotations

import signal
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from cascade_cli.sandbox.wire import Response
from tests.cli.reconcile.run_end.listener import SECRET, Listener
from tests.cli.terminal.conftest import Cascade
from tests.harness.commands import COMMAND, environment
from tests.harness.sandboxed import Sandboxed

BROKEN = Response(400, b'{"error": {"message": "no"}}')


def test_a_run_without_discrepancies_pings(cascade: Cascade, listener: Listener) -> None:
    assert cascade("reconcile", "--ping", listener.url).code == 0
    assert listener.pings() == [""]


def test_a_run_with_discrepancies_has_done_its_work(
    cascade: Cascade, listener: Listener, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.pay(recently)
    assert cascade("reconcile", "--ping", listener.url).code == 3
    assert listener.pings() == [""]


@pytest.mark.parametrize("url", ["{}", "{}/"])
def test_a_run_that_could_not_read_pings_fail(
    cascade: Cascade, listener: Listener, sandboxed: Sandboxed, url: str
) -> None:
    sandboxed.recorder.break_from("stripe", 1, BROKEN)
    assert cascade("reconcile", "--ping", url.format(listener.url)).code == 5
    assert listener.pings() == ["/fail"]


def test_what_follows_the_path_stays_behind_it(cascade: Cascade, listener: Listener) -> None:
    cascade("reconcile", "--ping", f"{listener.url}?rid=7", AIRTABLE_BASE_ID=None)
    assert listener.pings() == ["/fail?rid=7"]


def test_a_run_that_cannot_alert_pings_fail(cascade: Cascade, listener: Listener) -> None:
    assert cascade("reconcile", "--alert", "--ping", listener.url).code == 4
    assert listener.pings() == ["/fail"]


def test_a_lost_alert_pings_fail_though_the_run_went_well(
    cascade: Cascade, listener: Listener, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.pay(recently)
    dead = f"json://127.0.0.1:9/{SECRET}"
    done = cascade("reconcile", "--alert", "--ping", listener.url, CASCADE_ALERT_URLS=dead)
    assert done.code == 3
    assert listener.pings() == ["/fail"]


def test_a_bug_while_the_report_is_shown_pings_fail_after_all(
    cascade: Cascade, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rich.console.Console.print", _broken)
    assert cascade("reconcile", "--ping", listener.url).code == 1
    assert listener.pings() == ["", "/fail"]


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("no more paper")


def test_an_interrupted_run_pings_nothing(
    listener: Listener, sandboxed: Sandboxed, tmp_path: Path
) -> None:
    sandboxed.recorder.before(1, lambda: process.send_signal(signal.SIGINT))
    process = subprocess.Popen(
        [*COMMAND, "reconcile", "--ping", listener.url],
        cwd=tmp_path,
        env=environment(tmp_path, **sandboxed.environment()),
    )
    assert process.wait(timeout=30) == 130
    assert listener.heard == []


def test_a_ping_is_tried_three_times(cascade: Cascade, listener: Listener) -> None:
    listener.statuses = [503, 500]
    assert cascade("reconcile", "--ping", listener.url).err == ""
    assert listener.pings() == ["", "", ""]


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (503, 3)])
def test_a_ping_that_nobody_hears_is_a_warning_without_the_address(
    cascade: Cascade, listener: Listener, status: int, tries: int
) -> None:
    listener.statuses = [status] * 3
    done = cascade("reconcile", "--json", "--ping", listener.url)
    assert done.code == 0
    assert done.document["warnings"] == [f"the ping: it did not arrive (HTTP {status})"]
    assert len(listener.pings()) == tries
    assert SECRET not in done.out + done.err


def test_the_address_does_not_show_in_what_is_said_about_another_setting(
    cascade: Cascade, listener: Listener
) -> None:
    done = cascade("reconcile", "--ping", listener.url, AIRTABLE_BASE_ID=listener.url)
    assert done.code == 4
    assert SECRET not in done.out + done.err


def test_an_address_where_nobody_is_does_not_show(cascade: Cascade) -> None:
    done = cascade("-v", "reconcile", "--ping", f"http://127.0.0.1:9/{SECRET}")
    assert done.code == 0
    assert "the ping: it did not arrive" in done.err
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    "url",
    [
        "hc-ping.com/x",
        "ftp://127.0.0.1/x",
        "http://",
        "http://x.test/a b",
        "http://x.test:99999/",
        "",
    ],
)
def test_what_is_no_web_address_ends_the_run_before_anything_is_read(
    cascade: Cascade, sandboxed: Sandboxed, url: str
) -> None:
    done = cascade("reconcile", "--ping", url)
    assert done.code == 2
    assert "--ping needs a web address" in done.err
    assert sandboxed.recorder.requests == []
