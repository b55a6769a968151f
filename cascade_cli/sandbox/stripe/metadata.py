"""Metadata: 50 keys of 40 characters with values of 500, where an empty value removes its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.parameters import Parameter

_KEYS = 50
_KEY_LENGTH = 40
_VALUE_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class Metadata(Parameter):
    """A hash of strings. `merge` checks the number of keys; all other limits are checked here."""

    unsettable: bool = True

    def _read(self, raw: Any, name: str) -> dict[str, str]:
        if not isinstance(raw, dict):
            raise StripeError("Invalid object", param=name)
        for key, value in raw.items():
            _check(key, value, name)
        return raw


def merge(current: Mapping[str, str], changes: Mapping[str, str] | None) -> dict[str, str]:
    """Metadata after a request: None removes all keys, an empty value removes its key."""
    if changes is None:
        return {}
    merged = {key: value for key, value in {**current, **changes}.items() if value != ""}
    if len(merged) > _KEYS:
        raise StripeError(
            f"Metadata can have up to {_KEYS} keys. You passed in {len(merged)} keys.",
            param="metadata",
        )
    return merged


def _check(key: str, value: Any, name: str) -> None:
    if not isinstance(value, str):
        raise StripeError(f"Invalid string: {value}", param=f"{name}[{key}]")
    if len(key) > _KEY_LENGTH:
        raise StripeError(
            f"Metadata keys can have up to {_KEY_LENGTH} characters. You passed in a key that is"
            f" {len(key)} characters. Invalid key: {key}",
            param=name,
        )
    if len(value) > _VALUE_LENGTH:
        raise StripeError(
            f"Metadata values can have up to {_VALUE_LENGTH} characters. You passed in a value that"
            f" is {len(value)} characters. Invalid value: {value}",
            param=f"{name}[{key}]",
        )
