"""`expand`: replaces ids by the objects that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.objects import Objects, encode
from cascade_cli.sandbox.stripe.resources.prices import new_currency_options

_DEPTH = 4
_NOWHERE: tuple[str, ...] = ()

# The kinds that each property can be expanded to. Empty: always null in the sandbox.
EXPANDABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "charge": {
        **dict.fromkeys(
            ("application", "application_fee", "on_behalf_of", "review", "source_transfer",
             "transfer"),
            _NOWHERE,
        ),
        "balance_transaction": ("balance_transaction",),
        "customer": ("customer",),
        "failure_balance_transaction": ("balance_transaction",),
        "payment_intent": ("payment_intent",),
        "refunds": ("refund",),
    },
    "payment_intent": {
        **dict.fromkeys(
            ("application", "on_behalf_of", "payment_record", "review", "source"), _NOWHERE
        ),
        "customer": ("customer",),
        "latest_charge": ("charge",),
        "payment_method": ("payment_method",),
    },
    "refund": {
        **dict.fromkeys(("source_transfer_reversal", "transfer_reversal"), _NOWHERE),
        "balance_transaction": ("balance_transaction",),
        "charge": ("charge",),
        "customer": ("customer",),
        "failure_balance_transaction": ("balance_transaction",),
        "payment_intent": ("payment_intent",),
        "payment_method": ("payment_method",),
    },
    "dispute": {"charge": ("charge",), "payment_intent": ("payment_intent",)},
    "balance_transaction": {"source": ("charge", "refund", "dispute")},
    "checkout.session": {
        **dict.fromkeys(("payment_link", "setup_intent"), _NOWHERE),
        "customer": ("customer",),
        "invoice": ("invoice",),
        "subscription": ("subscription",),
        "line_items": ("item",),
        "payment_intent": ("payment_intent",),
    },
    "subscription": {
        "customer": ("customer",),
        "default_payment_method": ("payment_method",),
        "latest_invoice": ("invoice",),
    },
    "invoice": {"customer": ("customer",)},
    "invoice_payment": {"invoice": ("invoice",)},
    "price": {"currency_options": _NOWHERE, "product": ("product",)},
    "payment_method": {"customer": ("customer",)},
    "customer": {"default_source": _NOWHERE, "test_clock": _NOWHERE},
}  # fmt: skip
_LISTS = ("refunds", "line_items")
SHOWN = 10
"""How many items a list shows within its owner; the rest is read from the list's own URL."""
_ON_REQUEST = (*_LISTS, "currency_options")
_ID = re.compile(r'"([^"\\]+)"')

Show = Callable[[str], str]
"""Turns a stored text into what is shown of it."""


def check(paths: list[str], kind: str, *, listed: bool) -> None:
    """Refuse a path that cannot be expanded; in a list, paths begin with `data.`."""
    for position, path in enumerate(paths):
        segments = path.split(".")
        if len(segments) > _DEPTH:
            raise StripeError(
                f"You cannot expand more than {_DEPTH} levels of a property. You passed: {path}",
                param=f"expand[{position}]",
            )
        if listed and (segments[0] != "data" or len(segments) == 1):
            hint = f" You may want to try expanding 'data.{path}' instead."
            known = segments[0] in EXPANDABLE.get(kind, {})
            raise StripeError(
                f"This property cannot be expanded ({segments[0]}).{hint if known else ''}"
            )
        _follow(segments[1:] if listed else segments, (kind,))


def _follow(segments: list[str], kinds: tuple[str, ...]) -> None:
    for segment in segments:
        if segment == "data" and kinds in (("refund",), ("item",)):
            continue
        onward = [
            EXPANDABLE[kind][segment] for kind in kinds if segment in EXPANDABLE.get(kind, {})
        ]
        if not onward:
            raise StripeError(f"This property cannot be expanded ({segment}).")
        kinds = tuple(kind for options in onward for kind in options)


