"""Finds transfers in Venice: one by any id, many by a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cascade_cli.domain.matching.matching import Rule, match
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import unknown_citizen_sentence
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.keys import PAYMENT_ID, PORTION_ID, Origin, is_own_key, payment_id_in
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import NotFoundError, UsageError
from cascade_cli.services.ports import CitizensPort, PaymentsPort, TransfersPort
from cascade_cli.services.reconcile.snapshots import NeighbouringCharges, PastDeliveries
from cascade_cli.services.reconcile.unknown_ids import right_line, similar_line

STATUSES = ("planned", "active", "executed", "failed", "expired", "cancelled", "error")
_FORMS = "a StratagemId, a record id (rec…) or a payment (pi_…, ch_…)"
# No status shows these: an active row may be live, expired unnoticed, or already executed.
STATES_WITHOUT_STATUS = (State.LIVE, State.STALLED, State.DOUBTFUL)


@dataclass(frozen=True)
class TransferFilter:
    """Which transfers are wanted; `status` is one of STATUSES or STATES_WITHOUT_STATUS."""

    since: datetime
    status: str | None = None
    citizen: str | None = None

    def check_status(self) -> None:
        """Raises UsageError for a status that no transfer can have."""
        _status_and_state(self.status)


@dataclass(frozen=True)
class Found:
    """The transfers of one id, oldest first. `rule` is what ties them to the id, if they do not
    hold it themselves. `portions` are those of a payment for many, if the id is the whole's."""

    identity: str
    rows: tuple[Stratagem, ...]
    rule: Rule | None = None
    portions: tuple[Charge, ...] = ()

    @property
    def by_portion(self) -> tuple[tuple[Stratagem, ...], ...]:
        """The rows in one group, or in a group for each citizen of a payment for many. One row of
        each group counts."""
        groups: dict[int | None, list[Stratagem]] = {}
        named = self._numbers
        for row in self.rows:
            groups.setdefault(named.get(row.record_id, row.portion), []).append(row)
        return tuple(map(tuple, groups.values()))

    @property
    def missing(self) -> tuple[Charge, ...]:
        """Portions without a transfer, except those whose money all went back."""
        there = {*self._numbers.values()}
        open_ = (charge for charge in self.portions if not charge.is_fully_refunded)
        return tuple(c for c in open_ if c.portion and c.portion.number not in there)

    @property
    def _numbers(self) -> dict[str, int]:
        """The number of the portion that each row is for, by record id. A row may name only the
        whole payment and the citizen."""
        matches = match(self.portions, self.rows).by_charge
        return {
            found.stratagem.record_id: charge.portion.number
            for charge in self.portions
            for found in matches[charge.id]
            if charge.portion
        }


def rows_alone(rows: Sequence[Stratagem]) -> Snapshot:
    """These rows, and nothing that was looked up."""
    made = [row.created_at for row in rows] or [datetime.min.replace(tzinfo=UTC)]
    return Snapshot(Window(min(made), max(made)), (), tuple(rows))


