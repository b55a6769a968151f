"""People read ducats to a hundredth, on every screen; scripts and commands have every digit."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.cli.terminal.rounding import readable
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.shop.money import rounded
from tests.screens.terminal import Terminal

_EXACT = re.compile(r"\d\.\d{3,}")


@pytest.mark.parametrize(
    ("exact", "read"),
    [
        ("219510.899999999999994 ducats", "219,510.9 ducats"),
        ("219,510.899999999999994 are sold.", "219,510.9 are sold."),
        (
            "together 2150.125 ducats for 1075.0625 sold",
            "together 2,150.12 ducats for 1,075.06 sold",
        ),
        ("0.00000001 ducats are lacking", "< 0.01 ducats are lacking"),
        ("1075.25 ducats, 0.5 more", "1075.25 ducats, 0.5 more"),
        ("has 12.3456: cascade credit 'M' 12.3456", "has 12.35: cascade credit 'M' 12.3456"),
        (
            "`cascade refund pi_1 --ducats 1.2345` takes 1.2345",
            "`cascade refund pi_1 --ducats 1.2345` takes 1.23",
        ),
        ("they wrote 'of 12.3456', and 1.2345", "they wrote 'of 12.3456', and 1.23"),
        ("due at 0.12345 USD per ducat", "due at 0.12345 USD per ducat"),
        (
            "the payment names an exchange rate of its own, 0.01234",
            "the payment names an exchange rate of its own, 0.01234",
        ),
        ("at 2026-11-30T15:02:00.000000+00:00", "at 2026-11-30T15:02:00.000000+00:00"),
        ("from 192.168.0.100, version 3.12.3456", "from 192.168.0.100, version 3.12.3456"),
    ],
)
def test_a_sentence_has_its_ducats_to_a_hundredth_and_all_else_as_it_is(
    exact: str, read: str
) -> None:
    assert readable(exact) == read


def test_what_is_there_is_never_rounded_to_nothing() -> None:
    assert rounded(Decimal("492485.8103135929")) == "492,485.81"
    assert rounded(Decimal("0.0004")) == "< 0.01"
    assert rounded(Decimal(0)) == "0"


@pytest.fixture(scope="module")
def document(week: Terminal) -> dict[str, Any]:
    """What --json says of the week."""
    told = week.say("--sandbox", "reconcile", "--all", "--json", piped=True)
    data: dict[str, Any] = json.loads(told)["data"]
    return data


def _screens(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    yield "reconcile", "--all"
    yield "reconcile", "--repair", "--dry-run"
    yield from (("status",), ("status", "--limit", "60"), ("doctor",), ("citizen", "show"))
    yield ("review",)
    yield "stratagem", "list", "--since", "30d"
    for item in document["items"]:
        if not Kind(item["kind"]).is_discrepancy:
            return
        yield "explain", item["payment_intent"] or item["stratagem_ids"][0]
        yield from _typed(item)


def _typed(item: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """What is printed beside it, as a plan."""
    words = shlex.split(item["repair"]["command"])[2:]
    if words[0] in {"resolve", "credit", "refund"} and not {"CITIZEN", "DUCATS"} & set(words):
        yield *words, "--dry-run"


def test_no_screen_has_more_decimals_than_two(week: Terminal, document: dict[str, Any]) -> None:
    seen = 0
    for words in _screens(document):
        told = week.sandbox("--no-pager", *words)
        assert told, words
        lines = (line for line in told.splitlines() if not line.startswith("  $ "))
        assert [line for line in lines if _EXACT.search(line)] == [], words
        seen += "." in told
    assert seen > 50


def test_json_and_csv_have_all_decimals(week: Terminal, document: dict[str, Any]) -> None:
    csv = week.say("--sandbox", "reconcile", "--all", "--csv", piped=True)
    assert _EXACT.search(document["ducats"]["sold"])
    assert any(_EXACT.search(item["ducats"] or "") for item in document["items"])
    for item in document["items"]:
        assert item["ducats"] is None or f",{item['ducats']}," in csv
