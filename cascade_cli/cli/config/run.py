"""`cascade config`: reads settings and asks no service."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from cascade_cli.cli.config.text import SettingRow, Shop, show_settings
from cascade_cli.cli.doctor.text import document as checks_document
from cascade_cli.cli.doctor.text import show as show_checks
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.doctor.findings import Level
from cascade_cli.errors import ExitCode
from cascade_cli.settings import SETTINGS, STRIPE_KEY
from cascade_cli.settings.found_values import FoundValues
from cascade_cli.settings.locations import PROFILE, STATE_DIR, short
from cascade_cli.settings.settings_file import Place
from cascade_cli.settings.sources import Form, Source
from cascade_cli.settings.values import Setting
from cascade_cli.wiring.connection import REPLACED_IN_SANDBOX
from cascade_cli.wiring.doctor import examine_locally

# The part of a secret that tells its sort and nothing else.
_SORT = re.compile(r"(?:[sr]k_(?:live|test)_|whsec_|pat(?=[A-Za-z0-9]{8})|[a-z+]+://)")


def show(session: Session) -> Outcome:
    """Every setting. Raises SettingsError if the settings file cannot be read."""
    values = session.found
    session.enter_sandbox(values)
    shown = [_row_of(setting, values, in_sandbox=session.sandbox) for setting in SETTINGS]
    shop = _shop(session, values)
    data = {**vars(shop), "settings": [one.document for one in shown]}
    return Outcome(data, lambda session: show_settings(session.console(), shop, shown))


def check(session: Session) -> Outcome:
    """Check all settings. Exit code 4 if one is red; broken settings raise no exception."""
    checks = examine_locally(session)
    is_red = any(check.level is Level.RED for check in checks)
    return Outcome(
        checks_document(session, checks),
        lambda session: show_checks(session, checks, left_out=_NO_SERVICE),
        ExitCode.SETTINGS if is_red else ExitCode.OK,
    )


_NO_SERVICE = "No service was asked. To try the keys: cascade doctor"


def _row_of(setting: Setting, values: FoundValues, *, in_sandbox: bool) -> SettingRow:
    source, name = values.source(setting.name), setting.name
    if in_sandbox and name in REPLACED_IN_SANDBOX:
        return SettingRow(setting, "the sandbox's own", Source(Place.DEFAULT, name))
    if source.problem:
        return SettingRow(setting, None, source)
    if source.form is not Form.VALUE:
        return SettingRow(setting, _place_of(source), source)
    written = values.get(name, "").strip()
    if not written:
        return SettingRow(setting, setting.default or None, Source(Place.DEFAULT, name))
    if name == STATE_DIR.name:
        return SettingRow(setting, short(Path(written)), source)
    return SettingRow(setting, masked(written) if setting.secret else written, source)


def _place_of(source: Source) -> str:
    """Where a secret is. Of a command only the first word, because the others may hold a key."""
    if source.form is Form.COMMAND:
        try:
            return f"what {shlex.split(source.written)[0]} prints"
        except (ValueError, IndexError):
            return "not a command"
    return f"what is in {source.written}" if source.form is Form.FILE else source.written


def masked(secret: str) -> str:
    """Which sort of key it is, and nothing of the key."""
    sort = _SORT.match(secret)
    return f"{sort[0] if sort else ''}…"


def _shop(session: Session, values: FoundValues) -> Shop:
    file = values.file
    return Shop(
        profile=values.profile,
        mode=_mode(session),
        file=short(file.path) if file else "",
        chosen_by=_chosen_by(session, values),
        state_folder=short(session.folder),
    )


def _mode(session: Session) -> str:
    """`live`, `test` or `sandbox`; empty if that cannot be known without fetching the key."""
    if session.sandbox:
        return "sandbox"
    found = session.found.source(STRIPE_KEY.name)
    if found.form is not Form.VALUE or found.problem:
        return ""
    match = re.match(r"[sr]k_(live|test)_", found.written.strip())
    return match[1] if match else ""


def _chosen_by(session: Session, values: FoundValues) -> str:
    if values.file is None:
        return ""
    if values.file.place is Place.PROFILE:
        if session.profile:
            return "--profile"
        return PROFILE.name if session.environ.get(PROFILE.name, "").strip() else "default"
    return "--env-file" if values.file.place is Place.ENV_FILE else "this folder"