class TransferService:
    """Finds transfers. Raises NotFoundError if there is none, and what a read raises."""

    def __init__(
        self,
        transfers: TransfersPort,
        citizens: CitizensPort,
        payments: PaymentsPort,
        now: Callable[[], datetime],
        past: PastDeliveries | None = None,
        *,
        snapshot_of: Callable[[Sequence[Stratagem]], Snapshot] = rows_alone,
    ) -> None:
        self._transfers, self._citizens = transfers, citizens
        self._payments, self._now = payments, now
        self._past, self._snapshot_of = past, snapshot_of

    def find(self, identity: str) -> Found:
        """By StratagemId, record id, or payment. Stripe is asked only for what Venice cannot tell:
        if there is no row, and which of many citizens have no row.

        Legacy rows name no payment: they are found by its citizen, amount and time.
        """
        rows = self._transfers.identified(identity)
        if rows:
            return Found(identity, _by_age(rows), portions=self._portions(identity, rows))
        if PORTION_ID.fullmatch(identity):
            return self._find_for_payment(identity)
        if payment_id := payment_id_in(identity):
            self._refuse_vanished(identity, self._payments.portions(payment_id))
        elif is_own_key(identity) and self._past:
            _refuse_on_evidence(identity, self._past.written_for(identity).evidence())
        near = right_line(identity) or similar_line(
            self._transfers, identity, "stratagem", "status"
        )
        raise NotFoundError(
            f"The processor has no transfer {identity!r} in Venice.",
            near or f"An id is {_FORMS}, and must match exactly.",
        )

    def snapshot_of(self, rows: Sequence[Stratagem]) -> Snapshot:
        """The dead credits by hand, with what shows whether to try them again; or just the rows."""
        now = self._now()
        by_hand = [row for row in rows if row.origin is Origin.MANUAL]
        dead = [row for row in by_hand if row.state(now) in {State.STALLED, State.FAILED}]
        return self._snapshot_of(dead) if dead else rows_alone(rows)

    def reread(self, found: Found) -> Found:
        """The same rows as they are now, in one request; for a payment for many, also new ones."""
        if found.portions and found.rule is None:
            rows = self._transfers.identified(found.identity)
        else:
            rows = self._transfers.by_record([row.record_id for row in found.rows])
        if not rows:
            raise NotFoundError(
                f"The transfer {found.identity!r} is gone: somebody deleted its record.",
                f"See: {command('explain', '--', found.identity)}",
            )
        return replace(found, rows=_by_age(rows))

    def _portions(self, identity: str, rows: Sequence[Stratagem]) -> tuple[Charge, ...]:
        if not PAYMENT_ID.fullmatch(identity) or not any(row.portion for row in rows):
            return ()
        return _of_many(self._payments.portions(identity))

    def listed(self, wanted: TransferFilter) -> list[Stratagem]:
        """Newest first. Raises UsageError for a status that no transfer can have.

        Airtable selects by time, status and citizen; states that no status shows are selected here.
        """
        status, state = _status_and_state(wanted.status)
        rows = self._transfers.listed(wanted.since, status=status, citizen=wanted.citizen)
        now = self._now()
        kept = [row for row in rows if state is None or row.state(now) is state]
        return sorted(kept, key=lambda row: (row.created_at, row.record_id), reverse=True)

    def unknown_citizen(self, name: str) -> str:
        """A sentence that Venice has no such citizen, with similar names; empty if it has one."""
        found = self._citizens.residents([name])
        return "" if name in found else unknown_citizen_sentence(name, self._citizens.usernames())

    def _find_for_payment(self, payment_id: str) -> Found:
        charges = self._payments.portions(payment_id)
        if not charges:
            near = similar_line(self._transfers, payment_id, "stratagem", "status")
            raise NotFoundError(
                f"Venice has no transfer for {payment_id!r}, and Stripe knows no such paid "
                "purchase of ducats in this account and mode.",
                near or "Check the id; the end of a Stripe id is easily lost in copying.",
            )
        snapshot = NeighbouringCharges(self._payments, self._transfers).snapshot_of(charges)
        matches = match(snapshot.charges, snapshot.stratagems).by_charge
        found = [one for charge in charges for one in matches[charge.id]]
        if not found:
            self._refuse_vanished(payment_id, charges)
            raise NotFoundError(
                f"{payment_id} was paid, and Venice has no transfer for it.",
                f"See: {command('explain', payment_id)}",
            )
        rows = [one.stratagem for one in found]
        portions = _of_many(charges) if PAYMENT_ID.fullmatch(payment_id) else ()
        return Found(payment_id, _by_age(rows), found[0].rule, portions)

    def _refuse_vanished(self, identity: str, charges: Sequence[Charge]) -> None:
        """Raises NotFoundError in the words of the journal, if it knows that there was a row."""
        past = self._past.past_of(charges, self._now()) if self._past and charges else {}
        _refuse_on_evidence(identity, (said for one in past.values() for said in one.evidence()))


def _refuse_on_evidence(identity: str, told: Iterable[str]) -> None:
    if said := next(iter(told), ""):
        raise NotFoundError(
            f"The transfer of {identity!r} has vanished from Venice's base: {said}.",
            f"It may have been executed before. See: {command('explain', '--', identity)}",
        )


def _of_many(charges: Sequence[Charge]) -> tuple[Charge, ...]:
    return tuple(charge for charge in charges if charge.portion)


def _by_age(rows: Sequence[Stratagem]) -> tuple[Stratagem, ...]:
    return tuple(sorted(rows, key=lambda row: (row.created_at, row.record_id)))


def _status_and_state(text: str | None) -> tuple[str | None, State | None]:
    if text is None or text in STATUSES:
        return text, None
    if text in STATES_WITHOUT_STATUS:
        return None, State(text)
    raise UsageError(
        f"{text!r} is not a status of a transfer.",
        f"Choose {', '.join([*STATUSES, *STATES_WITHOUT_STATUS])}.",
    )
