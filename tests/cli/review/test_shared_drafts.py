"""What one chose in a review on one machine is there on the other, where both have one PostgreSQL,
and is carried out once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade_cli.errors import GuardError
from tests.cli.resolve.cases import reconciled, resolve, run_engine, wrong_citizen
from tests.cli.review.test_carrying_out import CREDIT, service_of
from tests.harness.counter import Counter
from tests.harness.postgresql import PostgresqlServer

Machines = tuple[dict[str, str], dict[str, str]]


@pytest.fixture
def machines(tmp_path: Path, postgresql: PostgresqlServer) -> Machines:
    """The settings of two machines with a state folder each, and one PostgreSQL."""
    url = {"CASCADE_JOURNAL_URL": postgresql.new_url()}
    here, there = ({**url, "CASCADE_STATE_DIR": str(tmp_path / name)} for name in ("a", "b"))
    return here, there


def test_a_draft_of_one_machine_is_taken_up_on_the_other(
    counter: Counter, machines: Machines
) -> None:
    here, there = machines
    payment = wrong_citizen(counter)
    with service_of(counter, **here) as (service, [seen]):
        service.choose(seen, CREDIT)
    with service_of(counter, **there) as (service, [seen]):
        (draft,) = service.kept()
        assert (draft.case, draft.wish) == (payment, CREDIT)
        service.carry_out(service.taken_up(draft, seen)[1])
    with service_of(counter, **here) as (service, _):
        assert list(service.kept()) == []
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert resolve(counter, payment, "--credit", **here).code == 7


def test_both_carry_out_the_same_draft_and_one_is_told(
    counter: Counter, machines: Machines
) -> None:
    here, there = machines
    wrong_citizen(counter)
    with (
        service_of(counter, **here) as (first, [seen]),
        service_of(counter, **there) as (second, _),
    ):
        chosen = first.choose(seen, CREDIT)
        (draft,) = second.kept()
        _, same = second.taken_up(draft, seen)
        second.carry_out(same)
        with pytest.raises(GuardError):
            first.carry_out(chosen)
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    reconciled(counter, **here)


def test_a_draft_that_was_decided_on_the_other_machine_meanwhile_is_refused(
    counter: Counter, machines: Machines
) -> None:
    here, there = machines
    payment = wrong_citizen(counter)
    with service_of(counter, **here) as (service, [seen]):
        service.choose(seen, CREDIT)
    assert resolve(counter, payment, "--credit", **there).code == 0
    run_engine(counter)
    with service_of(counter, **here) as (service, _):
        (draft,) = service.kept()
        with pytest.raises(GuardError, match="was corrected already"):
            service.taken_up(draft, None)
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
