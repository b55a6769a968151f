"""Cases to decide about, made of one charge or one transfer."""

from __future__ import annotations

from cascade_cli.domain.decisions.decision_plan import Subject
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot, matched_charges_of
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from tests.domain.samples import TERMS, WEEK

EVERYBODY = Lookups(citizens={"marco": True, "lucia": True}, payments={"pi_1": ()})


def of_charge(charge: Charge, *rows: Stratagem) -> Subject:
    """The charge with these transfers."""
    snapshot = Snapshot(WEEK, (charge,), rows, EVERYBODY)
    matched_charges = matched_charges_of(
        snapshot, match(snapshot.charges, snapshot.stratagems), TERMS
    )
    (item,) = (one for one in reconcile(snapshot, TERMS).items if one.charge == charge)
    return Subject(item, matched_charges[charge.id], TERMS)


def of_transfer(row: Stratagem) -> Subject:
    """A transfer that nobody paid for."""
    snapshot = Snapshot(WEEK, (), (row,), EVERYBODY)
    (item,) = reconcile(snapshot, TERMS).items
    return Subject(item, None, TERMS, row.record_id)
