"""`cascade init`: gathers the settings of one shop, tries them, and writes one profile."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from cascade_cli.cli.doctor.text import document
from cascade_cli.cli.init import draft_checks
from cascade_cli.cli.init.guide import Guide
from cascade_cli.cli.init.steps import Steps
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session, failure
from cascade_cli.domain.doctor.findings import Check
from cascade_cli.errors import GuardError, SettingsError, UsageError
from cascade_cli.settings import AIRTABLE_BASE, AIRTABLE_KEY, SANDBOX, SETTINGS, STRIPE_KEY, strays
from cascade_cli.settings.found_values import FoundValues
from cascade_cli.settings.locations import PROFILE, short
from cascade_cli.settings.profile_draft import Draft, draft_of
from cascade_cli.settings.profiles import check_name, default_profile, set_default_profile
from cascade_cli.settings.settings_file import SettingsFile, dot_env, named_file
from cascade_cli.settings.sources import names_of
from cascade_cli.wiring.doctor import visible_bases

_FIRST_NAME = "shop"


def init(session: Session, name: str | None, *, no_input: bool, json: bool) -> Outcome:
    """Ask, try, write, and offer what comes next. Raises UsageError, GuardError, SettingsError,
    ServiceError, OutputError; then nothing was written."""
    _refuse_sandbox(session)
    file = named_file(session.env_file) if session.env_file else None
    named = _named(session, name)
    if no_input:
        return _unasked(session, named, file)
    _check_somebody_is_there(json=json)
    guide = Guide(session)
    try:
        steps, draft, checks = _asked(session, named, file, guide)
        written = _written(session, draft, checks)
    except KeyboardInterrupt:
        guide.tell("", "Nothing was written.")
        raise
    guide.tell("", *written.told)
    done = steps.begin()
    return Outcome(None, lambda session: _show_next(session, done))


def _refuse_sandbox(session: Session) -> None:
    if session.sandbox or session.environ.get(SANDBOX.name, "").strip() == "1":
        raise UsageError(
            "The sandbox needs no set-up: it has keys, a base and a processor of its own.",
            "For your own shop, leave out --sandbox and CASCADE_SANDBOX. To look at the sandbox: "
            "cascade reconcile --since 7d",
        )


def _check_somebody_is_there(*, json: bool) -> None:
    if json:
        raise UsageError(
            "With --json nothing can be asked. Nothing was written.", "Add --no-input."
        )
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise GuardError(
            "Nothing was written: there is no terminal, so nobody can be asked for the keys.",
            "Put the settings into the environment, and add --no-input.",
        )


def _named(session: Session, name: str | None) -> str:
    """The profile that the command line or the environment names; may be empty."""
    if name and session.profile and name != session.profile:
        raise UsageError(
            f"{name!r} and --profile {session.profile!r} are two profiles. Nothing was written.",
            "Name one of them.",
        )
    chosen = name or session.profile or session.environ.get(PROFILE.name, "").strip()
    return _checked(session, chosen) if chosen else ""


def _checked(session: Session, name: str) -> str:
    """A name for a file, and no key that was pasted too early. Raises SettingsError."""
    if session.redacted(name) != name:
        raise SettingsError(
            "That is a key, and no name for a profile. Nothing was written.",
            "Name the profile like the shop. The keys are asked for later, hidden.",
        )
    return check_name(name)


def _unasked(session: Session, named: str, file: SettingsFile | None) -> Outcome:
    draft = draft_of(named or default_profile() or _FIRST_NAME)
    draft.take(session.environ, file)
    draft_checks.go_by(session, draft)
    _check_keys(session)
    _find_base(session, draft)
    kept = draft_checks.go_on_with_journal(session, draft, takes_over=file is not None)
    checks = draft_checks.wrong_settings(session, draft)
    # If a setting stands in the way, no profile is written, so the keys need not be tried.
    if not draft_checks.obstacles(checks):
        checks += draft_checks.tried(session, draft, draft_checks.ALL_AREAS)
    wrong = draft_checks.obstacles(checks)
    if wrong:
        return failure(draft_checks.refusal(wrong), _document(session, draft, checks))
    if kept:
        session.say(f"Profile {draft.name} uses {kept}.")
    written = _written(session, draft, checks)

    def show(session: Session) -> None:
        if not session.quiet:
            Guide(session).show(checks, fine=session.verbose)
        _print(session, written.told)
        _show_next(session)

    return Outcome(written.document, show)


def _check_keys(session: Session) -> None:
    missing = [s.name for s in (STRIPE_KEY, AIRTABLE_KEY) if not session.found.get(s.name)]
    if missing:
        are = "are" if len(missing) > 1 else "is"
        raise SettingsError(
            f"{' and '.join(missing)} {are} not set. No profile was written.",
            "With --no-input they come from the environment (NAME, NAME_FILE or NAME_COMMAND) or "
            "from the file of --env-file.",
        )


def _find_base(session: Session, draft: Draft) -> None:
    """If none is set, the one that the token sees. Raises SettingsError for none or several."""
    if draft.lines.get(AIRTABLE_BASE.name, "").strip():
        return
    bases = visible_bases(session)
    if bases and len(bases) == 1:
        draft.put(AIRTABLE_BASE, bases[0].id)
        return
    seen = ", ".join(f"{base.id} ({base.name})" for base in bases or ())
    raise SettingsError(
        f"{AIRTABLE_BASE.name} is not set, and the token "
        + (f"sees several bases: {seen}." if bases else "shows no base.")
        + " No profile was written.",
        f"Set {AIRTABLE_BASE.name} in the environment: the app… in the address of Venice's base.",
    )


def _asked(
    session: Session, named: str, file: SettingsFile | None, guide: Guide
) -> tuple[Steps, Draft, list[Check]]:
    guide.tell(
        "Sets up a shop: asks for its keys, tries each, and writes one profile.",
        "Until that is written, Ctrl-C leaves everything as it was.",
        "",
    )
    draft = draft_of(named or _ask_name(session, guide))
    state = "a new profile" if draft.is_new else "change what you like, Enter keeps the rest"
    guide.tell(f"Profile {draft.name} ({short(draft.file)}): {state}.", style="bold")
    file = file or _offered(session, draft, guide)
    taken = draft.take(session.environ, file)
    for where in dict.fromkeys(source.where for source in taken):
        names = ", ".join(source.name for source in taken if source.where == where)
        guide.tell(f"  Taken from {where}: {names}")
    draft_checks.go_by(session, draft)
    steps = Steps(session, draft, guide)
    checks = steps.gather(takes_over=file is not None)
    guide.show(draft_checks.wrong_settings(session, draft))
    return steps, draft, checks


def _ask_name(session: Session, guide: Guide) -> str:
    while True:
        name = guide.ask("Name of the profile", default_profile() or _FIRST_NAME)
        try:
            return _checked(session, name)
        except SettingsError as error:
            guide.tell(f"  {error.message} {error.hint}")


def _offered(session: Session, draft: Draft, guide: Guide) -> SettingsFile | None:
    """The `.env` of this folder, if a new profile may begin with it and the person wants that."""
    here, ours = _dot_env_names()
    if here is None or not ours or not draft.is_new:
        return None
    values = FoundValues(SETTINGS, {}, here, session.secrets.append)
    refused = any(values.source(name).problem for name in values) or [*strays(values)]
    if refused:
        guide.tell(
            "  The .env here runs commands, reads files or names other hosts. If you trust it:",
            f"  cascade --env-file .env init {draft.name}",
        )
        return None
    guide.tell(f"  The .env here has {', '.join(ours)}.")
    return here if guide.agrees("Take them over?", default=True) else None


def _dot_env_names() -> tuple[SettingsFile | None, list[str]]:
    """The `.env` of this folder, and which of our settings stand in it. Raises SettingsError."""
    here = dot_env()
    names = {name for setting in SETTINGS for name in names_of(setting)}
    return here, [name for name in here.written if name in names] if here else []


@dataclass(frozen=True)
class _Written:
    """What became of the profile."""

    draft: Draft
    changed: list[str]
    is_default: bool
    stands_behind_dot_env: bool
    document: dict[str, Any]

    @property
    def told(self) -> list[str]:
        """For people."""
        draft = self.draft
        what = "Written" if draft.is_new else "Changed" if self.changed else "Nothing new in"
        lines = [f"{what}: {short(draft.file)}, which only you may read."]
        if self.changed and not draft.is_new:
            lines.append(f"  {', '.join(self.changed)}")
        if self.is_default:
            lines.append(f"Profile {draft.name} is the default from now on.")
        if self.stands_behind_dot_env:
            lines.append("In this folder the .env still counts, unless you name the profile.")
        return lines


def _written(session: Session, draft: Draft, checks: Sequence[Check]) -> _Written:
    """Write the profile. The first one becomes the default."""
    changed = draft.changed
    draft.write()
    is_first = not default_profile()
    if is_first:
        set_default_profile(draft.name)
    data = _document(session, draft, checks)
    data |= {"changed": changed, "default": is_first}
    return _Written(draft, changed, is_first, bool(_dot_env_names()[1]), data)


def _document(session: Session, draft: Draft, checks: Sequence[Check]) -> dict[str, Any]:
    return {
        "file": str(draft.file),
        "new": draft.is_new,
        "base": draft.lines.get(AIRTABLE_BASE.name) or None,
        **document(session, checks),
    }


_NEXT = {
    "doctor": "every check",
    "reconcile --since 7d": "the payments of a week",
    "schedule cron": "the line for every night",
    "help nightly": "alerts, backups, memory",
}


def _show_next(session: Session, done: Collection[str] = ()) -> None:
    """What is left to do; `done` are the commands that have just run."""
    lines = {
        session.completed(f"cascade {words}"): meaning
        for words, meaning in _NEXT.items()
        if words.partition(" ")[0] not in done
    }
    width = max(map(len, lines))
    _print(session, ["", "Next:", *(f"  {line:{width}}  {lines[line]}" for line in lines)])


def _print(session: Session, lines: Sequence[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{escape(session.completed(line))}\n")
