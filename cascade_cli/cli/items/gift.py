"""A gift for the operator, who may see all of it: as lines for people, and for `--json`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.discrepancies.evidence import describe_gift
from cascade_cli.domain.records.gifts import JOINERS, Gift


def show_gift(console: Console, gift: Gift | None) -> None:
    """From whom, and the giver's words as plain text."""
    if gift:
        console.print(Text(escape(describe_gift(gift))))
    if gift and gift.message:
        console.print(Text(f"“{escape(gift.message, keep=JOINERS)}”"))


def gift_document(gift: Gift | None) -> dict[str, Any] | None:
    """Null where it is none."""
    if gift is None:
        return None
    return {"giver": gift.giver, "message": gift.message, "anonymous": gift.anonymous}
