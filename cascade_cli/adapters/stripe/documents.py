"""Stripe's objects as the JSON that it sends.

The SDK's own objects take twenty times as long to build, and do not give back exactly what was
sent. Every function raises the SDK's exceptions, or a TypeError for JSON that is not Stripe's: call
it within `translated_errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote_plus

import stripe

PAGE_SIZE = 100
_NOT_FOUND = 404

Document = Mapping[str, Any]
T = TypeVar("T")


def get(client: stripe.StripeClient, path: str, **params: Any) -> Any:
    """The one object at that path."""
    return _answer(client, path, params, _is_object)


def page(client: stripe.StripeClient, path: str, **params: Any) -> Any:
    """One page of a list, the first unless `params` say otherwise."""
    return _answer(client, path, params, _is_page)


def _answer(
    client: stripe.StripeClient, path: str, params: Document, is_expected: Callable[[Any], bool]
) -> Any:
    answer: Any = client.raw_request("get", path, **params).data
    # Other JSON, from a proxy perhaps, must not pass for Stripe saying that there is nothing.
    if not is_expected(answer):
        raise TypeError("an answer that is not Stripe's")
    return answer


def _is_object(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("id"), str)


def _is_page(answer: Any) -> bool:
    if not isinstance(answer, dict) or not isinstance(answer.get("has_more"), bool):
        return False
    data = answer.get("data")
    return isinstance(data, list) and all(map(_is_object, data))


def retrieve(client: stripe.StripeClient, path: str, identity: str, **params: Any) -> Any:
    """The object with that id in the list of that path; None if Stripe knows no such object."""
    return or_none(lambda: get(client, f"{path}/{quote_plus(identity)}", **params))


def pages(
    client: stripe.StripeClient, path: str, *, expand: Sequence[str] = (), **params: Any
) -> Iterator[Any]:
    """A list page by page; `has_more` of each says whether another follows."""
    asked = {**params, "limit": PAGE_SIZE} | ({"expand": expand} if expand else {})
    while True:
        one = page(client, path, **asked)
        yield one
        if not one["has_more"]:
            return
        asked["starting_after"] = one["data"][-1]["id"]


def listed(client: stripe.StripeClient, path: str, **params: Any) -> Iterator[Any]:
    """All objects of a list, in Stripe's order. A page is read when its first object is needed."""
    for one in pages(client, path, **params):
        yield from one["data"]


def or_none(read: Callable[[], T]) -> T | None:
    """What `read` returns; None if Stripe knows no such object."""
    try:
        return read()
    except stripe.InvalidRequestError as error:
        if error.http_status == _NOT_FOUND or error.code == "resource_missing":
            return None
        raise
