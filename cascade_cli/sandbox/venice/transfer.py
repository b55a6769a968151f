"""What a `transfer_ducats` stratagem says, and what the engine writes about it.

Pure text and field layouts, shared by the engine and by whoever writes rows that must look as if
the engine had been there. All wording is the live engine's, as clients parse it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

VENICE_TIME = ZoneInfo("Europe/Rome")
PAYER_NOTICE = "stratagem_complete"
PAYEE_NOTICE = "payment_received"
OUTSIDE_FAILURE = "Processor logic returned failure or an exception occurred."


@dataclass(frozen=True)
class Terms:
    """What Notes orders: `amount` in ducats, a float as the engine computes with floats."""

    amount: float
    reason: str


def read_terms(notes: str | None) -> Terms:
    """Parse Notes as the engine does.

    Raises ValueError (JSONDecodeError is one) for what the engine calls unparsable. Whatever else
    a strange document raises (TypeError for a null amount, AttributeError for a list) the engine
    does not foresee: it ends as Status `error`.
    """
    document = json.loads(notes if notes is not None else "{}")
    return Terms(float(document.get("amount", 0)), document.get("reason", "Direct transfer"))


@dataclass(frozen=True)
class Transfer:
    """One transfer about to be told of: who paid whom how much, under which StratagemId."""

    stratagem_id: str
    payer: str
    payee: str
    terms: Terms

    def success_line(self, at: datetime) -> str:
        """What is appended to Notes, which ends being JSON by it."""
        return note_line(
            at,
            f"Successfully transferred {self.terms.amount} ducats "
            f"from {self.payer} to {self.payee}.",
        )

    def transaction(self, at: datetime, before: float, after: float) -> dict[str, Any]:
        """The payer's TRANSACTIONS row, in fields that the base does not have."""
        return {
            "Username": self.payer,
            "Type": "stratagem_transfer",
            "Amount": -self.terms.amount,
            "BalanceBefore": before,
            "BalanceAfter": after,
            "Description": f"Transfer to {self.payee}: {self.terms.reason}",
            "Timestamp": at.isoformat(),
            "RelatedStratagem": self.stratagem_id,
        }

    def notices(self, at: datetime) -> list[dict[str, Any]]:
        """The NOTIFICATIONS rows for payer and payee: always in this layout, whatever the base."""
        amount = f"{self.terms.amount} ducats"
        sent = f"You have successfully transferred {amount} to {self.payee}."
        received = f"You have received {amount} from {self.payer}."
        reason = f"Reason: {self.terms.reason}"
        return [
            self._notice(self.payer, PAYER_NOTICE, "Transfer Complete", f"{sent} {reason}", at),
            self._notice(self.payee, PAYEE_NOTICE, "Payment Received", f"{received} {reason}", at),
        ]

    def _notice(
        self, citizen: str, kind: str, title: str, text: str, at: datetime
    ) -> dict[str, Any]:
        return {
            "CitizenUsername": citizen,
            "Type": kind,
            "Title": title,
            "Message": text,
            "Timestamp": at.isoformat(),
            "RelatedEntity": self.stratagem_id,
            "Read": False,
        }


def note_line(at: datetime, text: str) -> str:
    """A dated line for Notes, in Venice's local time, with the line break before it."""
    return f"\n[{at.astimezone(VENICE_TIME):%Y-%m-%d %H:%M}] {text}"


def failure_line(text: str) -> str:
    """The undated line that a foreseen failure leaves in Notes."""
    return f"\n[ERROR] {text}"
