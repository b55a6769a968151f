"""The steps of `cascade init` with a person: each key is tried as soon as it was typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from cascade_cli.cli.app import run
from cascade_cli.cli.config.run import masked
from cascade_cli.cli.init import draft_checks
from cascade_cli.cli.init.guide import Guide
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.doctor.airtable import Base
from cascade_cli.domain.doctor.findings import Check
from cascade_cli.domain.doctor.processor import MISSING
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import CascadeError
from cascade_cli.settings import (
    AIRTABLE_BASE,
    AIRTABLE_KEY,
    JOURNAL_URL,
    STRIPE_KEY,
    WEBHOOK_SECRET,
)
from cascade_cli.settings.profile_draft import Draft
from cascade_cli.settings.sources import names_of
from cascade_cli.settings.values import Setting
from cascade_cli.wiring.doctor import visible_bases

_BASE = re.compile(r"app[A-Za-z0-9]+")
_SIGNING = "whsec_"


@dataclass(frozen=True)
class Key:
    """One key as it is asked for."""

    setting: Setting
    page: str
    told: tuple[str, ...]


STRIPE = Key(
    STRIPE_KEY,
    "https://dashboard.stripe.com/apikeys/create",
    (
        "Stripe: a restricted key (rk_…), with these rights and no other:",
        "  Read   Charges, PaymentIntents, Disputes: to reconcile",
        "         Events, Refunds, Checkout Sessions, Webhook Endpoints: for the rest",
        "         Invoices, Prices, Subscriptions: if you sell subscriptions",
        "  Write  Checkout Sessions, PaymentIntents, Products: only to sell with cascade",
    ),
)
AIRTABLE = Key(
    AIRTABLE_KEY,
    "https://airtable.com/create/tokens",
    (
        "Airtable: a token (pat…) for Venice's base alone, with these scopes:",
        "  data.records:read   to reconcile",
        "  data.records:write  to move ducats",
        "  schema.bases:read   to find the base and check its fields",
    ),
)
WEBHOOK = Key(
    WEBHOOK_SECRET,
    "https://dashboard.stripe.com/webhooks",
    ("Webhook: its signing secret (whsec_…), only if Stripe sends events here.",),
)


class Steps:
    """The questions, in their order. Nothing is written before all of them are answered."""

    def __init__(self, session: Session, draft: Draft, guide: Guide) -> None:
        self._session, self._draft, self._guide = session, draft, guide
        self._of_base: list[Check] = []
        self._done: set[str] = set()

    def gather(self, *, takes_over: bool) -> list[Check]:
        """Ask for everything that the profile needs; returns what the probes of the base found."""
        self._key(STRIPE, lambda: self._tried(draft_checks.STRIPE_AREAS))
        self._key(AIRTABLE, self._base)
        self._webhook()
        self._journal(takes_over=takes_over)
        return self._of_base

    def _key(self, key: Key, try_it: Callable[[], list[Check]]) -> None:
        """Ask until it works, or until the person wants it nevertheless."""
        self._guide.tell("", *key.told)
        self._guide.tell(f"  Make it at {key.page}")
        enter = "Enter keeps {}"
        while True:
            before = dict(self._draft.lines)
            self._ask_key(key, enter)
            wrong = draft_checks.obstacles(try_it())
            if not wrong or (draft_checks.may_be_kept(wrong) and self._keeps()):
                return
            enter = "Enter tries {} again"
            if draft_checks.is_refused(wrong):
                self._draft.lines = before

    def _keeps(self) -> bool:
        return self._guide.agrees("Keep it nevertheless?", default=False)

    def _ask_key(self, key: Key, enter: str) -> None:
        while True:
            known = self._shown(key)
            told = enter.format(known) if known else "Enter opens that page"
            typed = self._guide.ask_hidden(f"{key.setting.name} (hidden; {told})")
            if typed:
                self._draft.put(key.setting, typed)
            if typed or known:
                return
            self._guide.open(key.page)

    def _shown(self, key: Key) -> str:
        """What it is now, without what is secret; empty if it is not set."""
        for name in names_of(key.setting):
            if written := self._draft.lines.get(name, "").strip():
                return masked(written) if name == key.setting.name else f"what {name} says"
        return ""

    def _tried(self, areas: Collection[str]) -> list[Check]:
        with self._guide.trying():
            checks = draft_checks.tried(self._session, self._draft, areas)
        self._guide.show(checks)
        return checks

    def _base(self) -> list[Check]:
        """Find the base with the token that was just typed, and try both."""
        draft_checks.go_by(self._session, self._draft)
        try:
            with self._guide.trying():
                bases = visible_bases(self._session)
        except CascadeError:
            # The probes say it in full, and with what to do.
            return self._tried_without_base()
        self._draft.put(AIRTABLE_BASE, self._chosen(bases))
        self._of_base = self._tried(draft_checks.BASE_AREAS)
        return self._of_base

    def _tried_without_base(self) -> list[Check]:
        known = self._draft.lines.get(AIRTABLE_BASE.name, "")
        self._draft.put(AIRTABLE_BASE, known or _NOWHERE)
        self._of_base = self._tried(frozenset({"airtable"}))
        self._draft.put(AIRTABLE_BASE, known)
        return self._of_base

    def _chosen(self, bases: list[Base] | None) -> str:
        known = self._draft.lines.get(AIRTABLE_BASE.name, "").strip()
        if bases and len(bases) == 1 and known in {"", bases[0].id}:
            self._guide.tell(f"  The token sees one base: {bases[0].name} ({bases[0].id})")
            return bases[0].id
        if bases:
            self._guide.tell(f"  The token sees {format_count(len(bases), 'base')}:")
            listed = (f"  {n:3}  {base.id}  {base.name}" for n, base in enumerate(bases, 1))
            self._guide.tell(*listed)
        else:
            self._guide.tell(
                "  The token shows no base. Type the app… in the address of Venice's base."
            )
        while True:
            hint = "AIRTABLE_BASE_ID, or its number" if bases else "AIRTABLE_BASE_ID"
            typed = self._guide.ask(hint, known)
            if bases and typed.isdecimal() and 1 <= int(typed) <= len(bases):
                return bases[int(typed) - 1].id
            if _BASE.fullmatch(typed):
                return typed
            self._guide.tell("  A base's id has the form appXXXXXXXXXXXXXX.")

    def _webhook(self) -> None:
        self._guide.tell("", *WEBHOOK.told, f"  Find it at {WEBHOOK.page}")
        while True:
            known = self._shown(WEBHOOK)
            enter = f"Enter keeps {known}" if known else "Enter: none"
            typed = self._guide.ask_hidden(f"{WEBHOOK.setting.name} (hidden; {enter})")
            if not typed:
                return
            if all(part.startswith(_SIGNING) for part in typed.split(",")):
                self._draft.put(WEBHOOK.setting, typed)
                return
            self._guide.tell(f"  A signing secret begins with {_SIGNING}. Nothing was taken.")

    def _journal(self, *, takes_over: bool) -> None:
        self._guide.tell("", "Journal: keeps anybody from being paid twice.")
        kept = draft_checks.go_on_with_journal(self._session, self._draft, takes_over=takes_over)
        if kept:
            self._guide.tell(f"  This profile uses {kept}.")
        before = dict(self._draft.lines)
        while True:
            if not kept:
                self._ask_journal()
            checks = self._tried(draft_checks.JOURNAL_AREAS)
            wrong = draft_checks.obstacles(checks)
            if not wrong or self._keeps():
                return
            self._draft.lines, kept = dict(before), ""

    def _ask_journal(self) -> None:
        is_set = any(name in self._draft.lines for name in names_of(JOURNAL_URL))
        enter = "Enter keeps it" if is_set else "Enter: a file on this machine"
        self._guide.tell("  If several machines move ducats, they must share one: postgresql://…")
        typed = self._guide.ask_hidden(f"{JOURNAL_URL.name} (hidden; {enter})")
        if typed:
            self._draft.put(JOURNAL_URL, typed)

    def begin(self) -> set[str]:
        """Offer what comes next, now that the profile is written. Returns the commands that ran."""
        if any(check.code == MISSING.code for check in self._of_base):
            self._guide.tell("", "The processor, the citizen who pays the ducats, does not exist.")
            if self._guide.agrees("Create this citizen in the base now?", default=False):
                self._type("citizen", "setup")
        self._guide.tell("", "A first look: the payments of the last 7 days. It only reads.")
        if self._guide.agrees("Reconcile now?", default=True):
            self._type("reconcile", "--since", "7d")
        self._guide.tell("", "Every night: a line for cron, or units for systemd. It only prints.")
        how = self._guide.choose("Print which", ("cron", "systemd", "none"), "cron")
        if how != "none":
            self._type("schedule", how)
        return self._done

    def _type(self, *words: str) -> None:
        """Run a command as if the person had typed it; whatever it comes to, we go on."""
        session = self._session
        switches = {"--no-color": session.no_color, "--no-pager": not session.pages}
        self._guide.tell(f"  $ {command(*words)}", style="bold")
        self._done.add(words[0])
        run([*(s for s, on in switches.items() if on), *session.options, *words])


_NOWHERE = "app0"
"""A base that nobody has, for as long as none is chosen."""
