"""What must be true of every history once all is at rest."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.venice.notifications import ARRIVED_TYPE, TYPE
from cascade_cli.domain.delivery.arrival_notices import TELL_ARRIVAL
from cascade_cli.domain.delivery.processor import BalanceTrace
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.journal_entries import Entry, EntryKind
from cascade_cli.domain.records.orders import manual_key
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.services.reconcile.gather import Run
from tests.simulation.history import History
from tests.simulation.mistakes import MistakesJudge
from tests.simulation.money_view import Money, MoneyView
from tests.simulation.plan import Payment
from tests.simulation.venice import OTHER_PROCESSOR, RETURNS, Moves, is_broken_off

_WHOLE_ROWS = frozenset({"create", "rewrite"})
_OTHER_TABLES = frozenset({"notify", "set_balance", TELL_ARRIVAL})
_TOLD_AGAIN = frozenset(
    {("notify", "notify"), ("notify giver", "notify giver"), ("notify giver", "notify")}
)
# Each share is rounded down to six decimals, and no history has more than two refunds of one
# payment: so much less than the exact share may come back of it.
_ROUNDING = 2 * Decimal("0.000001")
# The engine computes with floats. Sums of eighths are exact; with others, some dozens of moves may
# each be wrong by half the distance between two floats near the processor's million.
_EIGHTH, _FLOAT = Decimal("0.125"), Decimal("0.00000001")


@dataclass(frozen=True)
class Debt:
    """Who was to get what, and the StratagemIds under which it may have been paid."""

    name: str
    citizen: str
    ducats: Decimal
    stratagem_ids: tuple[str, ...]


def flaws(history: History, run: Run, journal: Journal) -> list[str]:
    """Everything that is wrong; empty after a history as it should be."""
    decisions = {matched: Decision.of(body) for matched, body in journal.decisions().items()}
    judge = _Judge(history, run, list(journal.entries()), decisions)
    found = [*history.stage.flaws, *history.stage.app.crashes, *judge.flaws(), *history.hidden]
    if not journal.verify().is_intact:
        found.append(f"the journal is not intact: {journal.verify().flaw}")
    return found


class _Judge:
    def __init__(
        self, history: History, run: Run, entries: list[Entry], decisions: dict[str, Decision]
    ) -> None:
        self._stage, self._charges = history.stage, history.charges
        self._money_view, self._gifts = MoneyView(history.stage), history.gifts
        self._sold, self._short = history.sold, history.short
        self._lookalikes, self._halves = history.lookalikes, history.halves
        self._another_s = history.another_s
        self._run, self._entries = run, entries
        self._rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in history.stage.city.rows():
            self._rows[row["fields"]["StratagemId"]].append(row)
        self._mistakes = MistakesJudge(history.mistakes, history.stage, run, decisions)
        self._debts = {debt.name: debt for debt in self._all_debts()}

    def _money(self, charge: Charge) -> Money:
        return self._money_view.money(charge.charge_id)

    def flaws(self) -> Iterator[str]:
        """Question after question."""
        yield from self._paid_twice_or_wrongly()
        yield from self._delivered_although_underpaid()
        yield from self._paid_beside_lookalikes()
        yield from self._unpaid_or_unreported()
        yield from self._unaccounted_ducats()
        yield from self._rows_against_moves()
        yield from self._journal_against_rows()
        yield from self._notified_twice()
        yield from self._told_of_arrival_wrongly()
        yield from self._anonymous_named()
        yield from self._replenished_twice()
        yield from self._taken_back_wrongly()
        yield from self._mistakes.flaws()

    def _all_debts(self) -> Iterator[Debt]:
        for item in self._charged():
            charge = item.charge
            assert charge is not None
            older = [
                s.stratagem_id for s in item.stratagems if s.stratagem_id != charge.stratagem_id
            ]
            assert charge.citizen is not None
            assert charge.ducats is not None
            late = self._lookalikes.late.get(charge.id)
            ids = (charge.stratagem_id, *older, *([late] if late else ()))
            yield Debt(charge.id, charge.citizen, charge.ducats, ids)
        for credit in (*self._stage.plan.credits, *self._stage.plan.file):
            key = manual_key(credit.reference)
            yield Debt(key, credit.citizen, Decimal(credit.ducats), (key,))

    def _charged(self) -> list[Item]:
        """Of halves of an invoice nobody knows what each of them is owed; what an older set-up did
        wrongly has a judge of its own."""
        items = (item for item in self._run.result.items if item.charge is not None)
        apart = self._halves | self._mistakes.charges
        return [i for i in items if i.charge and i.charge.id not in apart]

    def _moves(self, debt: Debt) -> Moves:
        """All that moved for one debt, under whichever StratagemId."""
        total = Moves()
        for stratagem_id in debt.stratagem_ids:
            moves = self._stage.city.moves.get(stratagem_id, Moves())
            total.debits += moves.debits
            total.credits += moves.credits
        return total

    def _paid_twice_or_wrongly(self) -> Iterator[str]:
        known = {name for debt in self._debts.values() for name in debt.stratagem_ids}
        known |= {row.stratagem_id for item in self._charged() for row in item.returns}
        known |= self._mistakes.names()
        for stratagem_id in self._stage.city.moves.keys() - known:
            yield f"ducats moved for {stratagem_id}, which nobody is owed"
        for debt in self._debts.values():
            moves = self._moves(debt)
            most = self._most_moves(debt)
            if len(moves.debits) > most or len(moves.credits) > most:
                yield f"PAID TWICE: {debt.name} of {debt.ducats}: {moves}"
            if not all(self._is_right(debt, *credit) for credit in moves.credits):
                yield f"{debt} was paid wrongly: {moves}"
            active = set[str]()
            for stratagem_id in debt.stratagem_ids:
                active |= self._stage.writes.activated[stratagem_id]
                if not stratagem_id.startswith(("cascade_payment_pi_", "cascade_manual_")):
                    active |= {row["id"] for row in self._rows[stratagem_id]}
            if len(active) > most:
                yield f"{len(active)} rows of {debt.name} left `planned`: {sorted(active)}"

    def _delivered_although_underpaid(self) -> Iterator[str]:
        """Only a person has ducats delivered for which too little was paid."""
        for charge, payment in self._short.items():
            debt = self._debts.get(charge)
            if debt is None or payment.overruled_after_seconds:
                continue
            let_go = [i for i in debt.stratagem_ids if self._stage.writes.activated[i]]
            if let_go or self._moves(debt).credits:
                yield f"UNDERPAID: a machine delivered {debt}, short by {payment.short}"

    def _paid_beside_lookalikes(self) -> Iterator[str]:
        """A legacy row, or another processor, has paid or will: nobody lets a second row go."""
        late = {f"cascade_payment_{self._intent(charge)}" for charge in self._lookalikes.late}
        for name in sorted(late | self._lookalikes.twins | self._stage.city.others):
            if self._stage.writes.activated[name]:
                yield f"PAID TWICE: {name} was let go, although another row was made for it"
        for name, why in self._lookalikes.for_people.items():
            if self._stage.writes.activated[name]:
                yield f"LET GO: {name}, although {why}"

    def _intent(self, charge_id: str) -> str | None:
        charges = (item.charge for item in self._charged() if item.name == charge_id)
        return next((charge.payment_intent for charge in charges if charge), None)

    def _most_moves(self, debt: Debt) -> int:
        """A row that somebody at Venice doubled may run as well, before cascade can end it."""
        return 1 + any(name in self._stage.city.copied for name in debt.stratagem_ids)

    def _unpaid_or_unreported(self) -> Iterator[str]:
        items = [i for i in self._run.result.items if i.name not in self._mistakes.charges]
        reported = {item.charge.id: item for item in items if item.charge}
        there = {item.charge.charge_id for item in reported.values() if item.charge}
        for charge_id in self._charges:
            if charge_id not in there:
                yield f"{charge_id} is in nobody's report"
        for charge_id in sorted(self._halves & reported.keys()):
            item = reported.pop(charge_id)
            if item.kind is not Kind.UNATTRIBUTABLE:
                yield f"{charge_id} paid a half of an invoice, and is {item.kind}"
        for charge_id in sorted(self._another_s & reported.keys()):
            yield f"{charge_id} is another shop's, and is {reported.pop(charge_id).kind}"
        for item in reported.values():
            if item.charge:
                yield from self._misread(item.charge)
            expected = self._expected(item.charge) if item.charge else frozenset()
            if item.kind not in expected:
                yield f"{self._name(item)} is {item.kind} ({item.verdict}), not {sorted(expected)}"
        for item in self._run.result.items:
            is_late = any(
                row.stratagem_id in self._lookalikes.late.values() for row in item.stratagems
            )
            is_expected = is_late or self._mistakes.is_overtaken(item)
            if item.charge is None and item.kind is not Kind.DOUBTFUL and not is_expected:
                yield f"{item.kind}: {item.verdict}"
        yield from self._credits_unpaid()

    def _misread(self, charge: Charge) -> Iterator[str]:
        """A portion's own share is judged by what moved; here, by the whole."""
        sold = self._sold[charge.charge_id]
        whole = charge.portion.whole_ducats if charge.portion else charge.ducats
        if (charge.citizen if not charge.portion else sold[0], whole) != sold:
            yield f"{charge.id} sold {sold}, and is read as {charge}"

    def _credits_unpaid(self) -> Iterator[str]:
        """A credit by hand that cannot be told to have arrived is for people, and they hear."""
        reported = {
            item.stratagems[0].stratagem_id: item.kind
            for item in self._run.result.items
            if item.charge is None
        }
        for credit in (*self._stage.plan.credits, *self._stage.plan.file):
            debt = self._debts[manual_key(credit.reference)]
            doubtful = self._is_doubtful(debt)
            if not self._moves(debt).credits and not doubtful:
                yield f"{debt.name} was never paid"
            if doubtful and reported.get(debt.name) is not Kind.DOUBTFUL:
                yield f"{debt.name} is doubtful, and nobody is told"

    def _name(self, item: Item) -> str:
        return item.charge.payment_id if item.charge else ""

    def _expected(self, charge: Charge) -> frozenset[Kind]:
        if charge.id in self._lookalikes.late:
            # Nobody can tell that it was paid: it is left to a person.
            return frozenset({Kind.MISSING})
        if charge.stratagem_id in self._lookalikes.for_people:
            return frozenset({Kind.STALLED})
        moves = self._moves(self._debts[charge.id])
        if charge.stratagem_id in self._stage.city.others and not moves.credits:
            return frozenset({Kind.STALLED, Kind.FAILED, Kind.DOUBTFUL})
        if short := self._short.get(charge.id):
            return _expected_of_short(short, moves)
        return self._expected_of_usual(charge, moves)

    def _expected_of_usual(self, charge: Charge, moves: Moves) -> frozenset[Kind]:
        debt = self._debts[charge.id]
        # The kind with most money at risk is named; the other stands in its evidence.
        twice = {Kind.DUPLICATE} if len(moves.credits) > 1 else set[Kind]()
        money = self._money(charge)
        if twice and money.gone:
            # Two halves that a refund left may together be what is sold again, by none of them.
            twice.add(Kind.AMOUNT_MISMATCH)
        if self._is_doubtful(debt) or self._is_doubtful(self._returning(charge)):
            # Of a row that somebody doubled, one may have been executed beside the doubtful one.
            if moves.credits and self._most_moves(debt) > 1:
                # What a dispute contests is both.
                twice = {Kind.DUPLICATE} | ({Kind.DISPUTED} if money.was_disputed else set())
            # Of several refunds, more may be still to come back than one row may have returned.
            more = set[Kind]() if self._is_doubtful(debt) else {Kind.REFUNDED, Kind.DISPUTED}
            return frozenset({Kind.DOUBTFUL} | twice | more)
        if moves.credits:
            back = {Kind.DISPUTED} if money.is_contested else set[Kind]()
            if money.gone and not self._is_even(charge):
                back |= {Kind.REFUNDED, Kind.DISPUTED} if money.was_disputed else {Kind.REFUNDED}
            return frozenset((twice | back) or {Kind.SETTLED})
        if money.gone or money.is_contested:
            # Nothing was delivered: void if all went back, else for people, under any name.
            return frozenset(Kind) - {Kind.IN_FLIGHT, Kind.DUPLICATE}
        return frozenset[Kind]()

    def _is_right(self, debt: Debt, citizen: str, ducats: Decimal) -> bool:
        """All of it, or what was left by then, where nothing was delivered before a refund."""
        rests = [debt.ducats]
        if charge := self._charge_of(debt):
            money = self._money(charge)
            left = (money.captured - gone for gone in money.gone_after)
            rests = [debt.ducats * cents / money.captured for cents in left]
        return citizen == debt.citizen and any(0 <= ducats - r <= _ROUNDING for r in rests)

    def _rest(self, debt: Debt) -> Decimal:
        """What is left of it after the refunds, where nothing was delivered before them."""
        charge = self._charge_of(debt)
        if charge is None:
            return debt.ducats
        money = self._money(charge)
        return debt.ducats * (money.captured - money.gone) / money.captured

    def _charge_of(self, debt: Debt) -> Charge | None:
        return next((i.charge for i in self._charged() if i.name == debt.name), None)

    def _returning(self, charge: Charge) -> Debt:
        """The transfers that returned ducats of the charge."""
        item = next(item for item in self._charged() if item.name == charge.id)
        # Spare rows made by accident have the same key.
        names = tuple(dict.fromkeys(row.stratagem_id for row in item.returns))
        return Debt(charge.id, charge.citizen or "", charge.ducats or Decimal(0), names)

    def _kept(self, charge: Charge) -> Decimal:
        """The ducats that really moved to the charge's citizen and stayed there."""
        moved = self._moves(self._debts[charge.id]).credits
        moved = [*moved, *self._moves(self._returning(charge)).credits]
        return sum((ducats for _, ducats in moved), Decimal(0))

    def _is_even(self, charge: Charge) -> bool:
        debt = self._debts[charge.id]
        return self._kept(charge) <= self._rest(debt) + _ROUNDING

    def _taken_back_wrongly(self) -> Iterator[str]:
        """Nobody is taken from twice, nor more than is due, nor keeps what there was to take."""
        for name, balance in self._stage.city.balances().items():
            if balance < 0:
                yield f"{name} has {balance} ducats"
        for name in self._returning_names():
            moves, let_go = self._stage.city.moves[name], self._stage.writes.activated[name]
            if max(len(moves.credits), len(moves.debits), len(let_go)) > 1:
                yield f"RETURNED TWICE: {name}: {moves}, by {sorted(let_go)}"
        for item in self._charged():
            assert item.charge is not None
            if self._money(item.charge).ever_moved or item.returns:
                yield from self._badly_returned(item.charge)

    def _returning_names(self) -> set[str]:
        names = {*self._stage.city.moves, *self._stage.writes.activated}
        return {name for name in names if name.startswith(RETURNS)}

    def _badly_returned(self, charge: Charge) -> Iterator[str]:
        debt, returning = self._debts[charge.id], self._returning(charge)
        is_contested = self._money(charge).is_contested
        credits = self._moves(debt).credits
        if self._is_doubtful(returning) or self._is_doubtful(debt):
            return
        over = self._kept(charge) - self._rest(debt)
        if over < -self._slack and credits and not is_contested:
            yield f"{charge.id}: {-over} ducats too many were taken back"
        if returning.stratagem_ids and not credits and self._moves(returning).credits:
            yield f"{charge.id}: nothing was delivered, and something was taken back"
        # A dispute may be lost or won yet, and what was delivered twice is for people.
        there = self._stage.city.ducats(charge.citizen or "")
        is_over = over > _ROUNDING and there > _ROUNDING
        if is_over and len(credits) == 1 and not is_contested:
            yield f"{charge.id}: {over} ducats too many were kept, and {there} are there"

    def _is_doubtful(self, debt: Debt) -> bool:
        """The engine left a row of it so that nobody can tell whether ducats moved, or how often.
        cascade leaves it, and what else its payment returns, to people."""
        rows = [row["fields"] for name in debt.stratagem_ids for row in self._rows[name]]
        return any(_is_doubtful(row) or _was_set_back(row) for row in rows)

    @cached_property
    def _slack(self) -> Decimal:
        """What floats may be wrong by: nothing where all that moved was exact."""
        moved = (ducats for moves in self._stage.city.moves.values() for ducats in moves.debits)
        return _FLOAT if any(ducats % _EIGHTH for ducats in moved) else Decimal(0)

    def _unaccounted_ducats(self) -> Iterator[str]:
        city = self._stage.city
        ours = (moves for name, moves in city.moves.items() if name not in city.others)
        debited = sum((sum(moves.debits, Decimal(0)) for moves in ours), Decimal(0))
        if abs(city.ducats(PROCESSOR) - (city.granted - debited)) > self._slack:
            yield f"the processor has {city.ducats(PROCESSOR)}, not {city.granted} - {debited}"
        if self._run.result.equation.residual:
            yield f"residual {self._run.result.equation.residual}"

    def _rows_against_moves(self) -> Iterator[str]:
        apart = self._mistakes.names()
        for name, rows in self._rows.items():
            if name in apart:
                # Of these, one may have been tried again after the payer alone was debited.
                continue
            executed = [r["fields"] for r in rows if r["fields"]["Status"] == "executed"]
            moves = self._stage.city.moves.get(name, Moves())
            said = Counter(_moved(fields) for fields in executed)
            unsaid = Counter(moves.credits) - said
            # Of several rows, one doubled by somebody, the others may have moved ducats as well.
            doubtful = sum(_is_doubtful(row["fields"]) for row in rows)
            if said and (
                said - Counter(moves.credits)
                or unsaid.total() > doubtful
                or not 0 <= len(moves.debits) - said.total() <= doubtful
            ):
                yield f"{name} is executed for {sorted(said.elements())}, and what moved is {moves}"

    def _journal_against_rows(self) -> Iterator[str]:
        promising = {EntryKind.INTENT, EntryKind.AMENDMENT}
        promises = {e.key: e.body for e in self._entries if e.kind in promising}
        amended = {e.key for e in self._entries if e.kind is EntryKind.AMENDMENT}
        last: dict[str, tuple[str, str]] = {}
        for entry in self._entries:
            if entry.kind is EntryKind.OUTCOME and entry.body["action"] not in _OTHER_TABLES:
                last[entry.key] = (entry.body["action"], entry.body["fate"])
        for name, rows in self._rows.items():
            ours = name.startswith((*RETURNS, "cascade_payment_pi_", "cascade_manual_"))
            ours = ours and name not in self._mistakes.names()
            for fields in (row["fields"] for row in rows if ours and not _is_other(row)):
                promise = promises.get(name)
                ducats = _amount(fields["Notes"])
                if promise is None or promise["citizen"] != _moved(fields)[0]:
                    yield f"{name} stands in the base, and the journal has {promise}"
                elif name in amended and fields["Status"] != "executed":
                    # What the engine refused is asked for anew, and less of it; and a spare row
                    # that was never let go keeps the amount that it was made for.
                    continue
                elif ducats not in self._written[name] | {Decimal(promise["ducats"])}:
                    yield f"{name} is over {ducats}, and the journal has {promise}"
        for key, (action, fate) in last.items():
            if fate == "applied" and not self._rows[key] and not self._is_legacy(key):
                yield f"the journal says {action} of {key} was applied, and there is no row"

    @cached_property
    def _written(self) -> Mapping[str, set[Decimal]]:
        """By key, the ducats that were promised when its row was written: what was amended later,
        by somebody whom the base did not show the row yet, changed nothing in it."""
        promised: dict[str, Decimal] = {}
        written = defaultdict[str, set[Decimal]](set)
        for entry in self._entries:
            if entry.kind in {EntryKind.INTENT, EntryKind.AMENDMENT} and "ducats" in entry.body:
                promised[entry.key] = Decimal(entry.body["ducats"])
            elif entry.kind is EntryKind.ATTEMPT and entry.body["action"] in _WHOLE_ROWS:
                written[entry.key].add(promised[entry.key])
        return written

    def _is_legacy(self, key: str) -> bool:
        """The older connector's row was revived in its place."""
        return any(
            key in d.stratagem_ids and len(d.stratagem_ids) > 1 for d in self._debts.values()
        )

    def _replenished_twice(self) -> Iterator[str]:
        """A balance is not raised again for a wish whose write had an unknown fate and came."""
        bodies = {e.key: e.body for e in self._entries if e.kind is EntryKind.INTENT}
        told = {e.key for e in self._entries if e.kind is EntryKind.OUTCOME}
        told |= set(self._found_by_its_sender())
        raised = defaultdict[str, list[str]](list)
        for key in dict.fromkeys(self._stage.writes.balances):
            raised[str(bodies[key]["detail"]["wish"])].append(key)
        for wish, keys in raised.items():
            if unknown := [key for key in keys[:-1] if key not in told]:
                yield f"raised {wish} by {keys}, although {unknown} had come"

    def _found_by_its_sender(self) -> Iterator[str]:
        """Writes of unknown fate that came, as the same command found when it was repeated: it has
        heard that, even if it is killed before it can say so."""
        for entry in self._entries:
            key = str(entry.body.get("balance", ""))
            again = entry.run.rpartition("-")[0]
            is_same = key.startswith(f"cascade_balance_{again}-")
            if is_same and entry.body.get("found") == BalanceTrace.APPLIED:
                yield key

    def _notified_twice(self) -> Iterator[str]:
        """Each time that a transfer came under way, its citizen hears of it at most once."""
        rows = self._stage.app.airtable.tables.select("NOTIFICATIONS")
        fields = [row["fields"] for row in rows if row["fields"].get("Type") == TYPE]
        details = [json.loads(f.get("Details") or f["Metadata"]) for f in fields]
        told = Counter((d["stratagem_id"], d.get("gift") == "given") for d in details)
        attempts = defaultdict[str, list[str]](list)
        for entry in self._entries:
            if entry.kind is EntryKind.ATTEMPT and entry.body["action"] != TELL_ARRIVAL:
                to_giver = " giver" if entry.body["detail"].get("told") else ""
                attempts[entry.key].append(entry.body["action"] + to_giver)
        for key, actions in attempts.items():
            for is_giver, action in ((False, "notify"), (True, "notify giver")):
                times = told[key, is_giver]
                if times > actions.count(action):
                    yield f"{key} was announced {times} times, and its journal has {actions}"
            if any(pair in _TOLD_AGAIN for pair in pairwise(actions)):
                yield f"{key} was announced again without reason: {actions}"

    def _told_of_arrival_wrongly(self) -> Iterator[str]:
        """Nobody hears twice of an arrival, nor of one that was not."""
        attempted = Counter(
            (entry.key, bool(entry.body["detail"]))
            for entry in self._entries
            if entry.kind is EntryKind.ATTEMPT and entry.body["action"] == TELL_ARRIVAL
        )
        rows = self._stage.app.airtable.tables.select("NOTIFICATIONS")
        notices = [row["fields"] for row in rows if row["fields"].get("Type") == ARRIVED_TYPE]
        told = Counter[tuple[str, bool]]()
        for fields in notices:
            details = json.loads(fields["Details"])
            key, is_giver = details["stratagem_id"], details.get("gift") == "given"
            told[key, is_giver] += 1
            moved = {(who, abs(ducats)) for who, ducats in self._all_moves(key).credits}
            if not is_giver and (fields["Citizen"], Decimal(details["ducats"])) not in moved:
                yield f"{fields['Citizen']} was told that {details} arrived, and {moved} did"
        for (key, is_giver), times in told.items():
            if times > 1 or attempted[key, is_giver] != 1:
                attempts = attempted[key, is_giver]
                yield f"TOLD TWICE: {times} of the arrival of {key}, by {attempts} attempts"

    def _all_moves(self, key: str) -> Moves:
        """Of a key, also by a row of the legacy connector that was revived for it."""
        debt = next((d for d in self._debts.values() if key in d.stratagem_ids), None)
        return self._moves(debt) if debt else self._stage.city.moves.get(key, Moves())

    def _anonymous_named(self) -> Iterator[str]:
        """Only the giver reads the name of one who does not want to be named."""
        tables = self._stage.app.airtable.tables
        told = [row["fields"] for row in tables.select("NOTIFICATIONS")]
        for intent, payment in self._gifts.items():
            key = f"cascade_payment_{intent}"
            rows = [row["fields"] for row in self._rows[key]]
            rows += [f for f in told if key in str(f) and _addressee(f) != payment.giver]
            for fields in rows if payment.anonymous else ():
                if payment.giver in str(list(fields.values())):
                    yield f"{key} names {payment.giver}: {fields}"


