"""What each way of moving ducats would do, beside what reconcile says may be done."""

from __future__ import annotations

from collections.abc import Iterator

from cascade_cli.backend import credit_ducats_sync
from cascade_cli.cli.session import Session
from tests.agreement.views import (
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
    found = shop.type("events", "replay", *SINCE, "--dry-run", "--json").data["payments"]
    results = {payment["payment"]: payment for payment in found}
    for item in shop.items:
        told = results.get(name_of(item))
        if told is None:
            continue
        if told["result"] == "due" and not (is_automatic(item) or item["kind"] == "in_flight"):
            yield f"replay would deliver {name_of(item)}: {told['why']}"
        if told["result"] == "already" and item["kind"] in _UNDELIVERED:
            yield f"replay calls {name_of(item)} done: {told['why']}"
        if told["result"] not in {"due", "already"} and is_automatic(item):
            if not command_of(item).startswith(("cascade refund", "cascade reconcile")):
                yield f"replay leaves {name_of(item)}: {told['why']}"


def refund(shop: Shop) -> Iterator[str]:
    """`refund`, by a person."""
    for name in sorted({item["payment_intent"] for item in shop.items if item["payment_intent"]}):
        own = [item for item in shop.items if item["payment_intent"] == name]
        answer = shop.type("refund", name, "--dry-run", "--json")
        command = f"cascade refund {name}"
        if not any(command_of(item).startswith(command) for item in own):
            if answer.code == 0 and answer.data["would"]:
                yield f"refund would do {answer.data['would']}, and nobody is told to type it"
            continue
        if answer.code:
            yield f"{command} is refused: {answer.err}"
        elif not (answer.data.get("would") or answer.data.get("waits")):
            yield f"{command} has nothing to do: {answer.data}"


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
    if any(item["kind"] == "in_flight" and not item["stratagem_ids"] for item in shop.items):
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
