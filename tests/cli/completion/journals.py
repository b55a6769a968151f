"""Journals as a run leaves them: of its own making, without a shop that is read."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import file_url
from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.domain.records.journal_entries import Intent, Worker

HOSTILE = (
    *("A$(touch owned)`touch owned`", "C;touch owned", "D'Oro & Söhne", 'E"q" \'\\'),
    *("G@host:1", "H *?[x]{a,b} ~#", "I!x !!|<>"),
)
"""Names that a shell would act upon, no two with the same first letter."""
BASE = "appTheShop0000001"
AT = datetime(2026, 11, 20, tzinfo=UTC)


def keep_run(file: Path, citizens: tuple[str, ...], base: str = BASE) -> None:
    """A run that left open a payment of each citizen: `pi_0000`, `pi_0001` and so on."""
    names = {f"pi_{number:04}": citizen for number, citizen in enumerate(citizens)}
    checkpoint = Checkpoint(AT, dict.fromkeys(names, "missing"), AT, AT, citizens=names)
    keep(file, checkpoint.document(), base)


def keep(file: Path, document: Mapping[str, Any], base: str = BASE) -> None:
    """Whatever is remembered of a run."""
    with closing(_journal(file, base)) as journal:
        journal.set_mark(mark_name(base), document)


def promise(file: Path, key: str, citizen: str, base: str = BASE) -> None:
    """A transfer that is promised."""
    with closing(_journal(file, base)) as journal:
        intent = Intent(key, citizen, Decimal(5), "a test")
        journal.claim([intent], lease=timedelta(minutes=1), day_limit_ducats=None)


def _journal(file: Path, base: str) -> Journal:
    file.parent.mkdir(parents=True, exist_ok=True)
    worker = Worker("run", "host", 1, "operator", "test", base)
    return Journal(file_url(file), worker, now=lambda: AT)
