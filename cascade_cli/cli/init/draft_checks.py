"""Tries a draft's settings with doctor's probes, before anything is written."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Sequence
from pathlib import Path

from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.doctor import airtable, stripe
from cascade_cli.domain.doctor.findings import Check, Level
from cascade_cli.errors import CascadeError, ServiceError, SettingsError
from cascade_cli.settings import AIRTABLE_BASE, JOURNAL_URL
from cascade_cli.settings.locations import STATE_DIR, short
from cascade_cli.settings.profile_draft import Draft, draft_of, profiles_of_base
from cascade_cli.settings.sources import names_of
from cascade_cli.wiring.doctor import examine_areas, journal_knows

STRIPE_AREAS = frozenset({"stripe", "rights"})
BASE_AREAS = frozenset({"airtable", "schema", "processor", "mode"})
JOURNAL_AREAS = frozenset({"journal"})
ALL_AREAS = STRIPE_AREAS | BASE_AREAS | JOURNAL_AREAS
_NEEDED = frozenset({"settings", "airtable", "mode"}) | STRIPE_AREAS | JOURNAL_AREAS
_NO_ANSWER = {
    finding.code
    for finding in (stripe.UNREACHABLE, stripe.FAILING, airtable.UNREACHABLE, airtable.FAILING)
} | {airtable.QUOTA.code}


_REFUSED = {stripe.KEY_REFUSED.code, airtable.TOKEN_REFUSED.code}


def is_refused(wrong: Sequence[Check]) -> bool:
    """Whether the key itself is wrong, so that it is no use to try it again."""
    return any(check.code in _REFUSED or check.area == "settings" for check in wrong)


def may_be_kept(wrong: Sequence[Check]) -> bool:
    """Whether the value may be kept: not if every command would refuse it before its first
    request."""
    return not any(check.area == "settings" for check in wrong)


def go_by(session: Session, draft: Draft) -> None:
    """From now on the session uses the draft's settings, as if the profile were already written."""
    session.profile, session.env_file = draft.name, None
    session.found = draft.values(session.environ, session.secrets.append)


def tried(session: Session, draft: Draft, areas: Collection[str]) -> list[Check]:
    """What doctor says of these areas, and of the settings that they need."""
    go_by(session, draft)
    checks = examine_areas(session, areas, lambda error: _tell_bug(session, error))
    return [c for c in checks if c.area in areas or set(c.closes).intersection(areas)]


def wrong_settings(session: Session, draft: Draft) -> list[Check]:
    """The settings that cannot be used, whatever they are about."""
    go_by(session, draft)
    checks = examine_areas(session, (), lambda error: _tell_bug(session, error))
    return [check for check in checks if check.level is Level.RED]


def obstacles(checks: Sequence[Check]) -> list[Check]:
    """What must be right before the profile is of use. The base and the processor can follow."""
    return [check for check in checks if check.level is Level.RED and check.area in _NEEDED]


def refusal(checks: Sequence[Check]) -> CascadeError:
    """The error for obstacles that nobody can be asked about."""
    told = "; ".join(_in_one_sentence(check) for check in checks)
    silent = all(check.code in _NO_ANSWER for check in checks)
    kind = ServiceError if silent else SettingsError
    return kind(f"No profile was written. {told}.", checks[0].advice)


def _in_one_sentence(check: Check) -> str:
    found = check.found.rstrip(".")
    return found if found.startswith(check.name) else f"{check.name}: {found}"


def go_on_with_journal(session: Session, draft: Draft, *, takes_over: bool) -> str:
    """Let a new profile use the journal that already serves its base, and say which it is.

    Two journals for one base would each know half of what was credited. Empty if there is none.
    """
    base = draft.lines.get(AIRTABLE_BASE.name, "").strip()
    given = {STATE_DIR.name, *names_of(JOURNAL_URL)}.intersection(draft.lines)
    if given or not (draft.is_new or AIRTABLE_BASE.name in draft.changed):
        return ""
    for other in profiles_of_base(base, AIRTABLE_BASE, draft.name):
        for name in names_of(JOURNAL_URL):
            if other.written.get(name, "").strip():
                draft.put(JOURNAL_URL, other.written[name].strip(), name)
                return f"the journal of {other}, which has the same base"
        folder = _state_of(session, other.profile)
        draft.put(STATE_DIR, str(folder))
        return f"the journal of {other}, which has the same base ({short(folder)})"
    root = session.found.root.absolute()
    # Without the profile the file that was taken over is still there to be used, with its journal.
    if takes_over or journal_knows(session, root, base):
        draft.put(STATE_DIR, str(root))
        return f"the journal that served this base so far ({short(root)})"
    return ""


def _state_of(session: Session, profile: str) -> Path:
    other = draft_of(profile).values(session.environ, session.secrets.append)
    return Path(other[STATE_DIR.name]).expanduser().absolute()


def _tell_bug(session: Session, error: Exception) -> None:
    if session.verbose:
        session.say("".join(traceback.format_exception(error)))