def _expected_of_short(payment: Payment, moves: Moves) -> frozenset[Kind]:
    """What is not delivered stays open for a person to decide, by its price."""
    if not payment.overruled_after_seconds:
        return frozenset({Kind.UNDERPAID, Kind.MISSING})
    if not moves.credits:
        # A person had it delivered, and the row came to nothing: that person comes again.
        return frozenset(Kind) - {Kind.SETTLED, Kind.IN_FLIGHT}
    return frozenset({Kind.UNDERPAID, Kind.SETTLED, Kind.DUPLICATE, Kind.DOUBTFUL})


def _addressee(fields: dict[str, Any]) -> str:
    return str(fields.get("Citizen") or fields.get("CitizenUsername"))


def _is_other(row: dict[str, Any]) -> bool:
    return bool(row["fields"]["ExecutedBy"] == OTHER_PROCESSOR)


def _is_doubtful(row: dict[str, Any]) -> bool:
    return is_broken_off(row)


def _was_set_back(row: dict[str, Any]) -> bool:
    """It was executed, and failed when somebody ran it by its id once more."""
    return row["Status"] == "failed" and "Successfully transferred" in row["Notes"]


def _moved(fields: dict[str, Any]) -> tuple[str, Decimal]:
    """By the row: who has how many ducats more, or less."""
    ducats = _amount(fields["Notes"])
    if fields["ExecutedBy"] in {PROCESSOR, OTHER_PROCESSOR}:
        return fields["TargetCitizen"], ducats
    return fields["ExecutedBy"], -ducats


def _amount(notes: str) -> Decimal:
    document, _ = json.JSONDecoder().raw_decode(notes)
    return Decimal(str(document["amount"]))
