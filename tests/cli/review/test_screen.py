"""One case on one screen: it fits, and its keys are always there."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console

from cascade_cli.adapters.dashboard_links import DashboardLinks, links
from cascade_cli.cli.review.screen import CaseScreen, page_lines
from cascade_cli.domain.decisions.decision_plan import Subject
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.services.decisions.resolve_service import Evidence, Seen
from cascade_cli.services.decisions.review_service import View
from tests.cli.review.subjects import of_charge, of_transfer
from tests.domain.samples import WEEK, a_charge, a_stratagem, keyed

BALANCES = {"CASCADE_PAYMENT_PROCESSOR": Decimal(900_000), "marco": Decimal("12.345678901")}
PAGES = DashboardLinks("https://dashboard.stripe.com/payments/", "https://airtable.com/appX/tblX/")
BROKE_OFF = "[ERROR] Processing error: " + "the connection was reset by the other side; " * 4


def _page(subject: Subject, **changed: object) -> CaseScreen:
    near = tuple(a_stratagem(str(number)) for number in range(20, 29))
    rows = subject.doubtful
    evidence = Evidence(rows, BALANCES, near) if rows else Evidence((), {}, ())

    view = View(Seen(subject, Snapshot(WEEK, (), ()), None), BALANCES, evidence)
    return replace(CaseScreen(view, 3, 39, links=PAGES), **changed)  # type: ignore[arg-type]


def _drawn(page: CaseScreen, width: int, height: int | None) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height or 24, no_color=True)
    return [line.plain for line in page_lines(console, page, height)]


CHARGE = a_charge("3OXFOgefA2AwMxpD8ck8jdf1")
SUBJECTS = {
    "wrong citizen": of_charge(CHARGE, keyed(CHARGE, citizen="lucia")),
    "doubtful": of_charge(CHARGE, keyed(CHARGE, status="failed", engine_log=BROKE_OFF)),
    "duplicate": of_charge(CHARGE, *(keyed(CHARGE, record_id=f"rec{n}") for n in range(9))),
    "orphan": of_transfer(a_stratagem()),
    "refunded": of_charge(replace(CHARGE, refunded_cents=500), keyed(CHARGE)),
    "missing": of_charge(CHARGE),
    "hostile": of_charge(CHARGE, keyed(CHARGE, citizen="\x1b[2J\nlucia" * 9)),
}


@pytest.mark.parametrize("size", [(80, 23), (60, 23), (140, 40), (60, 16)])
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_screen_fits_and_has_all_its_keys(name: str, size: tuple[int, int]) -> None:
    subject = SUBJECTS[name]
    lines = _drawn(_page(subject), *size)
    assert len(lines) <= size[1]
    assert max(map(len, lines)) <= size[0]
    text = " ".join(" ".join(lines).split())
    assert text.startswith(f"3 of 39 · {subject.item.kind.value.replace('_', ' ')} · ")
    assert text.endswith("q stop and keep")
    keys = [line[1] for line in lines if line[2:4] == "  " and line[:1] == " " and line[1] != " "]
    assert len(keys) == len(subject.choice) + (name == "refunded")
    assert text.isprintable()


def test_what_is_cut_is_said_and_there_without_a_height() -> None:
    page = _page(SUBJECTS["doubtful"])
    assert "… e shows the rest" in _drawn(page, 80, 23)
    whole = _drawn(page, 80, None)
    assert "… e shows the rest" not in whole
    assert sum("100 ducats to 'marco': stratagem" in line for line in whole) == 9


def test_a_doubtful_transfer_has_the_balances_and_the_engine_s_words_before_its_keys() -> None:
    text = " ".join(_drawn(_page(SUBJECTS["doubtful"]), 80, 23))
    assert "marco 12.35 (without it -87.65)" in text
    assert "[ERROR] Processing error" in text


def test_the_pages_of_both_services_are_linked_where_there_is_room() -> None:
    lines = _drawn(_page(SUBJECTS["wrong citizen"]), 80, 23)
    assert "https://dashboard.stripe.com/payments/pi_3OXFOgefA2AwMxpD8ck8jdf1" in lines
    assert f"https://airtable.com/appX/tblX/rec_{CHARGE.id}" in lines


def _links(
    *, is_stripe: bool = True, livemode: bool = True, is_airtable: bool = True, table: str = "tblX"
) -> DashboardLinks:
    return links(
        is_stripe=is_stripe,
        livemode=livemode,
        is_airtable=is_airtable,
        base_id="appX",
        table_id=table,
    )


def test_a_stand_in_for_a_service_has_no_pages() -> None:
    assert list(_links().of("pi_1.2", ("recY",))) == [
        "https://dashboard.stripe.com/payments/pi_1",
        "https://airtable.com/appX/tblX/recY",
    ]
    in_test = next(_links(livemode=False).of("pi_1", ()))
    assert in_test == "https://dashboard.stripe.com/test/payments/pi_1"
    # Without the schema nobody knows the table's id; the sandbox has neither.
    assert list(_links(table="").of("", ("recY",))) == []
    assert list(_links(is_stripe=False, is_airtable=False).of("pi_1", ("recY",))) == []


def test_a_refund_that_is_to_be_carried_out_has_a_key_and_is_what_is_marked() -> None:
    lines = _drawn(_page(SUBJECTS["refunded"]), 80, 23)
    assert " f  refund: take 50 ducats back from 'marco'  (safest)" in lines
    assert sum("safest" in line for line in lines) == 1


def test_what_has_to_be_done_elsewhere_first_is_said() -> None:
    subject = SUBJECTS["missing"]
    replenish = Repair("cascade citizen replenish --by 100")
    changed = replace(subject, item=replace(subject.item, repair=replenish))
    assert "    first type: cascade citizen replenish --by 100" in _drawn(_page(changed), 80, 23)


def test_what_is_known_has_its_ducats_to_a_hundredth() -> None:
    subject = SUBJECTS["wrong citizen"]
    told = "it is short by 219510.899999999999994 ducats, and the rest is with 'lucia'"
    changed = replace(subject, item=replace(subject.item, evidence=("", told)))
    text = " ".join(" ".join(_drawn(_page(changed), 60, 23)).split())
    assert "it is short by 219,510.9 ducats" in text


def test_what_a_decision_rests_on_is_cut_last() -> None:
    text = " ".join(" ".join(_drawn(_page(SUBJECTS["doubtful"]), 60, 20)).split())
    assert "marco 12.35 (without it -87.65)" in text
    assert "'marco', who bought 100 ducats" in text


def test_only_the_labels_of_what_is_known_are_dim() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, height=24, force_terminal=True, color_system="standard")
    for line in page_lines(console, _page(SUBJECTS["wrong citizen"]), 23):
        console.print(line)
    buyer = next(line for line in out.getvalue().splitlines() if "buyer " in line)
    assert buyer.startswith("\x1b[2mbuyer     \x1b[0m")
