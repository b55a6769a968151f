"""From an invocation to connected services: the live ones, or the sandbox.

This is the only file of the wiring that knows the sandbox. It imports it only if asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from cascade_cli.adapters.http.pacing import ChangePace, PaceFile, Pacers, Pacing
from cascade_cli.errors import SettingsError
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
    strays,
)
from cascade_cli.settings.found_values import FoundValues
from cascade_cli.settings.locations import state_folder
from cascade_cli.settings.sources import Form
from cascade_cli.wiring import Invocation
from cascade_cli.wiring.journal import ShopJournal
from cascade_cli.wiring.journal_memory import DeliveriesKnown, KeptAllocations, RulingsKnown
from cascade_cli.wiring.reading import Wiring, wire_reading
from cascade_cli.wiring.state_folder import make_state_folder

REPLACED_IN_SANDBOX = {
    setting.name
    for setting in (
        *(STRIPE_KEY, WEBHOOK_SECRET, ENDPOINT_SECRET, STRIPE_URL),
        *(AIRTABLE_KEY, AIRTABLE_BASE, AIRTABLE_URL),
        *(VENICE_KEY, VENICE_URL),
        JOURNAL_URL,
    )
}
"""What --sandbox replaces, so that no live key is read, let alone sent."""


# The token that creates payments at `cascade --sandbox serve`, unless another is set. Not a secret.
SANDBOX_TOKEN = "sandbox_api_token"  # noqa: S105


@contextmanager
def connected(invocation: Invocation, *, in_hurry: bool = True) -> Iterator[Wiring]:
    """The services that read, wired with checked settings, while the block lasts.

    If not `in_hurry`, the requests of others go first: the caller reads much, and nobody waits.
    """
    with effective(invocation) as values:
        settings = Settings.read(values)
        # Report an unusable folder before the first request.
        if not settings.journal_url:
            make_state_folder(invocation.folder)
        invocation.connected_to(settings)
        with closing(ShopJournal(invocation, settings)) as shop_journal:
            kept, pacers = partial(kept_pace, invocation, settings), invocation.pacers or Pacers()
            wiring = wire_reading(
                settings,
                shop_journal,
                invocation.say,
                KeptAllocations(shop_journal),
                past=DeliveriesKnown(shop_journal, settings.airtable_base, invocation.warn),
                pacing=Pacing(kept, in_hurry, pacers),
                rulings=RulingsKnown(shop_journal, invocation.warn),
                now=invocation.now,
            )
            try:
                yield wiring
            finally:
                if remark := wiring.clock.remark:
                    invocation.warn(remark)


_PACE_FOLDER = "pace"


def kept_pace(invocation: Invocation, settings: Settings, service: str) -> ChangePace:
    """A service's pace: kept in the journal's database if it is a server's, which several machines
    may share, else in the state folder."""
    # A hash can be a file name, whatever the service's address contains.
    name = sha256(service.encode()).hexdigest()[:16]
    if settings.journal_url and settings.journal_url.reveal().startswith("postgres"):
        from cascade_cli.adapters.journal.pace_row import PaceRow  # noqa: PLC0415 - costs 0.2 s

        return PaceRow(settings.journal_url.reveal(), name).change
    # A service's limit is the same for all profiles, so they share the pace.
    return PaceFile(invocation.found.root / _PACE_FOLDER / f"{name}.json").change


@contextmanager
def effective(invocation: Invocation) -> Iterator[Mapping[str, str]]:
    """The values as given, or with the sandbox's in place of the live ones, unfetched."""
    values = invocation.found
    invocation.enter_sandbox(values)
    if invocation.sandbox:
        with sandbox_values(invocation, values) as usable:
            yield usable
    else:
        for _, refusal in strays(values):
            raise refusal
        yield values


def sandbox_clock(folder: Path) -> Callable[[], datetime]:
    """The clock of the sandbox in a state folder. Raises SettingsError if its file is damaged."""
    from cascade_cli.sandbox.instance import ClockFileError, clock_of  # noqa: PLC0415 - see below

    clock = clock_of(folder)

    def now() -> datetime:
        try:
            return clock()
        except ClockFileError as error:
            raise SettingsError(
                f"{error}.",
                "Nothing was written. Remove the file: the sandbox then has the real time.",
            ) from error

    return now


@contextmanager
def sandbox_values(invocation: Invocation, values: FoundValues) -> Iterator[dict[str, str]]:
    """The values for the sandbox of this state folder. Its keys are not shown either, and no secret
    is fetched for it."""
    # Imported here because the live services need none of it.
    from cascade_cli.sandbox.instance import Connection, open_sandbox, rates  # noqa: PLC0415

    with open_sandbox(make_state_folder(state_folder(values))) as url:
        here = (name for name in values if values.source(name).form is Form.VALUE)
        kept = {name: values[name] for name in here if name not in REPLACED_IN_SANDBOX}
        # Pages of its own, so that a test payment ends on this machine.
        pay = f"{url}/stripe/pay"
        pages = {SUCCESS_URL.name: f"{pay}/thanks", CANCEL_URL.name: f"{pay}/cancelled"}
        token = {API_TOKEN.name: SANDBOX_TOKEN}
        # The user's own values replace the first three; nothing replaces the sandbox's services.
        usable = {**rates(url), **pages, **token, **kept, **Connection(url).settings()}
        invocation.secrets += [
            usable[one.name] for one in SETTINGS if one.secret and one.name in usable
        ]
        yield usable
