"""The webhook pays nothing that a run has already found settled."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.wiring import this_worker
from tests.server.conftest import Shop
from tests.server.events import succeeded

DAY = timedelta(days=1)


def _remember_as_settled(folder: Path) -> None:
    """A run over the last week left nothing open."""
    memory = Checkpoint(utc_now(), {}, None, covered_since=utc_now() - 7 * DAY)
    url = f"sqlite:///{folder}/journal.sqlite3"
    with closing(Journal(url, this_worker("test"), now=utc_now)) as journal:
        journal.set_mark(mark_name(BASE_ID), memory.document())


def test_an_event_of_a_payment_that_a_run_found_settled_needs_a_person(
    shop: Shop, tmp_path: Path
) -> None:
    charge = shop.place.pay(utc_now() - 2 * DAY)
    _remember_as_settled(tmp_path)
    shop.tell(succeeded(charge))
    assert shop.wait_until_dealt_with() == {"attention": 1}
    assert shop.stratagems() == []
    (kept,) = shop.inbox.of_payment(charge["payment_intent"])
    assert "left nothing open about it" in kept.note
