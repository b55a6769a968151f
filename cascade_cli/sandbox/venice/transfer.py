"""What a `transfer_ducats` stratagem says, and what the engine writes about it.

The engine uses these texts and fields, and so does the seed, whose rows must look as if the engine
had written them. All wording is the live engine's, because clients parse it.
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
    """What Notes orders. `amount` is in ducats, a float because the engine computes with floats."""

    amount: float
    reason: str


def read_terms(notes: str | None) -> Terms:
    """Parse Notes as the engine does.

    Raises ValueError (JSONDecodeError is one) for Notes that the engine reports as unparsable. It
    does not expect other exceptions, such as TypeError for a null amount or AttributeError for a
    list: they end in Status `error`.
    """
    document = json.loads(notes if notes is not None else "{}")
    return Terms(float(document.get("amount", 0)), document.get("reason", "Direct transfer"))


@dataclass(frozen=True)
class Transfer:
    """One transfer to be recorded: who pays whom, on what terms, under which StratagemId."""

    stratagem_id: str
    payer: str
    payee: str
    terms: Terms

    def success_line(self, at: datetime) -> str:
        """The line to append to Notes, which are no longer valid JSON after that."""
        return note_line(
            at,
            f"Successfully transferred {self.terms.amount} ducats "
            f"from {self.payer} to {self.payee}.",
        )

    def transactions(self, at: datetime, funds: float, held: float) -> list[dict[str, Any]]:
        """The TRANSACTIONS rows of payer and payee, with fields that the base does not have.

        `funds` and `held` are the balances of payer and payee before the transfer, in ducats.
        """
        sent = self._transaction(self.payer, -self.terms.amount, funds, f"to {self.payee}", at)
        got = self._transaction(self.payee, self.terms.amount, held, f"from {self.payer}", at)
        return [sent, got]

    def _transaction(
        self, citizen: str, amount: float, before: float, other: str, at: datetime
    ) -> dict[str, Any]:
        return {
            "Username": citizen,
            "Type": "stratagem_transfer",
            "Amount": amount,
            "BalanceBefore": before,
            "BalanceAfter": before + amount,
            "Description": f"Transfer {other}: {self.terms.reason}",
            "Timestamp": at.isoformat(),
            "RelatedStratagem": self.stratagem_id,
        }

    def notices(self, at: datetime) -> list[dict[str, Any]]:
        """The NOTIFICATIONS rows for payer and payee, in the engine's layout on any base."""
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
    """The undated line that the engine adds to Notes after a failure that it expects."""
    return f"\n[ERROR] {text}"
