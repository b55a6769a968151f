"""The Notes of a transfer_ducats stratagem, as Venice's engine reads and leaves them.

Notes are a JSON object in which the engine reads `amount` and `reason`. After an execution or a
failure it appends lines of text, so that the whole is no JSON any more: the leading object is
parsed and the rest kept as the engine's log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cascade_cli.domain.keys import PAYMENT_ID, portion_id
from cascade_cli.domain.money import read_ducats
from cascade_cli.domain.orders import INSTEAD_OF, PORTION
from cascade_cli.domain.stratagems import Failure

_ERROR = "[ERROR]"
_SUCCESS = "Successfully transferred"
_LOG_LIMIT = 300

# How the text after [ERROR] begins, and whether ducats may have moved before it was written.
_FAILURES = (
    ("Failed to parse transfer details", Failure.MALFORMED),
    ("Missing required fields or invalid amount", Failure.MALFORMED),
    ("Sender ", Failure.SENDER_MISSING),
    ("Receiver ", Failure.RECEIVER_MISSING),
    ("Insufficient funds", Failure.NO_FUNDS),
)


@dataclass(frozen=True)
class Notes:
    """`ducats` is None and `flaw` says why where the amount cannot be read."""

    ducats: Decimal | None = None
    reason: str = ""
    source: str = ""
    instead_of: str = ""
    stripe_ids: tuple[str, ...] = ()
    flaw: str = ""
    log: str = field(default="", repr=False)

    @property
    def success_logged(self) -> bool:
        """The engine noted a finished transfer."""
        return _SUCCESS in self.log

    @property
    def failure_text(self) -> str:
        """What the engine's last error says; earlier ones belong to attempts since repaired."""
        _, marker, text = self.log.rpartition(_ERROR)
        return text.strip()[:_LOG_LIMIT] if marker else ""

    @property
    def failure(self) -> Failure | None:
        """The cause of the last error, None where no error is noted."""
        text = self.failure_text
        if not text:
            return None
        causes = (cause for beginning, cause in _FAILURES if text.startswith(beginning))
        return next(causes, Failure.UNCERTAIN)


def parse_notes(text: str) -> Notes:
    """Never raises: what cannot be read is told in `flaw`."""
    # Only a number can be an amount: NaN and Infinity, which json would take, become None.
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None)
    stripped = text.lstrip()
    try:
        document, end = decoder.raw_decode(stripped)
    except (ValueError, RecursionError):
        return Notes(flaw="its Notes are not JSON" if stripped else "its Notes are empty", log=text)
    log = stripped[end:]
    if not isinstance(document, dict):
        return Notes(flaw="its Notes hold no JSON object", log=log)
    return _from_document(document, log)


def _from_document(document: dict[str, Any], log: str) -> Notes:
    ducats = read_ducats(document.get("amount"))
    return Notes(
        ducats=ducats,
        reason=str(document.get("reason") or "").strip(),
        source=str(document.get("source") or ""),
        instead_of=str(document.get(INSTEAD_OF) or ""),
        stripe_ids=tuple(dict.fromkeys(_stripe_ids(document))),
        flaw="" if ducats else f"its Notes hold no usable amount ({document.get('amount')!r:.40})",
        log=log,
    )


def _stripe_ids(document: dict[str, Any]) -> Iterator[str]:
    """Values that are wholly a payment's or charge's id; ids within free text are talk. Where a
    portion is named, they mean that one."""
    number = document.get(PORTION)
    if not isinstance(number, int) or isinstance(number, bool):
        number = 0
    for value in document.values():
        if isinstance(value, str) and PAYMENT_ID.fullmatch(value):
            yield portion_id(value, number) if number > 0 else value
