"""A seeded week, what only a person can know about it, and the person who types what is printed."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from cascade_cli.sandbox.seed import seed
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.seed.stories import mistaken
from cascade_cli.sandbox.seed.world import Order, Sale, World
from cascade_cli.sandbox.stripe import StripeAccount
from tests.harness.commands import Answer
from tests.harness.counter import Counter

# What is printed where a limit refuses a line.
_ALLOWING = re.compile(r"put (CASCADE_\w+)=(\S+) before the command")


@dataclass
class Truth:
    """What the seed knows and no record tells: by payment, who the buyer was and what was bought,
    and of which the ducats arrived although nothing says so."""

    sales: dict[str, Sale] = field(default_factory=dict)
    buyers: dict[str, str] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)
    disputes: dict[str, str] = field(default_factory=dict)
    """The dispute of each contested charge."""
    lost: set[str] = field(default_factory=set)
    """The charges whose dispute the bank has decided for the cardholder."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hears what the stories are told of."""
        order, pay, lose = World.order, World.pay, mistaken._lose_answer
        dispute = StripeAccount.dispute
        wanted: list[Order] = []

        def ordered(snapshot: World, *args: Any, **kwargs: Any) -> Order:
            wanted.append(order(snapshot, *args, **kwargs))
            return wanted[-1]

        def paid(snapshot: World, what: Order, *args: Any, **kwargs: Any) -> Sale:
            sale = pay(snapshot, what, *args, **kwargs)
            meant = wanted[-1] if wanted and wanted[-1].item is what.item else what
            self.sales[sale.payment_intent] = sale
            self.buyers[sale.payment_intent] = meant.citizen.username
            return sale

        def lost(snapshot: World, *, debited: bool, credited: bool) -> None:
            lose(snapshot, debited=debited, credited=credited)
            if credited:
                self.arrived.add(list(self.sales)[-1])

        def contested(account: StripeAccount, charge: str, **terms: Any) -> Any:
            document = dispute(account, charge, **terms)
            self.disputes[charge] = document["id"]
            return document

        with (
            patch.object(StripeAccount, "dispute", contested),
            patch.object(World, "order", ordered),
            patch.object(World, "pay", paid),
            patch.object(mistaken, "_lose_answer", lost),
        ):
            yield

    def filled_in(self, item: dict[str, Any]) -> list[str]:
        """The words that are printed beside an item, with what only a person can say."""
        words = shlex.split(item["repair"]["command"])[1:]
        payment = item["payment_intent"]
        if payment not in self.sales:
            return words
        known = {"CITIZEN": self.buyers[payment], "DUCATS": f"{self.sales[payment].ducats:g}"}
        words = [known.get(word, word) for word in words]
        if "--moved" in words and payment not in self.arrived:
            words[words.index("--moved")] = "--not-moved"
        return words


def seeded(counter: Counter, number: int) -> Truth:
    """The week of that seed, in an empty sandbox."""
    truth = Truth()
    with truth.watching():
        seed(counter.sandboxed.app, seed=number, until=counter.sandboxed.app.now())
    return truth


def everybody_has(counter: Counter, ducats: float) -> None:
    """Every citizen has so many."""
    tables = counter.sandboxed.app.airtable.tables
    for record in tables.select("CITIZENS"):
        if record["fields"]["Username"] != PROCESSOR:
            tables.update("CITIZENS", record["id"], {"Ducats": ducats})


def night(counter: Counter, *words: str) -> Answer:
    """What is left, worst first."""
    return counter.type("reconcile", "--since", "8d", "--json", *words)


def follow(counter: Counter, truth: Truth, data: dict[str, Any]) -> list[tuple[list[str], Answer]]:
    """Type what is printed beside each item, then let the engine run."""
    lines = {tuple(truth.filled_in(item)): None for item in data["items"]}
    answers = [(list(line), typed(counter, line)) for line in lines]
    counter.sandboxed.app.engine.run()
    counter.pass_time(minutes=20)
    return answers


def typed(counter: Counter, line: Sequence[str]) -> Answer:
    """The line, and where a limit refuses it, with that limit let go as the refusal says."""
    words = (line[0], "--yes", *line[1:]) if line[0] != "citizen" else (*line, "--yes")
    answer = counter.type(*words)
    allowing = _ALLOWING.search(" ".join(answer.err.split()))
    return counter.type(*words, **{allowing[1]: allowing[2]}) if allowing else answer


def bank_decides(counter: Counter, truth: Truth) -> None:
    """Every other dispute is lost."""
    for number, (charge, dispute) in enumerate(truth.disputes.items()):
        is_won = bool(number % 2)
        account = counter.sandboxed.app.stripe.account
        account.close_dispute(dispute, at=counter.sandboxed.app.now(), won=is_won)
        if not is_won:
            truth.lost.add(charge)


def held(counter: Counter, truth: Truth) -> Tally[str]:
    """By citizen, in hundredths: what came from the processor for payments, less what went back."""
    found: Tally[str] = Tally()
    for row in counter.rows():
        if row["Type"] != "transfer_ducats" or row["StratagemId"].startswith("cascade_manual_"):
            continue
        payer, payee = row["ExecutedBy"], row["TargetCitizen"]
        is_back = payee == PROCESSOR and row["StratagemId"].startswith("cascade_")
        if row["Status"] != "executed" or not (payer == PROCESSOR or is_back):
            continue
        found[payee if payer == PROCESSOR else payer] += _amount(row) * (-1 if is_back else 1)
    for payment in truth.arrived:
        found[truth.buyers[payment]] += _hundredths(truth.sales[payment].ducats)
    return +found


def _amount(row: dict[str, Any]) -> int:
    notes, _ = json.JSONDecoder().raw_decode(row["Notes"])
    return _hundredths(notes["amount"])


def _hundredths(ducats: float | str) -> int:
    return round(Decimal(str(ducats)) * 100)


def debts(counter: Counter) -> int:
    """In hundredths: what is to come back, and was put off since nobody has it."""
    items = night(counter, "--all").data["items"]
    soon = counter.now() + timedelta(days=20)
    put_off = [i for i in items if i["decision"] and i["decision"]["until"]]
    late = [i for i in put_off if datetime.fromisoformat(i["decision"]["until"]) > soon]
    return sum(_hundredths(item["ducats_at_risk"]) for item in late)


def owed(counter: Counter, truth: Truth) -> Tally[str]:
    """By citizen, in hundredths: what was bought and whose money is there."""
    found: Tally[str] = Tally()
    with counter.sandboxed.app.stripe.account.writing(counter.now()) as writer:
        for payment, sale in truth.sales.items():
            charge = writer.get("charge", sale.charge["id"])
            back = charge["amount"] if charge["id"] in truth.lost else charge["amount_refunded"]
            share = 1 - back / charge["amount"]
            found[truth.buyers[payment]] += round(_hundredths(sale.ducats) * share)
    return +found
