"""`cascade profile`: lists the profiles in the user's config folder, and chooses the default."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, dataclass

from rich.text import Text

from cascade_cli.cli.terminal.console import LIVE
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.errors import OutputError, SettingsError, UsageError
from cascade_cli.settings import AIRTABLE_BASE, STRIPE_KEY
from cascade_cli.settings.locations import short
from cascade_cli.settings.profiles import (
    default_profile,
    profile_file,
    profile_names,
    profiles_folder,
    set_default_profile,
)
from cascade_cli.settings.settings_file import read_profile


@dataclass(frozen=True)
class ListedProfile:
    """One profile. `mode` and `base` are empty if its file does not say them."""

    name: str
    mode: str
    base: str
    file: str
    is_default: bool
    is_in_use: bool
    problem: str = ""


def list_profiles(session: Session) -> Outcome:
    """All profiles, including those that cannot be used."""
    usual, in_use = default_profile(), session.profile_in_use
    listed = [_listed(name, usual, in_use) for name in profile_names()]
    data = {
        "default": usual or None,
        "folder": short(profiles_folder()),
        "profiles": [asdict(one) for one in listed],
    }
    return Outcome(data, lambda session: _show(session, listed, usual))


def _listed(name: str, usual: str, in_use: str) -> ListedProfile:
    mode = base = problem = ""
    try:
        written = read_profile(name).written
    except SettingsError as error:
        problem = error.message
    else:
        # A key in another file, or printed by a command, is not fetched for a list.
        key = re.match(r"[rs]k_(live|test)_", written.get(STRIPE_KEY.name, "").strip())
        mode, base = key[1] if key else "", written.get(AIRTABLE_BASE.name, "").strip()
    file = short(profile_file(name))
    return ListedProfile(name, mode, base, file, name == usual, name == in_use, problem)


def _show(session: Session, listed: list[ListedProfile], usual: str) -> None:
    console = session.console()
    if not listed:
        place = short(profile_file("NAME"))
        console.print(Text(f"There is no profile. A profile is a settings file, such as {place}."))
        console.print(Text("To make one: cascade init"))
        return
    width = max(len(one.name) for one in listed)
    for one in listed:
        mark, mode = "* " if one.is_default else "  ", Text(f"{one.mode or 'mode unknown'}")
        mode.stylize(LIVE if one.mode == "live" else "")
        line = Text(f"{mark}{one.name:{width}}  ", "bold" if one.is_in_use else "not bold")
        line.append_text(mode).append(f"  {escape(one.base) or 'no base'}")
        console.print(line.append(f"  {escape(one.problem or one.file)}", "dim"), soft_wrap=True)
    told = f"* {usual} is the default" if usual else "There is no default"
    choose = session.completed("cascade profile default NAME")
    console.print(Text(f"{told}: {choose} chooses another.", "dim"))


def choose_default(name: str | None, *, none: bool) -> Outcome:
    """Make a profile the default, or none. Raises UsageError, SettingsError, OutputError."""
    if bool(name) == none:
        raise UsageError("Name one profile, or use --none.", "Nothing was changed.")
    try:
        set_default_profile(name or "")
    except OSError as error:
        raise OutputError(
            f"The default profile could not be saved: {error.strerror}.", "Nothing was changed."
        ) from error
    text = f"The default profile is {name}." if name else "There is no default profile."
    return Outcome({"default": name}, lambda _session: _print(text))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
