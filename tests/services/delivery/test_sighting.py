"""What was seen before a key was claimed counts only while nobody can have written for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.delivery.deliveries import Result
from cascade_cli.services.delivery.credit_requests import manual_order
from cascade_cli.services.delivery.credit_service import CreditService
from cascade_cli.wiring import this_worker
from cascade_cli.wiring.writing import wire_writing
from tests.harness.counter import Counter
from tests.harness.sandboxed import wire

ORDER = manual_order("marco", Decimal(5), reason="gift", reference="r1", facts={})


@pytest.fixture
def desks(counter: Counter, tmp_path: Path) -> Iterator[Callable[[], CreditService]]:
    """Desks of different workers, over one journal."""
    with ExitStack() as stack:

        def service() -> CreditService:
            url = f"sqlite:///{tmp_path}/journal.sqlite3"
            journal = Journal(url, this_worker("test"), now=utc_now)
            stack.enter_context(closing(journal))
            wiring = wire(counter.environment())
            return wire_writing(wiring, journal, lambda _message: None).service

        yield service


def _reads(counter: Counter) -> int:
    asked = counter.sandboxed.recorder.requests
    return sum(r.method == "GET" and r.path.endswith("/STRATAGEMS") for r in asked)


def _failed_row(counter: Counter) -> None:
    made = counter.now() - timedelta(hours=4)
    notes = '{"amount": 5, "reason": "gift"}\n[ERROR] Insufficient funds: 0 < 5'
    counter.sandboxed.transfer("cascade_manual_r1", made, Status="failed", Notes=notes)


def test_a_key_nobody_ever_wrote_for_is_not_read_again(
    counter: Counter, desks: Callable[[], CreditService]
) -> None:
    service = desks()
    assert service.carry_out(service.plan([ORDER]))[0].result is Result.CREDITED
    assert _reads(counter) == 1


def test_it_is_read_again_when_the_look_is_old(
    counter: Counter, desks: Callable[[], CreditService]
) -> None:
    service = desks()
    plan = service.plan([ORDER])
    counter.pass_time(seconds=21)
    assert service.carry_out(plan)[0].result is Result.CREDITED
    assert _reads(counter) == 2


def test_a_row_that_another_worker_revived_since_is_not_set_back(
    counter: Counter, desks: Callable[[], CreditService]
) -> None:
    _failed_row(counter)
    one, other = desks(), desks()
    plan = one.plan([ORDER])
    assert other.carry_out(other.plan([ORDER]))[0].result is Result.CREDITED
    counter.sandboxed.app.engine.run()
    assert one.carry_out(plan)[0].result is Result.ALREADY
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 5
