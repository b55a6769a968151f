"""What was chosen is carried out exactly as it was shown, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from cascade_cli.cli.reconcile.options import ReconcileOptions
from cascade_cli.cli.reconcile.run import JudgedOutcome, attempt_first_run
from cascade_cli.cli.resolve.run import resolve_service
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.decisions.decision_plan import Wish
from cascade_cli.domain.records.decisions import How
from cascade_cli.errors import GuardError
from cascade_cli.services.decisions.resolve_service import Seen
from cascade_cli.services.decisions.review_service import ReviewService
from cascade_cli.wiring.writing import write_context
from tests.cli.refund.test_refund import bought, give_money_back
from tests.cli.resolve.cases import (
    edit,
    give,
    orphan,
    resolve,
    run_engine,
    too_few,
    twice,
    wrong_citizen,
)
from tests.harness.counter import Counter


@contextmanager
def service_of(counter: Counter, **settings: str) -> Iterator[tuple[ReviewService, list[Seen]]]:
    """The desk of one review, and the cases that it would walk."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in counter.environment(**settings).items():
            patch.setenv(name, value)
        session = Session(environ=os.environ, quiet=True)
        with write_context(session, "review", lock=False) as context:
            options = ReconcileOptions()
            attempt, _, _ = attempt_first_run(
                session, context.reading, options, counter.now(), lambda: None
            )
            found = attempt.outcome
            assert isinstance(found, JudgedOutcome)
            settings_now = context.settings
            service = ReviewService(
                resolve_service(context),
                context.journal,
                settings_now.airtable_base,
                context.worker,
                settings_now.refund_policy,
                context.facts(),
            )
            run = found.run
            yield (
                service,
                service.cases(run.snapshot, run.result.discrepancies, found.reading.terms),
            )


CREDIT = Wish(How.CREDIT, "looked into")
TAKE_BACK = Wish(How.TAKE_BACK, "looked into")


@pytest.mark.parametrize("make", [wrong_citizen, too_few, twice, orphan])
def test_a_case_of_the_run_is_the_one_that_resolve_would_look_up(
    counter: Counter, make: object
) -> None:
    make(counter)  # type: ignore[operator]
    with service_of(counter) as (service, cases):
        (seen,) = cases
        looked_up = service.service.look(seen.subject.named or seen.subject.name).subject
        assert seen.subject.facts == looked_up.facts
        assert seen.subject.choice == looked_up.choice
        assert (seen.subject.name, seen.subject.named) == (looked_up.name, looked_up.named)


def test_what_was_chosen_is_kept_until_it_is_carried_out(counter: Counter) -> None:
    wrong_citizen(counter)
    with service_of(counter) as (service, [seen]):
        chosen = service.choose(seen, CREDIT)
        assert counter.writes == []
    with service_of(counter) as (service, [seen]):
        (draft,) = service.kept()
        assert draft == chosen.draft
        _, again = service.taken_up(draft, seen)
        (delivery,) = service.carry_out(again)
        assert delivery.order.ducats == Decimal(100)
        assert service.kept() == []
    run_engine(counter)
    assert counter.ducats_of("marco") == 100


def test_one_operator_s_and_one_base_s_drafts_are_their_own(counter: Counter) -> None:
    wrong_citizen(counter)
    with service_of(counter) as (service, [seen]):
        service.choose(seen, CREDIT)
        for changed in ({"base": "appOther"}, {"worker": _somebody_else(service)}):
            assert ReviewService(**{**vars(service), **changed}).kept() == []


def _somebody_else(service: ReviewService) -> object:
    return type(service.worker)("1", "elsewhere", 1, "lucia", "review")


def test_a_case_that_has_changed_since_it_was_shown_is_left(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    with service_of(counter) as (service, [seen]):
        chosen = service.choose(seen, Wish(How.ACCEPT, "a gift"))
        (row,) = counter.sandboxed.app.airtable.tables.select("STRATAGEMS")
        edit(counter, row["id"], TargetCitizen="marco", Notes='{"amount": 70}')
        with pytest.raises(GuardError, match="has changed"):
            service.carry_out(chosen)
    assert resolve(counter, payment, "--reopen").code == 7


def test_what_would_write_something_else_by_now_is_left(counter: Counter) -> None:
    twice(counter)
    with service_of(counter) as (service, [seen]):
        chosen = service.choose(seen, TAKE_BACK)
        give(counter, "marco", -150)
        before = counter.rows()
        with pytest.raises(GuardError, match="something else now"):
            service.carry_out(chosen)
        assert counter.rows() == before
        assert service.kept() == [chosen.draft]


def test_what_somebody_else_has_decided_meanwhile_is_not_done_twice(counter: Counter) -> None:
    payment = wrong_citizen(counter)
    with service_of(counter) as (service, [seen]):
        chosen = service.choose(seen, CREDIT)
        assert resolve(counter, payment, "--credit").code == 0
        with pytest.raises(GuardError):
            service.carry_out(chosen)
    with service_of(counter) as (service, _), pytest.raises(GuardError):
        service.taken_up(chosen.draft, None)
    run_engine(counter)
    assert counter.ducats_of("marco") == 100


def test_a_draft_about_a_case_that_is_settled_is_forgotten(counter: Counter) -> None:
    payment = too_few(counter)
    with service_of(counter) as (service, [seen]):
        service.choose(seen, CREDIT)
    assert resolve(counter, payment, "--credit").code == 0
    run_engine(counter)
    with service_of(counter) as (service, cases):
        (draft,) = service.kept()
        assert cases == []
        with pytest.raises(GuardError, match="no longer open"):
            service.taken_up(draft, None)
        assert service.kept() == []


def test_a_transfer_that_settles_a_case_is_looked_up_again(counter: Counter) -> None:
    payment = too_few(counter)
    credit = counter.credit("marco", "10", "--reference", "r1", "--json")
    assert credit.code == 0, credit
    run_engine(counter)
    with service_of(counter) as (service, cases):
        seen = next(one for one in cases if one.subject.name == payment)
        row = service.service.settling("cascade_manual_r1", seen)
        chosen = service.choose(seen, Wish(How.SETTLED_BY, "by hand", settles=row))
    with service_of(counter) as (service, _):
        (draft,) = service.kept()
        _, again = service.taken_up(draft, None)
        assert again.orders == chosen.orders == ()
        assert again.draft.wish.how is How.SETTLED_BY
        assert service.carry_out(again) == []


def test_a_refund_is_kept_and_carried_out_once(counter: Counter) -> None:
    name = give_money_back(counter, bought(counter), 500)
    with service_of(counter) as (service, [seen]):
        chosen = service.choose_refund(seen)
        assert [(order.payer, order.ducats) for order in chosen.orders] == [("marco", Decimal(50))]
        before = counter.rows()
    with service_of(counter) as (service, [seen]):
        (draft,) = service.kept()
        assert (draft, draft.described) == (chosen.draft, "refund")
        _, again = service.taken_up(draft, seen)
        assert counter.rows() == before
        service.carry_out(again)
        assert service.kept() == []
        with pytest.raises(GuardError):
            service.carry_out(again)
    assert counter.row(f"cascade_refund_{name}")["ExecutedBy"] == "marco"
    assert len(counter.rows()) == len(before) + 1


def test_a_refund_that_would_be_another_by_now_is_left(counter: Counter) -> None:
    give_money_back(counter, bought(counter), 500)
    with service_of(counter) as (service, [seen]):
        chosen = service.choose_refund(seen)
        give(counter, "marco", -80)
        with pytest.raises(GuardError, match="something else now"):
            service.carry_out(chosen)