def expand_page(objects: Objects, show: Show, texts: list[str], paths: list[str]) -> list[str]:
    """A page of objects with checked paths expanded, as pieces of text that follow one another.

    A single property and the refunds are inserted as text if their place is unambiguous, because
    parsing a page of a hundred objects takes twenty times as long.
    """
    names = [path for path in paths if path != "refunds"]
    if len(names) < 2 and not any("." in name or name in _ON_REQUEST for name in names):  # noqa: PLR2004
        ends = _ends(objects, show, texts) if "refunds" in paths else ["}"] * len(texts)
        spliced = _spliced(objects, show, texts, ends, *names)
        if spliced is not None:
            return spliced
    documents: list[Document] = [json.loads(text) for text in texts]
    expand(objects, show, documents, paths)
    return [",".join(map(encode, documents))]


def _ends(objects: Objects, show: Show, texts: list[str]) -> list[str]:
    """The end of each charge's text: its refunds and the closing bracket."""
    ids = [text.split('"', 4)[3] for text in texts]
    lists = _refunds(objects, show, ids)
    return [f',"refunds":{lists[id]}}}' for id in ids]


def _spliced(
    objects: Objects, show: Show, texts: list[str], ends: list[str], name: str | None = None
) -> list[str] | None:
    """The page with one property expanded in the text; None if a text names the property twice.

    Metadata may have a key of the same name.
    """
    if name is None:
        whole = zip(texts, ends, strict=True)
        return [piece for text, end in whole for piece in (",", text[:-1], end)][1:]
    key = f'"{name}":'
    halves = [text[:-1].split(key) for text in texts]
    if any(len(parts) != 2 for parts in halves):  # noqa: PLR2004 - before it and behind it
        return None
    values = [_ID.match(behind) for _, behind in halves]
    found = objects.many({value[1] for value in values if value})
    pieces = []
    for (before, behind), value, end in zip(halves, values, ends, strict=True):
        if value and value[1] in found:
            pieces += [",", before, key, show(found[value[1]]), behind[value.end() :], end]
        else:
            pieces += [",", before, key, behind, end]
    return pieces[1:]


def expand(objects: Objects, show: Show, documents: list[Document], paths: list[str]) -> None:
    """Expand checked paths, relative to the documents, in place."""
    for path in paths:
        _expand(objects, show, documents, path.split("."))


def _expand(objects: Objects, show: Show, documents: list[Document], segments: list[str]) -> None:
    name, *rest = segments
    ids = {one[name] for one in documents if isinstance(one.get(name), str)}
    found = {id: json.loads(show(text)) for id, text in objects.many(ids).items()} if ids else {}
    if name in _LISTS:
        _add_lists(objects, show, [one for one in documents if name not in one], name)
    for one in documents:
        if name == "currency_options" and name not in one:
            one[name] = objects.currency_options(one["id"]) or new_currency_options(one, {})
        elif isinstance(one.get(name), str):
            one[name] = found.get(one[name], one[name])
    if rest:
        _expand(objects, show, _children(documents, name), rest)


def _children(documents: list[Document], name: str) -> list[Document]:
    values = [one.get(name) for one in documents]
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [value for value in flat if isinstance(value, dict)]


def _add_lists(objects: Objects, show: Show, owners: list[Document], name: str) -> None:
    """The first ten of what belongs to each owner."""
    if name == "refunds":
        lists = _refunds(objects, show, [one["id"] for one in owners])
        for one in owners:
            one[name] = json.loads(lists[one["id"]])
        return
    for one in owners:
        url = f"/v1/checkout/sessions/{one['id']}/line_items"
        data = objects.line_items(one["id"])[:SHOWN]
        one[name] = {"object": "list", "data": data, "has_more": False, "url": url}


def _refunds(objects: Objects, show: Show, charges: list[str]) -> dict[str, str]:
    """The list of the newest refunds of each charge, as text."""
    found = objects.refunds(charges)
    return {
        charge: f'{{"object":"list","data":[{",".join(map(show, texts[:SHOWN]))}],'
        f'"has_more":{"true" if len(texts) > SHOWN else "false"},'
        f'"url":"/v1/charges/{charge}/refunds"}}'
        for charge, texts in ((charge, found.get(charge, [])) for charge in charges)
    }
