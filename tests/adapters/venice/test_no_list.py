"""An answer with HTTP 200 that is no list of records: it must not pass for an empty table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cascade_cli.adapters.venice.notifications import NoticeReader
from cascade_cli.adapters.venice.probes import BaseProbe
from cascade_cli.adapters.venice.reader import TableReader
from cascade_cli.errors import AnswerError
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import json_response
from cascade_cli.wiring.reading import Wiring
from tests.harness.sandboxed import Sandboxed

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

READS: dict[str, Callable[[Wiring], object]] = {
    "transfers": lambda w: w.transfers.transfers(AT),
    "transfers_named": lambda w: w.transfers.transfers_named(["cascade_payment_pi_1"]),
    "transfers_noting": lambda w: w.transfers.transfers_noting(["pi_1"]),
    "transfers_recorded": lambda w: w.transfers.transfers_recorded(["rec1"]),
    "by_record": lambda w: w.transfers.by_record(["rec1"]),
    "identified": lambda w: w.transfers.identified("pi_1"),
    "beginning": lambda w: w.transfers.beginning("pi_1"),
    "listed": lambda w: w.transfers.listed(AT),
    "open_transfers": lambda w: w.transfers.open_transfers(),
    "executed_since": lambda w: w.transfers.executed_since(AT),
    "last_executed_at": lambda w: w.transfers.last_executed_at(),
    "has_mode": lambda w: w.transfers.has_mode(livemode=True),
    "rows_named_like": lambda w: w.citizens.rows_named_like(PROCESSOR),
    "residents": lambda w: w.citizens.residents(["marco"]),
    "usernames": lambda w: w.citizens.usernames(),
    "notices": lambda w: NoticeReader(w.api, w.settings.airtable_base).notices(["s1"]),
    "refusals": lambda w: list(BaseProbe(w.api, w.settings.airtable_base).refusals()),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("answer", [{"status": "ok"}, {}, []], ids=["another", "empty", "list"])
def test_it_is_no_empty_table(
    sandboxed: Sandboxed, wiring: Wiring, read: Callable[[Wiring], object], answer: object
) -> None:
    sandboxed.recorder.break_from("airtable", 1, json_response(200, answer))
    with pytest.raises(AnswerError):
        read(wiring)


def test_every_read_is_tried() -> None:
    readers = {TableReader, *_kinds_of(TableReader)}
    public = {name for reader in readers for name in vars(reader) if not name.startswith("_")}
    elsewhere = {"check_token", "bases", "base", "schema"}  # lists of no table
    by_others = {"balances", "transfers_for", "open_or_recent", "legacy_since"}
    assert public == {*READS, *elsewhere, *by_others}


def _kinds_of(reader: type[TableReader]) -> set[type[TableReader]]:
    below: set[type[TableReader]] = set(reader.__subclasses__())
    return below.union(*map(_kinds_of, below))
