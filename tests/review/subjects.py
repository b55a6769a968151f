"""Cases to decide about, made of one charge or one transfer."""

from __future__ import annotations

from cascade_cli.domain.decisions.decision_plan import Subject
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.snapshot import Answers, World, cases_of
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from tests.domain.samples import TERMS, WEEK

EVERYBODY = Answers(citizens={"marco": True, "lucia": True}, payments={"pi_1": ()})


def of_charge(charge: Charge, *rows: Stratagem) -> Subject:
    """The charge with these transfers."""
    world = World(WEEK, (charge,), rows, EVERYBODY)
    cases = cases_of(world, match(world.charges, world.stratagems), TERMS)
    (item,) = (one for one in reconcile(world, TERMS).items if one.charge == charge)
    return Subject(item, cases[charge.id], TERMS)


def of_transfer(row: Stratagem) -> Subject:
    """A transfer that nobody paid for."""
    world = World(WEEK, (), (row,), EVERYBODY)
    (item,) = reconcile(world, TERMS).items
    return Subject(item, None, TERMS, row.record_id)
