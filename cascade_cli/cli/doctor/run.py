"""`cascade doctor`: from settings, however broken, to an outcome."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from cascade_cli.adapters.key_files import inspect_file, read_names
from cascade_cli.cli.doctor.text import document, show
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.doctor import machine, settings
from cascade_cli.domain.doctor.findings import Check, Level
from cascade_cli.errors import ExitCode, SettingsError
from cascade_cli.services.doctor import Doctor
from cascade_cli.services.doctor_settings import examine_settings
from cascade_cli.settings import SANDBOX, SETTINGS, gather_values, strays
from cascade_cli.settings.place import DEFAULT_FILE
from cascade_cli.wiring.connection import effective, enter_sandbox
from cascade_cli.wiring.doctor import instruments

_KNOWN = [setting.name for setting in SETTINGS]
_SECRET = {setting.name for setting in SETTINGS if setting.secret}


def doctor(session: Session) -> Outcome:
    """Check everything. Exit code 4 if something is red. Broken settings raise nothing."""
    file_checks, values = _gather(session)
    with _effective(session, values) as (switch_checks, usable):
        examined = examine_settings(usable)
        with closing(instruments(session, examined.settings, usable)) as tools:
            known = [*examined.checks, *switch_checks, *file_checks]
            checks = Doctor(tools, lambda error: _tell_bug(session, error)).examine(known)
    is_red = any(check.level is Level.RED for check in checks)
    return Outcome(
        document(session, checks),
        lambda session: show(session, checks),
        ExitCode.SETTINGS if is_red else ExitCode.OK,
    )


def _gather(session: Session) -> tuple[list[Check], dict[str, str]]:
    """The checks of the settings file, and the values that could be read."""
    file = session.env_file or Path(DEFAULT_FILE)
    try:
        values = gather_values(session.environ, session.env_file)
        named = read_names(file) if file.is_file() else {}
    except (SettingsError, OSError) as error:
        found = error.message if isinstance(error, SettingsError) else f"{file}: {error.strerror}"
        here = {name: session.environ[name] for name in _KNOWN if name in session.environ}
        return [settings.UNREADABLE.seen(found)], here
    checks = list(settings.judge_names({*named, *session.environ}, _KNOWN))
    secrets = {name for name in _SECRET if named.get(name, "").strip()}
    checks += machine.judge_file(inspect_file(file, secrets) if file.is_file() else None)
    return checks, values


@contextmanager
def _effective(
    session: Session, values: dict[str, str]
) -> Iterator[tuple[list[Check], Mapping[str, str]]]:
    """The values to go on with: the sandbox's if it is asked for.

    A switch that is neither 1 nor 0 is red, and so is an address that may not get a live key.
    """
    switch, checks = values.get(SANDBOX.name, "").strip(), []
    if switch not in {"", "0", "1"}:
        found = f"{SANDBOX.name} is {switch!r}."
        checks.append(settings.WRONG.seen(found, name=SANDBOX.name, advice="Set it to 1 or 0."))
        values = {name: value for name, value in values.items() if name != SANDBOX.name}
    enter_sandbox(session, values)
    strange = [] if session.sandbox else strays(values, session.environ, session.env_file)
    for setting, refusal in [*strange]:
        checks.append(settings.WRONG.seen(refusal.message, name=setting.name, advice=refusal.hint))
        values = {name: value for name, value in values.items() if name != setting.name}
    with effective(session, values) as usable:
        yield checks, usable


def _tell_bug(session: Session, error: Exception) -> None:
    if session.verbose:
        session.say("".join(traceback.format_exception(error)))
