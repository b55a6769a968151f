"""From global options to connected services: the live ones, or the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial

from cascade_cli.adapters.http.pacing import Pacers, Pacing
from cascade_cli.cli.terminal.hyperlinks import Hyperlinks
from cascade_cli.cli.terminal.session import Session
from cascade_cli.settings import (
    AIRTABLE_BASE,
    AIRTABLE_KEY,
    AIRTABLE_URL,
    API_TOKEN,
    CANCEL_URL,
    ENDPOINT_SECRET,
    JOURNAL_URL,
    SETTINGS,
    STRIPE_KEY,
    STRIPE_URL,
    SUCCESS_URL,
    VENICE_KEY,
    VENICE_URL,
    WEBHOOK_SECRET,
    Settings,
    gather_values,
    strays,
)
from cascade_cli.settings.place import state_folder
from cascade_cli.wiring.journal_memory import DeliveriesKnown, KeptAllocations, RulingsKnown
from cascade_cli.wiring.reading import Wiring, wire_reading
from cascade_cli.wiring.sandbox_switch import enter_sandbox
from cascade_cli.wiring.state_folder import kept_pace, make_state_folder

# What --sandbox replaces, so that no live key is read, let alone sent.
_LIVE = (
    *(STRIPE_KEY, WEBHOOK_SECRET, ENDPOINT_SECRET, STRIPE_URL),
    *(AIRTABLE_KEY, AIRTABLE_BASE, AIRTABLE_URL),
    *(VENICE_KEY, VENICE_URL),
    JOURNAL_URL,
)


# What creates payments at `cascade --sandbox serve` unless another is set: no secret.
SANDBOX_TOKEN = "sandbox_api_token"  # noqa: S105


@contextmanager
def connected(session: Session, *, in_hurry: bool = True) -> Iterator[Wiring]:
    """The services that read, wired with checked settings, while the block lasts.

    What is not `in_hurry` lets the requests of others go first: it reads much, and nobody waits.
    """
    with effective(session, gather_values(session.environ, session.env_file)) as values:
        settings = Settings.read(values)
        if not settings.journal_url:
            make_state_folder(session.folder)
        session.links = _links(settings)
        with closing(KeptAllocations(session, settings)) as allocations:
            known = DeliveriesKnown(session, settings)
            rulings = RulingsKnown(session, settings)
            pacing = Pacing(
                partial(kept_pace, session, settings), in_hurry, session.pacers or Pacers()
            )
            wiring = wire_reading(
                settings, session.say, allocations, known, pacing, rulings=rulings
            )
            try:
                yield wiring
            finally:
                if remark := wiring.clock.remark:
                    session.warn(remark)


def _links(settings: Settings) -> Hyperlinks | None:
    """What is read from any other address stands in no dashboard."""
    addresses = (settings.stripe_url, settings.airtable_url)
    if addresses != (STRIPE_URL.default, AIRTABLE_URL.default):
        return None
    return Hyperlinks(settings.airtable_base, settings.livemode)


@contextmanager
def effective(session: Session, values: dict[str, str]) -> Iterator[dict[str, str]]:
    """The values as given, or with the sandbox's in place of the live ones; none is shown."""
    enter_sandbox(session, values)
    if session.sandbox:
        with _sandbox_values(values) as sandbox_values:
            _hide(session, sandbox_values)
            yield sandbox_values
    else:
        _hide(session, values)
        for _, refusal in strays(values, session.environ, session.env_file):
            raise refusal
        yield values


def _hide(session: Session, values: Mapping[str, str]) -> None:
    # Before they are read: what is said about a wrong setting may repeat a key as well.
    secret = {setting.name for setting in SETTINGS if setting.secret}
    session.secrets += [value.strip() for name, value in values.items() if name in secret]


@contextmanager
def _sandbox_values(values: dict[str, str]) -> Iterator[dict[str, str]]:
    # The live services need none of it.
    from cascade_cli.sandbox.instance import Connection, open_sandbox, rates  # noqa: PLC0415

    with open_sandbox(make_state_folder(state_folder(values))) as url:
        kept = {name: v for name, v in values.items() if name not in {s.name for s in _LIVE}}
        # Pages of its own, so that a test payment ends on this machine.
        pay = f"{url}/stripe/pay"
        pages = {SUCCESS_URL.name: f"{pay}/thanks", CANCEL_URL.name: f"{pay}/cancelled"}
        token = {API_TOKEN.name: SANDBOX_TOKEN}
        yield {**rates(url), **pages, **token, **kept, **Connection(url).settings()}
