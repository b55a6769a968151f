"""What `stratagem status` says of a payment's transfers, beside the payment's kind."""

from __future__ import annotations

from collections.abc import Iterator

from tests.end_to_end.agreement.views import Item, Shop, name_of

# Of which state at least one of its transfers is.
FITTING = {
    "settled": {"executed"},
    "in_flight": {"live", "executed"},
    "stalled": {"stalled"},
    "failed": {"failed"},
    "doubtful": {"doubtful"},
    "refunded": {"executed", "live"},
    "disputed": {"executed", "live"},
    "amount_mismatch": {"executed", "live"},
    "wrong_citizen": {"executed", "live"},
    "duplicate": {"executed", "live", "doubtful"},
}
_MOVING = {"executed", "live", "doubtful"}
_UNDELIVERED = {"missing", "stalled", "failed"}


def fit_the_kind(shop: Shop) -> Iterator[str]:
    """A sentence for each transfer that stands otherwise than its payment."""
    for item in shop.items:
        by_name = {name: _states(shop, name) for name in (name_of(item), *shop.transfers(item))}
        for name, states in by_name.items():
            yield from _unfitting(shop, item, name, states)


def _states(shop: Shop, name: str) -> set[str]:
    answer = shop.type("stratagem", "status", "--json", "--", name)
    if answer.code == 3 and not answer.data:
        return set()
    return {row["state"] for row in answer.data["stratagems"]}


def _unfitting(shop: Shop, item: Item, name: str, states: set[str]) -> Iterator[str]:
    is_whole = name == name_of(item) and not item["portion"]
    if not item["stratagem_ids"]:
        if states and item["payment_intent"]:
            yield f"stratagem status {name} knows {states}"
        return
    if not states:
        yield f"stratagem status {name} knows nothing"
    if item["kind"] in _UNDELIVERED and states & _MOVING and is_whole:
        yield f"stratagem status {name} is {states} of what is {item['kind']}"
    returned = shop.returns()
    fitting = FITTING.get(item["kind"])
    all_back = "all money went back before any ducats moved: nothing is owed" in item["evidence"]
    if fitting and is_whole and not (states & fitting) and not (returned or all_back):
        yield f"stratagem status {name} is {states} of what is {item['kind']}"
