"""What README and manual tell in prose and in examples, measured against the code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI

from cascade_cli import errors
from cascade_cli.adapters.price_list_file import read_prices
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.errors import CascadeError
from cascade_cli.server import health, webhook
from cascade_cli.server.api import payments
from tests.docs.documents import ALL, TOPICS, fences, rows
from tests.harness.counter import Counter


def test_the_manual_explains_exactly_the_kinds_of_error_with_their_exit_codes() -> None:
    table = rows(TOPICS["json"], "kind")
    known = list(_errors(CascadeError))
    told = {row[0].strip("`"): int(row[1]) for row in table}
    assert told == {error.kind: error.exit_code.value for error in known}


def _errors(error: type[CascadeError]) -> Iterator[type[CascadeError]]:
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _errors(child)


def test_the_manual_s_price_list_is_accepted_and_has_every_key(tmp_path: Path) -> None:
    (text,) = fences("toml", TOPICS["selling"])
    file = tmp_path / "prices.toml"
    file.write_text(text)
    prices = read_prices(file)
    assert replace(prices, packages=PriceList().packages) != PriceList()
    assert prices.currencies == ("eur", "jpy", "kwd")
    assert prices.rates.on("kwd", date(2026, 11, 27)) == Exchange(
        Decimal("0.3064"), date(2026, 11, 20)
    )
    assert prices.on(date(2027, 1, 1)) == replace(prices, rate=Decimal("0.15"), changes=())
    assert [package.name for package in prices.packages] == ["500", "patron"]
    assert set(re.findall(r"^(\w+) =", text, re.MULTILINE)) == {
        *("rate", "lowest_rate", "highest_rate", "currencies"),
        *("minimum", "maximum", "ducats", "bonus"),
    }


def test_the_manual_lists_exactly_the_routes_that_are_served() -> None:
    nothing = cast("Any", None)
    api = FastAPI()
    statuses = cast("Any", SimpleNamespace(status_of=None))
    api.include_router(payments.router(nothing, statuses, nothing, None, nothing))
    api.include_router(webhook.router(nothing, nothing, nothing, nothing))
    api.include_router(health.router(nothing, nothing, nothing))
    paths = api.openapi()["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    table = rows(TOPICS["payment-api"], "route")
    assert {row[0].strip("`") for row in table} == served


def test_a_citizen_is_told_in_the_words_that_the_manual_quotes(counter: Counter) -> None:
    counter.type("credit", "marco", "525", "--reason", "paid but not delivered", "--yes")
    (row,) = counter.rows("NOTIFICATIONS")
    (quoted,) = [b for b in fences("text", TOPICS["notices"]) if "on their way" in b]
    words = re.sub(r"cascade_\w+_\S+\.", "…", row["Content"])
    assert re.sub(r"cascade_\w+_\S+\.", "…", " ".join(quoted.split())) == words
    assert json.loads(row["Details"])["ducats"] == "525"


@pytest.mark.parametrize("block", fences("python", ALL))
def test_a_python_example_of_the_manual_imports_what_there_is(block: str) -> None:
    imports = [node for node in ast.parse(block).body if isinstance(node, ast.ImportFrom)]
    assert imports
    exec(compile(ast.Module(cast("Any", imports), []), "manual", "exec"), {})  # noqa: S102
