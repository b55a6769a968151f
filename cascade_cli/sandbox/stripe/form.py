"""Form encoding with bracketed names, as Stripe's clients send it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from cascade_cli.sandbox.stripe.errors import StripeError

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """Nested dictionaries of strings: `a[b]=1&c[0]=2&c[]=3` is {a: {b: 1}, c: {0: 2, 1: 3}}.

    Lists stay dictionaries of positions, since only the parameter's type tells them from hashes.
    """
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _place(root, _segments(name), value)
    return root


def _segments(name: str) -> list[str]:
    match = _NAME.match(name)
    if match is None:
        raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown")
    return [match[1], *_BRACKET.findall(match[2])]


def _place(root: dict[str, Any], segments: list[str], value: str) -> None:
    node = root
    for position, segment in enumerate(segments[:-1]):
        following = segments[position + 1]
        child = node.setdefault(_position(node, segment, following), {})
        if not isinstance(child, dict):
            raise StripeError("Invalid object", param=segments[0])
        node = child
    node[_position(node, segments[-1], None)] = value


def _position(node: dict[str, Any], segment: str, following: str | None) -> str:
    """`[]` appends, except that `a[][x]=1&a[][y]=2` goes on with the same item."""
    if segment:
        return segment
    last = node.get(str(len(node) - 1))
    if following and isinstance(last, dict) and following not in last:
        return str(len(node) - 1)
    return str(len(node))
