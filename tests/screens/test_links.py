"""Ids are links on a terminal that has them, where the live services are read."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.terminal.console import PipeConsole
from cascade_cli.cli.terminal.hyperlinks import Hyperlinks
from cascade_cli.cli.terminal.session import Session
from cascade_cli.wiring.connection import connected
from tests.screens.terminal import Terminal

_LINK = re.compile(r"\x1b\]8;[^;]*;([^\x1b]+)\x1b\\(?:\x1b\[[\d;]*m)?([^\x1b]+)")
PAYMENT, ROW, EVENT = "pi_3Vl43rQc6qKWAYAWgj1EiROb", "recHCGBiuIFYrnx2r", "evt_3EAXo77ykN9t45cwh2"
LINKS = Hyperlinks("appLive123", livemode=True)
LIVE = {
    "STRIPE_SECRET_KEY": "rk_live_1234567890",
    "AIRTABLE_API_KEY": "patABCDEFGHIJKL.0123456789",
    "AIRTABLE_BASE_ID": "appLive123",
}


def printed(*, terminal: bool, links: Hyperlinks | None, no_color: bool = False) -> str:
    """A sentence and a table with ids."""
    out = io.StringIO()
    console = PipeConsole(
        file=out,
        force_terminal=terminal,
        width=80,
        markup=False,
        highlight=False,
        no_color=no_color,
    )
    console.links = links
    table = Table.grid()
    table.add_row(Text(ROW, "bold"))
    console.print(Text(f"paid by {PAYMENT}, told by {EVENT}; pi_ and rec are none"))
    console.print(table)
    return out.getvalue()


def test_ids_lead_to_the_dashboard_and_to_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    found = {name: url for url, name in _LINK.findall(printed(terminal=True, links=LINKS))}
    assert found == {
        PAYMENT: f"https://dashboard.stripe.com/payments/{PAYMENT}",
        EVENT: f"https://dashboard.stripe.com/events/{EVENT}",
        ROW: f"https://airtable.com/appLive123/STRATAGEMS/{ROW}",
    }


def test_without_colour_there_are_links_and_in_a_pipe_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert len(_LINK.findall(printed(terminal=True, links=LINKS, no_color=True))) == 3
    assert "\x1b" not in printed(terminal=False, links=LINKS)
    assert "\x1b]8" not in printed(terminal=True, links=None)


def test_a_test_payment_leads_to_the_test_dashboard() -> None:
    url = Hyperlinks("appTest", livemode=False).url("re_1234567", "re")
    assert url == "https://dashboard.stripe.com/test/search?query=re_1234567"


def test_the_live_services_have_links_and_no_other_address(no_settings: Path) -> None:
    state = {"CASCADE_STATE_DIR": str(no_settings)}
    live = Session(environ={**LIVE, **state})
    with connected(live):
        assert live.links == LINKS
    elsewhere = Session(environ={**LIVE, **state, "AIRTABLE_ENDPOINT_URL": "http://127.0.0.1:9"})
    with connected(elsewhere):
        assert elsewhere.links is None


def test_the_sandbox_has_no_dashboard(week: Terminal) -> None:
    assert "\x1b]8" not in week.say("--sandbox", "reconcile")


@pytest.mark.parametrize(
    ("environ", "has"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "tmux-256color"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4205"}, False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "screen"}, False),
        ({"TERM": "vt100"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
        ({"TERM": "linux", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
    ],
)
def test_links_are_for_terminals_that_have_them(environ: dict[str, str], *, has: bool) -> None:
    session = Session(environ=environ, links=LINKS)
    console = session.console()
    assert isinstance(console, PipeConsole)
    assert (console.links == LINKS) is has
