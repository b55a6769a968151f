"""What each way of moving ducats would do, beside what reconcile says may be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cascade_cli.backend import credit_ducats_sync
from cascade_cli.cli.terminal.session import Session
from tests.end_to_end.agreement.views import (
    SINCE,
    Item,
    Shop,
    command_of,
    is_automatic,
    name_of,
)

_UNDELIVERED = {"missing", "stalled", "failed", "unknown_citizen", "unattributable"}
_ARRIVED = "write nothing: its transfer is"


def replay(shop: Shop) -> Iterator[str]:
    """`events replay`, by which a machine delivers."""
    answer = shop.type("events", "replay", *SINCE, "--dry-run", "--json")
    # Without funds nothing is planned.
    results = {each["payment"]: each for each in (answer.data or {}).get("payments", ())}
    for item in shop.items:
        if told := results.get(name_of(item)):
            yield from _replayed(item, told["result"], told["why"])


def _replayed(item: Item, result: str, why: str) -> Iterator[str]:
    # That a dispute was won, or a row is too many, no payment's event tells.
    elsewhere = command_of(item).startswith(("cascade refund", "cascade reconcile"))
    may_be_due = is_automatic(item) or item["kind"] == "in_flight"
    if result == "due" and not may_be_due:
        yield f"replay would deliver {name_of(item)}: {why}"
    if result == "already" and item["kind"] in _UNDELIVERED:
        yield f"replay calls {name_of(item)} done: {why}"
    if result not in {"due", "already"} and is_automatic(item) and not elsewhere:
        yield f"replay leaves {name_of(item)}: {why}"


def refund(shop: Shop) -> Iterator[str]:
    """`refund`, by a person."""
    for item in shop.items:
        if item["payment_intent"]:
            yield from _refund(shop, item)


def _refund(shop: Shop, item: Item) -> Iterator[str]:
    answer = shop.type("refund", name_of(item), "--dry-run", "--json")
    command = f"cascade refund {name_of(item)}"
    plans = _plans(answer.data or {})
    if command_of(item) != command:
        would = [order for plan in plans for order in plan["would"]]
        if would and not _is_known(item):
            yield f"refund would do {would}, and nobody is told to type it"
        return
    if answer.code:
        yield f"{command} is refused: {answer.err}"
    if not answer.code and not any(map(_does_something, plans)):
        yield f"{command} has nothing to do: {answer.data}"


def _plans(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a payment for many citizens there is one for each."""
    if "would" in data:
        return [data]
    lists = (value for value in data.values() if isinstance(value, list))
    return [each for found in lists for each in found if isinstance(each, dict) and "would" in each]


def _does_something(plan: dict[str, Any]) -> bool:
    debts = any(part["debt"] != "0" for part in plan["refunds"])
    return bool(plan["would"] or plan["waits"] or plan["unknown_citizen"] or debts)


def _is_known(item: Item) -> bool:
    """What is on its way back for a refund that failed is shown when it has arrived."""
    return bool(item["kind"] == "in_flight")


def credit(shop: Shop) -> Iterator[str]:
    """`credit --payment`, by a person who says nothing else."""
    for item in shop.items:
        if item["payment_intent"]:
            yield from _credit(shop, item)


def _credit(shop: Shop, item: Item) -> Iterator[str]:
    words = ("--payment", name_of(item), "--reason", "late", "--dry-run", "--json")
    answer = shop.type("credit", *words)
    if answer.code:
        if command_of(item).startswith("cascade credit ") and item["kind"] != "unknown_citizen":
            yield f"credit --payment {name_of(item)} is refused: {answer.document['error']}"
        return
    for order in answer.data["orders"]:
        writes = not order["would"].startswith("write nothing")
        is_due = item["kind"] in {*_UNDELIVERED, "in_flight", "underpaid"}
        if writes and not is_due:
            yield f"credit --payment {name_of(item)} would {order['would']}"
        if order["would"].startswith(_ARRIVED) and item["kind"] in _UNDELIVERED:
            yield f"credit --payment {name_of(item)} would {order['would']}"


def machines(shop: Shop) -> Iterator[str]:
    """What a machine does is what reconcile calls automatic, and nothing else."""
    before = shop.counter.rows()
    shop.type("reconcile", *SINCE, "--repair", "--yes", "--json")
    repaired = shop.counter.rows()
    if (repaired != before) is not any(map(is_automatic, shop.items)):
        yield f"repair changed {before} to {repaired}"
    young = (item["kind"] == "in_flight" and not item["stratagem_ids"] for item in shop.items)
    if any(young):
        return
    shop.type("events", "replay", *SINCE, "--yes", "--json")
    if (replayed := shop.counter.rows()) != repaired:
        yield f"replay changed {repaired} to {replayed}"
    session = Session(quiet=True, environ=shop.counter.environment())
    for item in shop.items:
        if item["payment_intent"] and item["citizen"] and item["ducats"]:
            words = item["citizen"], item["ducats"]
            credit_ducats_sync(*words, payment_intent=name_of(item), session=session)
            if shop.counter.rows() != replayed:
                yield f"the backend changed {replayed} to {shop.counter.rows()}"
