"""Turn values into text for the journal: as JSON, in storable characters, without secrets."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import moment_text

REDACTED = "[redacted]"


def to_json(value: Any) -> str:
    """Canonical JSON in ASCII. Characters that a database cannot keep are escaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class Redactor:
    """Removes the given secrets from texts and bodies."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one secret may begin with another.
        self._secrets = sorted({s for s in secrets if s}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """`text` without secrets, in characters that every database can store."""
        return storable(self._secretless(text))

    def body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` without secrets, with only such values as JSON has."""
        return {self._secretless(str(k)): self._plain(v) for k, v in body.items()}

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return self._plain(value.value)
        if isinstance(value, Mapping):
            return self.body(value)
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(item) for item in value]
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        return self._secretless(_as_text(value))

    def _secretless(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text


def _as_text(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format_ducats(value)
    return moment_text(value) if isinstance(value, datetime) else str(value)


def storable(text: str) -> str:
    """`text` with NUL and lone surrogates escaped, because PostgreSQL cannot store them."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def is_storable(text: str) -> bool:
    """Whether every database keeps `text` as it is."""
    return storable(text) == text
