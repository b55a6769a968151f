"""Writes a story into the sandbox: Stripe's objects at their moments, and Venice's rows as told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any
from urllib.parse import quote

from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.seed import prices
from cascade_cli.sandbox.seed.citizens import processor_fields
from cascade_cli.sandbox.seed.story.reading import Path, Places, StoryError
from cascade_cli.sandbox.seed.story.tables import (
    CitizenTable,
    DisputeTable,
    PartTable,
    PaymentTable,
    RefundTable,
    StoryTable,
    StratagemTable,
    SubscriptionTable,
)
from cascade_cli.sandbox.seed.transfers import KEYED_LIFE, LEGACY_LIFE, StratagemRow, Transfers
from cascade_cli.sandbox.stripe import StripeAccount, StripeError
from cascade_cli.sandbox.venice.transfer import failure_line, note_line

_TAKEN_AFTER = timedelta(minutes=10)
_WRITTEN_AFTER = timedelta(seconds=10)
_CARDS = {"declined": "pm_card_chargeDeclined"}
_UNNOTED = ("planned", "active", "expired", "cancelled")


class Teller:
    """Writes one story as of `now`. Raises StoryError if it contradicts itself or Stripe."""

    def __init__(
        self, account: StripeAccount, transfers: Transfers, places: Places, now: datetime
    ) -> None:
        self._account, self._transfers = account, transfers
        self._places, self._now = places, now

    def tell(self, story: StoryTable) -> None:
        """Write the whole story."""
        if story.processor.exists:
            at = self._now - timedelta(days=400)
            fields = {**processor_fields(at), "Ducats": story.processor.ducats}
            self._transfers.open_account(fields, at)
        for number, citizen in enumerate(story.citizen):
            self._add_citizen(citizen, ("citizen", number))
        for number, payment in enumerate(story.payment):
            self._pay(payment, ("payment", number))
        for number, subscription in enumerate(story.subscription):
            self._subscribe(subscription, ("subscription", number))
        for number, table in enumerate(story.stratagem):
            self._write_without_payment(table, ("stratagem", number))

    def _add_citizen(self, citizen: CitizenTable, path: Path) -> None:
        if self._transfers.has_account(citizen.name):
            raise self._wrong((*path, "name"), f"{citizen.name!r} is in Venice already")
        at = self._now - citizen.arrived
        fields = {
            "CitizenId": citizen.name,
            "Username": citizen.name,
            "SocialClass": citizen.social_class,
            "Ducats": citizen.ducats,
            "InVenice": True,
            "CreatedAt": at.isoformat(),
        }
        self._transfers.open_account(fields, at)

    def _pay(self, payment: PaymentTable, path: Path) -> None:
        ducats = sum(part.ducats for part in payment.part) or payment.ducats
        cents = payment.cents or (ducats and prices.custom(ducats).cents)
        if not cents:
            raise self._wrong(path, "say how many ducats, or how many cents")
        with self._stripe(path):
            charge = self._account.pay(
                amount=cents,
                currency=payment.currency,
                metadata=_metadata(payment),
                at=self._now - payment.at,
                payment_method=_CARDS.get(payment.state, "pm_card_visa"),
                capture=payment.state != "held",
            )
        for number, refund in enumerate(payment.refund):
            self._refund(
                charge, refund, self._within((*path, "refund", number), refund.at, payment.at)
            )
        for number, dispute in enumerate(payment.dispute):
            at = self._within((*path, "dispute", number), dispute.at, payment.at)
            self._dispute(charge, dispute, at)
        for number, table in enumerate(payment.stratagem):
            self._write(table, charge, payment, (*path, "stratagem", number))

    def _refund(self, charge: dict[str, Any], refund: RefundTable, path: Path) -> None:
        at = self._now - refund.at
        first = "succeeded" if refund.status == "failed" else refund.status
        first = "pending" if first == "canceled" else first
        with self._stripe(path):
            made = self._account.refund(charge["id"], at=at, amount=refund.cents, status=first)
            if first != refund.status:
                self._account.settle_refund(made["id"], at=at, status=refund.status)

    def _dispute(self, charge: dict[str, Any], dispute: DisputeTable, path: Path) -> None:
        at = self._now - dispute.at
        with self._stripe(path):
            made = self._account.dispute(
                charge["id"], at=at, status=dispute.status, amount=dispute.cents
            )
        before = dispute.at
        for number, stage in enumerate(dispute.stage):
            place = self._within((*path, "stage", number), stage.at, before)
            before = stage.at
            with self._stripe(place):
                self._account.turn_dispute(made["id"], at=self._now - stage.at, status=stage.status)

    def _subscribe(self, table: SubscriptionTable, path: Path) -> None:
        at, account = self._now - table.at, self._account
        cents = table.cents or prices.custom(table.ducats).cents
        bonus = f"_{table.bonus:g}" if table.bonus else ""
        product = f"cascade_ducats_{table.ducats:g}{bonus}".replace(".", "-")
        metadata = prices.metadata(table.citizen, table.ducats)
        del metadata["ducat_amount"]
        monthly = {
            "currency": table.currency,
            "unit_amount": cents,
            "product": product,
            "recurring": {"interval": "month"},
        }
        with self._stripe(path):
            with account.writing(at) as writer:
                is_known = writer.exists("product", product)
            if not is_known:
                account.create_product(at=at, id=product, name=product)
            session = account.create_checkout_session(
                at=at,
                mode="subscription",
                success_url="https://shop.example/thanks",
                line_items=[{"price_data": monthly, "quantity": 1}],
                subscription_data={"metadata": {**metadata, "sold_on": f"{at.date()}"}},
            )
            paid = account.complete_checkout(session["id"], at=at)
        id, invoice = paid["subscription"], paid["invoice"]
        sold = PaymentTable(table.at, table.citizen, table.ducats + (table.bonus or 0))
        self._write_for(table.stratagem, invoice, sold, path)
        before = table.at
        for number, step in enumerate(table.step):
            place = self._within((*path, "step", number), step.at, before)
            before = step.at
            with self._stripe(place):
                made = self._step(id, step.do, self._now - step.at)
            sold = PaymentTable(step.at, table.citizen, table.ducats + (table.bonus or 0))
            self._write_for(step.stratagem, made, sold, place)

    def _step(self, id: str, do: str, at: datetime) -> str:
        account = self._account
        match do:
            case "renew" | "fail":
                account.renew(id, at=at, fails=do == "fail")
            case "pay" | "pay-elsewhere":
                account.pay_invoice(id, at=at, elsewhere=do == "pay-elsewhere")
            case "cancel":
                account.cancel_subscription(id, at=at)
            case _:
                pause = {"behavior": "void"} if do == "pause" else None
                account.update_subscription(id, at=at, pause_collection=pause)
        return str(account.subscription(id, at=at)["latest_invoice"])

    def _write_for(
        self, rows: Sequence[StratagemTable], invoice: str, sold: PaymentTable, path: Path
    ) -> None:
        for number, table in enumerate(rows):
            place, at = (*path, "stratagem", number), self._now - sold.at
            with self._stripe(place), self._account.writing(at) as writer:
                charge = writer.get("charge", self._account.charge_of(invoice, at=at))
            self._write(table, charge, sold, place)

    def _write(
        self, table: StratagemTable, charge: dict[str, Any], sold: PaymentTable, path: Path
    ) -> None:
        """Write the row for a payment, or for one part of it."""
        whom, ducats, suffix = sold.citizen, sold.ducats, ""
        if sold.part:
            if table.part is None or table.part > len(sold.part):
                raise self._wrong((*path, "part"), f"say which: 1 to {len(sold.part)}")
            part = sold.part[table.part - 1]
            whom, ducats, suffix = part.citizen, part.ducats, f".{table.part}"
        citizen, amount = table.citizen or whom, table.ducats or ducats
        if citizen is None or amount is None:
            raise self._wrong(path, "say for which citizen, and how many ducats")
        written = self._now - sold.at + _WRITTEN_AFTER if table.at is None else self._now - table.at
        if table.at is not None:
            self._within(path, table.at, sold.at)
        at = min(written, self._now)
        if table.by == "legacy":
            row = self._transfers.legacy(citizen, amount, at)
        else:
            by = {"operator": "francesca"} if table.by == "operator" else {"event": "evt_story"}
            row = self._transfers.keyed(charge, citizen, amount, at, by)
            row = self._transfers.change(
                row, at, StratagemId=table.id or f"{row.fields['StratagemId']}{suffix}"
            )
        self._finish(row, table, path)

    def _write_without_payment(self, table: StratagemTable, path: Path) -> None:
        """Write a row that belongs to no payment of the story."""
        if table.at is None or table.citizen is None or table.ducats is None:
            raise self._wrong(path, "a stratagem without a payment needs at, citizen and ducats")
        at = self._now - table.at
        if table.by == "legacy":
            row = self._transfers.legacy(table.citizen, table.ducats, at)
        else:
            name = table.id or f"cascade_manual_{path[-1]}"
            reference = name.removeprefix("cascade_manual_")
            notes = {
                "source": "cascade",
                "amount": table.ducats,
                "reason": "Told in a story",
                "operator": "francesca",
                "reference": reference,
                "created_at": at.isoformat(),
            }
            row = self._transfers.order(name, table.citizen, notes, at, life=KEYED_LIFE)
        self._finish(row, table, path)

    def _finish(self, row: StratagemRow, table: StratagemTable, path: Path) -> None:
        """Give the row its status and the engine's lines in Notes, as the story says."""
        at = row.created_at
        life = table.lives or (LEGACY_LIFE if table.by == "legacy" else KEYED_LIFE)
        named = {"StratagemId": table.id} if table.id else {}
        notes = row.notes if table.notes is None else table.notes
        row = self._transfers.change(
            row, at, Notes=notes, ExpiresAt=(at + life).isoformat(), **named
        )
        ran = self._ran(row, table, path)
        if table.status == "executed":
            try:
                line = self._transfers.finish(row, ran).success_line(ran)
            except (ValueError, TypeError, AttributeError) as error:
                place = (*path, "notes")
                raise self._wrong(place, f"the engine cannot have executed this: {error}") from None
        elif table.status in _UNNOTED:
            line = ""
        else:
            text = table.error or "Processing error: Read timed out."
            line = failure_line(text) if table.status == "failed" else note_line(ran, text)
        notes = row.notes + line + "".join(f"\n{text}" for text in table.log)
        cells = {"Status": table.status, "Notes": notes, **table.cells}
        try:
            self._transfers.change(row, ran, **cells)
        except Refusal as refusal:
            raise self._wrong((*path, "cells"), f"Airtable refuses it: {refusal}") from refusal

    def _ran(self, row: StratagemRow, table: StratagemTable, path: Path) -> datetime:
        if table.ran is not None:
            self._within((*path, "ran"), table.ran, self._now - row.created_at)
            return self._now - table.ran
        at = row.created_at + _TAKEN_AFTER
        if table.status in _UNNOTED:
            return row.created_at
        if at > self._now:
            raise self._wrong(
                path, 'it is younger than ten minutes: say when it ran, such as ran = "1m"'
            )
        return at

    def _within(self, path: Path, ago: timedelta, before: timedelta) -> Path:
        """The path. Raises StoryError if something happened before what it follows."""
        if ago > before:
            place = path if path[-1] == "ran" else (*path, "at")
            raise self._wrong(place, "it would be earlier than what it follows")
        return path

    @contextmanager
    def _stripe(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (StripeError, ValueError) as error:
            if isinstance(error, StoryError):
                raise
            raise self._wrong(path, f"Stripe refuses it: {error}") from error

    def _wrong(self, path: Path, problem: str) -> StoryError:
        return StoryError(f"\n{self._places.located(path, problem)}")


def _metadata(payment: PaymentTable) -> dict[str, str]:
    written = prices.metadata(payment.citizen or "", payment.ducats or 0)
    if payment.citizen is None:
        del written["citizen_id"]
    if payment.ducats is None:
        del written["ducat_amount"]
    written |= _allocation(payment.part) if payment.part else {}
    return {name: text for name, text in (written | payment.metadata).items() if text}


def _allocation(parts: Sequence[PartTable]) -> dict[str, str]:
    """The metadata in which the shop keeps who gets how much of one payment."""
    groups = groupby(parts, key=lambda part: f"{part.ducats:.15g}")
    text = ";".join(
        f"{ducats}={','.join(quote(part.citizen, safe='') for part in group)}"
        for ducats, group in groups
    )
    total = f"{sum(part.ducats for part in parts):.15g}"
    digest = sha256(text.encode()).hexdigest()[:32]
    pieces = [text[at : at + 500] for at in range(0, len(text), 500)]
    numbered = {f"allocation_{number}": piece for number, piece in enumerate(pieces, start=1)}
    return {"allocation": f"1:{len(parts)}:{total}:{digest}"} | numbered
