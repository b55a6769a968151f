"""The document: whole, harmless, readable without colours, and never longer than a page should."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise, product

import pytest

from cascade_cli.cli.reconcile.report.page import render
from cascade_cli.cli.reconcile.report.view import (
    MOST_REPAIRS,
    MOST_SOLVED,
    MOST_STORIES,
    unjudged_page,
)
from cascade_cli.domain.history.checkpoint import Changes
from cascade_cli.errors import ThrottledError
from tests.cli.reconcile.report.reading import Page
from tests.cli.reconcile.report.samples import shown, view
from tests.cli.terminal.test_hostile_text import HOSTILE
from tests.domain.samples import NOW, a_charge, a_stratagem, keyed

TAGS = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "closed style": "</style><img src=https://evil.example/x>",
    "template": "{{ 7 * 7 }}{% for %}",
    "entity": "&lt;b&gt;",
}


@pytest.fixture
def ordinary() -> Page:
    well, missing = a_charge("1"), a_charge("2")
    return shown(view([well, missing], [keyed(well, executed_at=NOW)]))


def test_every_element_that_is_opened_is_closed(ordinary: Page) -> None:
    assert ordinary.left_open == []
    assert ordinary.html.startswith("<!doctype html>")


def test_nothing_on_the_page_is_fetched_and_nothing_runs(ordinary: Page) -> None:
    names = {name for name, _ in ordinary.elements}
    assert names & {"script", "link", "img", "iframe", "object", "base", "form"} == set()
    # Links lead elsewhere on the page.
    assert all(link["href"].startswith("#") for link in ordinary.named("a"))
    assert "://" not in ordinary.html
    assert re.findall(r"url\((?!#)", ordinary.html) == []
    attributes = {key for _, of in ordinary.elements for key in of}
    assert {key for key in attributes if key.startswith("on") or key in {"src", "style"}} == set()


def test_the_policy_allows_the_page_s_own_style_and_nothing_else(ordinary: Page) -> None:
    policy = ordinary.named("meta")[1]["content"]
    (style,) = re.findall(r"<style>(.*?)</style>", ordinary.html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")


@pytest.mark.parametrize("text", [*TAGS.values(), *HOSTILE.values()], ids=[*TAGS, *HOSTILE])
def test_a_text_from_outside_stays_text_wherever_it_stands(ordinary: Page, text: str) -> None:
    charges = [a_charge("1", citizen=text, citizen_text=text), a_charge("2")]
    wrong = keyed(charges[1], citizen=text, status="failed", failure_text=text)
    hostile = shown(view(charges, [wrong, a_stratagem("x", citizen=text, stratagem_id=text)]))
    elements = {name for name, _ in hostile.elements}
    assert elements <= {name for name, _ in ordinary.elements}
    assert {key for _, of in hostile.elements for key in of} <= {
        key for _, of in ordinary.elements for key in of
    }
    assert [c for c in hostile.html if not c.isprintable() and c != "\n"] == []
    if text.isprintable() and len(text) < 100:
        assert " ".join(text.split()) in hostile.text


def test_a_key_that_crept_into_a_text_is_taken_out() -> None:
    page = view([a_charge(citizen="secret&word")])
    html = render(page, sandbox=False, redacted=lambda text: text.replace("secret&word", "(key)"))
    assert "(key)" in html
    assert "secret" not in html


def test_five_thousand_discrepancies_are_counted_and_the_worst_hundred_told() -> None:
    page = shown(view([a_charge(str(number)) for number in range(5000)]))
    assert len(page.named("article")) == MOST_STORIES
    assert "5,000 open: " in page.text
    assert "4,900 more are not shown here" in page.text
    assert len(page.html) < 300_000


def test_long_lists_of_what_was_solved_or_repaired_say_what_they_leave_out() -> None:
    changes = Changes(NOW, (), tuple(f"pi_{n}" for n in range(MOST_SOLVED + 7)), ())
    row = {"citizen": "m", "ducats": "1", "result": "credited", "stratagem_id": "s", "why": "w"}
    page = shown(view([], changes=changes, repairs=[row] * (MOST_REPAIRS + 5)))
    assert "and 7 more" in page.text
    assert "5 more are not shown here" in page.text


def test_a_window_without_charges_is_a_page_that_says_there_is_nothing_to_do() -> None:
    page = shown(view([]))
    assert "Nothing is open" in page.text
    assert page.named("article") == []
    assert page.row("settled")[1:] == ["0", "–"]
    assert "No ducats were sold in this window" in page.text


def test_every_number_of_the_bars_stands_in_a_table(ordinary: Page) -> None:
    assert page_row(ordinary, "settled") == ["100", "50.0 %"]
    assert page_row(ordinary, "undelivered") == ["100", "50.0 %"]
    payments, delays = [row for row in ordinary.rows if row[0] == "Thu 19 Nov"]
    assert payments[2:] == ["2", "1", "0", "1"]
    assert delays[2:] == ["1d 6h", "1d 6h", "1 of 2"]


def page_row(page: Page, name: str) -> list[str]:
    """Of the equation: the row with a share."""
    row = next(row for row in page.rows if row[0].startswith(name) and row[-1].endswith("%"))
    return row[1:]


def test_each_part_of_the_bar_has_a_pattern_of_its_own(ordinary: Page) -> None:
    patterns = re.findall(r'<pattern id="([\w-]+)"(.*?)</pattern>', ordinary.html, re.DOTALL)
    fills = set(re.findall(r"url\(#([\w-]+)\)", ordinary.html))
    assert fills == {name for name, _ in patterns}
    assert len({drawing for _, drawing in patterns}) == len(patterns) == 5


def test_pictures_are_left_out_when_the_page_is_read_aloud(ordinary: Page) -> None:
    assert {svg.get("aria-hidden") for svg in ordinary.named("svg")} == {"true"}


def test_headings_leave_out_no_level(ordinary: Page) -> None:
    levels = [int(name[1]) for name, _ in ordinary.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_run_that_could_not_read_everything_judges_nothing_and_says_why() -> None:
    error = ThrottledError("Airtable <says> slow down.", "Try again later.")
    window = {"since": "2026-11-13T15:00:00Z", "until": "2026-11-20T15:00:00Z"}
    page = shown(unjudged_page(error, {"window": window}, NOW))
    assert "Nothing was judged" in page.text
    assert "Airtable <says> slow down. Try again later." in page.text
    assert "2026-11-13T15:00:00Z" in page.text
    assert page.rows == []
    assert page.named("article") == []
    assert page.left_open == []


def _palettes() -> list[dict[str, str]]:
    css = re.findall(r"<style>(.*?)</style>", shown(view([])).html, re.DOTALL)[0]
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in (light, dark)]


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(palette: dict[str, str]) -> None:
    texts = ("text", "soft", "critical", "high", "medium", "none")
    for text, behind in product(texts, ("page", "panel")):
        light, dark = sorted((_luminance(palette[text]), _luminance(palette[behind])))[::-1]
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, behind)


def test_the_age_of_a_discrepancy_is_as_of_the_run() -> None:
    page = shown(view([a_charge(created_at=NOW - timedelta(days=2))]))
    assert "2d ago" in page.text


def test_each_kind_leads_to_its_cases_whose_stories_are_folded(ordinary: Page) -> None:
    names = {attributes["id"] for _, attributes in ordinary.elements if "id" in attributes}
    links = [link["href"] for link in ordinary.named("a") if link["href"].startswith("#kind-")]
    assert links == ["#kind-missing"]
    assert {link.removeprefix("#") for link in links} <= names
    assert ordinary.row("missing")[1:] == ["1", "100"]
    (details,) = ordinary.named("details")
    assert "open" not in details
    assert ordinary.named("summary")


def test_the_verdict_and_the_kinds_come_before_the_charts(ordinary: Page) -> None:
    assert ordinary.text.index("1 open: 1 is safe to repair") < ordinary.text.index("By kind")
    assert ordinary.text.index("By kind") < ordinary.text.index("Payments by day")


def test_folded_stories_are_open_on_paper(ordinary: Page) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", ordinary.html, re.DOTALL)
    on_paper = style[style.index("@media print") :]
    assert re.search(r"details::details-content \{[^}]*content-visibility: visible", on_paper)


def test_a_command_keeps_every_digit_and_its_words_are_whole() -> None:
    page = shown(view([a_charge(ducats=Decimal("100.123456"))]))
    assert re.search(r"cascade credit marco 100\.123456 --payment pi_\w+ --reason", page.text)
    assert '<span class="word">--payment</span> ' in page.html
