"""What the `cascade sandbox …` commands do."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from cascade_cli.cli.sandbox.options import CitizenChange, EventRequest, SeedOptions, ServeOptions
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.option_values import duration_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.signals import arrivals
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.times import CLOCK_TOLERANCE, format_moment, format_span, rfc3339
from cascade_cli.errors import LockedError, ServiceError, UsageError
from cascade_cli.sandbox import instance
from cascade_cli.sandbox.advance import LONGEST, Advance, Happening
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.clock import SandboxClock
from cascade_cli.sandbox.seed import seed as write_seed
from cascade_cli.sandbox.stripe import Mischief, StripeError
from cascade_cli.sandbox.venice import Residents
from cascade_cli.wiring.journal import SANDBOX_JOURNAL
from cascade_cli.wiring.state_folder import make_state_folder

STRATAGEMS = "STRATAGEMS"
CITIZEN_CHANGES = "add NAME, remove NAME, rename OLD NEW, or stipend"


def serve(session: Session, options: ServeOptions) -> Outcome:
    """Serve until SIGTERM or Ctrl-C."""
    engine_seconds, folder = options.engine_seconds, session.folder
    with (
        opened(session, options) as app,
        translated_errors(),
        instance.serving(app, folder, port=options.port, engine_every=engine_seconds) as url,
        # A reader of the lines below may send SIGTERM at once.
        arrivals() as signals,
    ):
        webhooks = options.webhooks or ()
        for webhook in webhooks:
            _register(app, webhook)
        if options.engine_notices:
            app.airtable.tables.use_legacy_notifications()
        signal.signal(signal.SIGTERM, lambda *_: None)
        shift = instance.clock_of(folder).shift
        sys.stdout.write(_connection(url, webhooks, shift))
        sys.stdout.flush()
        while signal.SIGTERM not in signals.wait():
            pass
    return Outcome({"url": url}, lambda _session: None)


def _register(app: SandboxApp, webhook: str) -> None:
    try:
        app.stripe.account.register_webhook(webhook, at=app.now(), secret=instance.WEBHOOK_SECRET)
    except StripeError as error:
        raise UsageError(f"--webhook: {error}.") from error


def _connection(url: str, webhooks: Sequence[str], shift: timedelta) -> str:
    """The settings of any client, ready to be pasted into a shell or a .env file."""
    clock = [f"# its clock {compared(shift)}"] if shift else []
    webhook_lines = [f"# Stripe's events go to {escape(webhook)}" for webhook in webhooks]
    lines = [f"{name}={value}" for name, value in instance.Connection(url).settings().items()]
    head = f"# the sandbox is at {url}; `cascade --sandbox …` finds it"
    return "\n".join([head, *clock, *webhook_lines, *lines, ""])


def compared(shift: timedelta) -> str:
    """How the sandbox's clock compares with this machine's: the end of a sentence."""
    if abs(shift) < CLOCK_TOLERANCE:
        return "agrees with this machine's"
    return (
        f"is {format_span(shift)} {'ahead of' if shift > timedelta(0) else 'behind'} this machine's"
    )


def seed(session: Session, options: SeedOptions) -> Outcome:
    """Fill an empty sandbox."""
    with opened(session) as app, translated_errors():
        report = write_seed(app, **_of_scenario(options), until=app.now())
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(report.kinds.items()))
    text = f"Seeded {report.payments} payments of {report.citizens} citizens: {kinds or 'none'}."
    data = {"scenario": report.scenario, "payments": report.payments, "kinds": report.kinds}
    return text_outcome(data, text)


def _of_scenario(options: SeedOptions) -> dict[str, Any]:
    return {name: value for name, value in asdict(options).items() if name != "story"}


def run_engine(
    session: Session, only: str | None, fail_at: str | None, kill_after: str | None
) -> Outcome:
    """One run of Venice's engine over the sandbox's base."""
    with opened(session) as app, translated_errors():
        known = {row["fields"].get("StratagemId") for row in app.airtable.tables.select(STRATAGEMS)}
        if only is not None and only not in known:
            raise UsageError(f"The sandbox has no stratagem {only!r}.", "Nothing was executed.")
        ran = app.engine.run(only=only, fail_at=fail_at, kill_after=kill_after)
    executed = format_count(len(ran.executed), "stratagem")
    lines = [f"The engine executed {executed}; {len(ran.failed)} failed."]
    lines += [f"  failed: {escape(stratagem_id)}" for stratagem_id in ran.failed]
    if ran.killed_at:
        lines.append(f"  killed at {escape(ran.killed_at)}, {_KILLED[str(kill_after)]}")
    elif kill_after:
        lines.append("  It was not killed: no stratagem got that far.")
    killed_at = ran.killed_at or None
    data = {"executed": ran.executed, "failed": ran.failed, "killed_at": killed_at}
    return text_outcome({**data}, "\n".join(lines))


_KILLED = {
    "payer": "between the two balances: the row is active, and the next run takes it again.",
    "balances": "before the status: the row is active, and the next run pays again.",
    "status": "before the notices: nobody is told.",
}


def advance(session: Session, span: str, *, engine: bool) -> Outcome:
    """Let time pass in the sandbox. Raises UsageError if the span is empty or too long."""
    duration = duration_option("sandbox advance", span)
    if not duration or duration > LONGEST:
        raise UsageError(
            f"The clock can advance by 1s to {LONGEST.days}d, not by {span}. It was not moved."
        )
    clock = instance.clock_of(session.folder)
    with opened(session) as app, translated_errors():
        happened = list(Advance(app, clock, engine=engine).by(duration))
    now = clock()
    data = {
        "now": rfc3339(now),
        "ahead_seconds": round(clock.shift.total_seconds()),
        "happened": [_happened_document(one) for one in happened],
    }
    return text_outcome(data, "\n".join([*_happened_lines(happened), shown_time(now, clock)]))


def shown_time(now: datetime, clock: SandboxClock) -> str:
    """A sentence with the sandbox's time, and how its clock compares with this machine's."""
    return f"It is {format_moment(now)} in the sandbox: its clock {compared(clock.shift)}."


def _happened_lines(happened: list[Happening]) -> list[str]:
    quiet = sum(one.is_quiet for one in happened)
    lines = [f"{format_moment(one.at)}  {escape(one.text)}" for one in happened if not one.is_quiet]
    for one in happened:
        lines += [f"  failed: {escape(name)}" for name in one.failed]
    return lines + ([f"{format_count(quiet, 'engine run')} found nothing to do."] if quiet else [])


def _happened_document(one: Happening) -> dict[str, Any]:
    return {**asdict(one), "at": rfc3339(one.at)}


def citizen(session: Session, change: CitizenChange) -> Outcome:
    """Change the embedded base. Raises UsageError, and changes nothing, for an unknown change."""
    with opened(session) as app, translated_errors():
        data, text = _changed(app.residents, change)
    return text_outcome({"step": change.step, **data}, text)


def _changed(residents: Residents, change: CitizenChange) -> tuple[dict[str, object], str]:
    match (change.step, change.name, change.new_name):
        case ("add", str(name), None):
            made = residents.add(name, ducats=change.ducats, social_class=change.social_class)
            text = f"{escape(name)} is in Venice, as the new record {made['id']}."
            return {"citizen": name, "record_id": made["id"]}, text
        case ("remove", str(name), None):
            gone = residents.remove(name)
            text = f"{escape(name)} is no longer in Venice."
            return {"citizen": name, "record_id": gone["id"]}, text
        case ("rename", str(name), str(new)):
            same = residents.rename(name, new)
            text = f"{escape(name)} is called {escape(new)} now; stratagems keep the old name."
            return {"citizen": new, "record_id": same["id"]}, text
        case ("stipend", None, None):
            paid = residents.pay_stipends()
            return {"citizens": paid}, f"{len(paid)} Innovatori got 3,000 ducats each."
        case _:
            raise UsageError(
                f"That is not a change of a citizen. Choose one of: {CITIZEN_CHANGES}.",
                "Nothing was changed.",
            )


def event(session: Session, wish: EventRequest) -> Outcome:
    """Send the event. Raises UsageError for invalid JSON, and for an event that Stripe could not
    send."""
    subject = None if wish.subject is None else _json("--object", wish.subject)
    pairs = [text.partition("=") for text in wish.said or ()]
    said = {name: _json(f"--set {name}", value) for name, _, value in pairs}
    with opened(session) as app, translated_errors():
        account, at = app.stripe.account, app.now()
        try:
            made = account.announce(
                wish.type, at=at, subject=subject, said=said, lacking=wish.lacking or ()
            )
        except StripeError as error:
            raise UsageError(str(error), "Nothing was sent.") from error
    return text_outcome(
        {"id": made["id"], "type": wish.type}, f"{made['id']}: {escape(wish.type)}."
    )


def _json(option: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise UsageError(f"{option}: {text[:80]!r} is not JSON.", "Nothing was sent.") from None


def reset(session: Session) -> Outcome:
    """Remove the sandbox's state."""
    with translated_errors():
        instance.reset(session.folder)
    # The sandbox's journal goes, too: without the rows, its promises would seem broken.
    for suffix in ("", "-wal", "-shm"):
        (session.folder / f"{SANDBOX_JOURNAL}{suffix}").unlink(missing_ok=True)
    return text_outcome({}, "The sandbox is empty; the next --sandbox command seeds it again.")


def text_outcome(data: dict[str, object], text: str) -> Outcome:
    """An outcome that is one text for people."""
    return Outcome(data, lambda _session: _print(text))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


@contextmanager
def opened(session: Session, options: ServeOptions | None = None) -> Iterator[SandboxApp]:
    """For `with`: the sandbox of this state folder, running by its own clock."""
    ahead = options.ahead if options else timedelta(0)
    folder = make_state_folder(session.folder)
    clock, path = instance.clock_of(folder), instance.state_path(folder)
    app = (
        SandboxApp(
            path,
            now=lambda: clock() + ahead,
            airtable_rate=options.airtable_rate,
            stripe_rate=options.stripe_rate,
            latency_seconds=options.latency,
            mischief=Mischief(options.webhook_twice, options.webhook_shuffle),
        )
        if options
        else SandboxApp(path, now=clock)
    )
    with closing(app):
        yield app


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turns the sandbox's exceptions into ours."""
    try:
        yield
    except instance.SandboxRunningError as error:
        raise LockedError(f"{error}.") from error
    except ValueError as error:
        raise UsageError(f"{error}.") from error
    except OSError as error:
        raise ServiceError(f"The sandbox cannot be served: {error.strerror}.") from error
