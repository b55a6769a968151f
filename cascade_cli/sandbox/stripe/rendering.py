"""Turns stored texts into the JSON of an answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial

from cascade_cli.sandbox.stripe import expansion
from cascade_cli.sandbox.stripe.errors import Document
from cascade_cli.sandbox.stripe.objects import Objects, encode
from cascade_cli.sandbox.stripe.routing import Answer, Many, One
from cascade_cli.sandbox.stripe.shapes.checkout_sessions import HOSTED_PAGE
from cascade_cli.sandbox.wire import Request

_EVENT, _INVOICE = '{"id":"evt_', '{"id":"in_'
_BALANCE, _CHECKOUT = '{"id":"txn_', '{"id":"cs_'
# Texts of all other kinds are shown as they are stored.
_CHANGING = (_EVENT, _INVOICE, _BALANCE, _CHECKOUT)
_LINE = '"object":"line_item"'
# How many lines an invoice shows itself; the rest must be listed.
SHOWN_LINES = 10
_PENDING = re.compile(r'("available_on":(\d+),.*?"status":)"pending"')


@dataclass(frozen=True)
class View:
    """The moment, and the address of this service, for which objects are shown."""

    objects: Objects
    now: int
    base_url: str

    def show(self, text: str) -> str:
        """A stored text, with the fields filled in that depend on the time or the address.

        It is edited without parsing, because parsing a page of a hundred objects takes too long.
        """
        if not text.startswith(_CHANGING):
            return text
        if text.startswith(_EVENT):
            id = text[len(_EVENT) - len("evt_") : text.index('"', len(_EVENT))]
            return with_pending(text, self.objects.deliveries.pending(id))
        if text.startswith(_INVOICE):
            return _with_first_lines(text) if text.count(_LINE) > SHOWN_LINES else text
        if text.startswith(_BALANCE):
            return _PENDING.sub(partial(_settled, self.now), text)
        return text.replace(f'"url":"{HOSTED_PAGE}', f'"url":"{self.base_url}/pay/')


def _with_first_lines(text: str) -> str:
    invoice: Document = json.loads(text)
    lines = invoice["lines"]
    if len(lines["data"]) > SHOWN_LINES:
        lines |= {"data": lines["data"][:SHOWN_LINES], "has_more": True}
    return encode(invoice)


def with_pending(event: str, number: int) -> str:
    """An event's text with `pending_webhooks` set; the field comes before any text from outside."""
    return event.replace('"pending_webhooks":0', f'"pending_webhooks":{number}', 1)


def render(answer: Answer, path: str, view: View, expand: list[str]) -> str:
    """The answer's JSON; expansions have been checked."""
    if isinstance(answer, Many):
        return _page(answer, path, view, [each.removeprefix("data.") for each in expand])
    text = view.show(encode(answer.document) if isinstance(answer, One) else answer)
    if not expand:
        return text
    document: Document = json.loads(text)
    expansion.expand(view.objects, view.show, [document], expand)
    return encode(document)


def base_url(request: Request) -> str:
    """Where the client reached this service."""
    host = request.headers.get("host", "127.0.0.1")
    return f"http://{host}{request.headers.get('x-forwarded-prefix', '')}"


def _page(answer: Many, path: str, view: View, expand: list[str]) -> str:
    texts = [view.show(text) for text in answer.texts]
    pieces = (
        expansion.expand_page(view.objects, view.show, texts, expand)
        if expand
        else [",".join(texts)]
    )
    more = "true" if answer.has_more else "false"
    end = f'],"has_more":{more},"url":{json.dumps(path)}}}'
    return "".join(['{"object":"list","data":[', *pieces, end])


def _settled(now: int, match: re.Match[str]) -> str:
    status = "available" if int(match[2]) <= now else "pending"
    return f'{match[1]}"{status}"'
