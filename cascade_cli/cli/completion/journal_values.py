"""Ids, citizens and profiles for a Tab: from the last complete run, the newest promises, and the
config folder.

Importing the journal's adapter with SQLAlchemy takes a quarter of a second. So this module reads
the journal's file directly, read-only and without waiting for a lock. A journal in a database
server is not read. What is found is only offered; nothing is decided by it.

Importing `cascade_cli.settings`, which finds the journal for commands, takes too long as well. So
`journal_place` finds it here, without fetching a secret, and a test compares the two.
Nothing is offered where the command would be refused, or where the journal's address is a secret
that has to be fetched: ids of another shop would be worse than none.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

_URL, _STATE, _SANDBOX = "CASCADE_JOURNAL_URL", "CASCADE_STATE_DIR", "CASCADE_SANDBOX"
_BASE, _PROFILE = "AIRTABLE_BASE_ID", "CASCADE_PROFILE"
_FETCHED = (f"{_URL}_FILE", f"{_URL}_COMMAND")
_NAMES = (*_FETCHED, _URL, _STATE, _SANDBOX, _BASE, _PROFILE)
_KEYS = ("STRIPE_SECRET_KEY", "AIRTABLE_API_KEY")
_NAMING_A_SHOP = (_BASE, *(key + form for key in _KEYS for form in ("", "_FILE", "_COMMAND")))
_OURS = re.compile(r"^\s*(?:export\s+)?(?:CASCADE|STRIPE|AIRTABLE|VENICE)_", re.MULTILINE)
_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_OTHERS_WRITE = 0o022
_NEWEST_CLAIMS = 500


def journal_values(
    source: str, kinds: Sequence[str], given: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """The words of that source, each with its description; none if nothing can be read.

    `kinds` are all kinds, the gravest first. `given` are the options on the line, which say which
    shop is meant.
    """
    try:
        if source == "profiles":
            return dict.fromkeys(profile_names(), "")
        place = journal_place(given, environ)
        if place is None or not os.path.isfile(place[0]):  # noqa: PTH113 - pathlib is slow to import
            return {}
        return _SOURCES[source](_Journal(*place, kinds))
    except (OSError, RuntimeError, ValueError, TypeError, AttributeError, KeyError, sqlite3.Error):
        # A Tab has no place for an error: without a readable journal it offers nothing.
        return {}


class _Journal:
    """The parts of a journal that are offered.

    `cases` are those of the last run, the gravest first, each with its kind and citizen. `claims`
    are the newest StratagemIds, each with its citizen.
    """

    def __init__(self, file: str, base: str, kinds: Sequence[str]) -> None:
        place = file.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=0)) as opened:
            gravity = {kind: rank for rank, kind in enumerate(kinds)}
            found = list(_cases(opened, base))
            found.sort(key=lambda case: gravity.get(case[1][0], len(kinds)))
            self.cases = dict(found)
            self.claims = dict(_claims(opened, base))


def _cases(opened: sqlite3.Connection, base: str) -> Iterator[tuple[str, tuple[str, str]]]:
    statement = "SELECT body FROM cascade_marks WHERE name LIKE 'reconcile %' AND ? IN ('', base)"
    for (body,) in opened.execute(statement, (base,)):
        document = json.loads(body)
        # Runs of an older cascade did not record citizens.
        citizens = document.get("citizens", {})
        for name, kind in document["open"].items():
            yield name, (kind, citizens.get(name, ""))


def _claims(opened: sqlite3.Connection, base: str) -> Iterator[tuple[str, str]]:
    statement = "SELECT key, citizen FROM cascade_claims WHERE ? IN ('', base)"
    newest = f"{statement} ORDER BY first_at DESC LIMIT {_NEWEST_CLAIMS}"
    yield from opened.execute(newest, (base,))


def _ids(journal: _Journal) -> dict[str, str]:
    return {name: _description(*case) for name, case in journal.cases.items()}


def _description(kind: str, citizen: str) -> str:
    return ", ".join(filter(None, (kind.replace("_", " "), citizen)))


def _payments(journal: _Journal) -> dict[str, str]:
    return {name: about for name, about in _ids(journal).items() if not name.startswith("rec")}


def _transfers(journal: _Journal) -> dict[str, str]:
    return {**_ids(journal), **journal.claims}


def _citizens(journal: _Journal) -> dict[str, str]:
    """Each citizen with the kinds of their cases."""
    found = dict.fromkeys((c for _, c in journal.cases.values() if c), "")
    for kind, citizen in journal.cases.values():
        if citizen and kind.replace("_", " ") not in found[citizen].split(", "):
            found[citizen] = ", ".join(filter(None, (found[citizen], kind.replace("_", " "))))
    return found | {citizen: "" for citizen in journal.claims.values() if citizen not in found}


_SOURCES: dict[str, Callable[[_Journal], dict[str, str]]] = {
    "cases": _ids,
    "payments": _payments,
    "transfers": _transfers,
    "keys": lambda journal: dict(journal.claims),
    "citizens": _citizens,
    "cases or citizens": lambda journal: _transfers(journal) | _citizens(journal),
}


def journal_place(given: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The journal's file, and the base whose part of it counts: empty for the sandbox's own.

    None where it lies in a database server, or nobody can say. `given` are the options of the line.
    Raises ValueError and OSError where the command would be refused.
    """
    chosen, profile = _chosen(given, environ)
    written = _read(chosen) if chosen else {}
    if written.get(_PROFILE, "").strip():
        raise ValueError("a file of settings that chooses another one")
    settings = {**written, **environ}
    if profile:
        state = written.get(_STATE, "").strip()
        settings[_STATE] = state or _in(_state_folder(environ), "profiles", profile)
    if "--sandbox" in given or settings.get(_SANDBOX, "").strip() == "1":
        return _in(_state_folder(settings), "sandbox-journal.sqlite3"), ""
    if profile:
        settings |= _shop_identity(written, environ)
    file, base = _file(settings), settings.get(_BASE, "").strip()
    # Without a base its commands are refused; other shops may have a part in its journal.
    return None if not file or (profile and not base) else (file, base)


def _file(settings: Mapping[str, str]) -> str:
    credential = _in(settings.get("CREDENTIALS_DIRECTORY", ""), _URL)
    if any(settings.get(name, "").strip() for name in _FETCHED) or os.path.isfile(credential):  # noqa: PTH113 - pathlib takes as long to import as all the rest
        return ""
    if url := settings.get(_URL, "").strip():
        scheme, _, place = url.partition(":///")
        return place.partition("?")[0] if scheme.partition("+")[0] == "sqlite" else ""
    return _in(_state_folder(settings), "journal.sqlite3")


def _shop_identity(written: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The base and the journal's address that the profile sets. Raises ValueError where the
    environment contradicts them."""
    own = {name: written[name] for name in (_BASE, _URL) if written.get(name, "").strip()}
    for name, value in own.items():
        if environ.get(name, "").strip() not in {"", value.strip()}:
            raise ValueError(f"{name} differs")
    return own


def _chosen(given: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, str]:
    """The settings file in use, and its profile's name; each is empty if there is none."""
    if named := given.get("--env-file"):
        if given.get("--profile"):
            raise ValueError("two files of settings")
        return os.path.expandvars(os.path.expanduser(named)), ""  # noqa: PTH111
    if profile := given.get("--profile") or environ.get(_PROFILE, "").strip():
        return _profile_file(profile), profile
    here = ".env" if os.path.isfile(".env") else ""  # noqa: PTH113
    if not (here and _OURS.search(_text(here))) and (usual := _default_profile(given, environ)):
        return _profile_file(usual), usual
    return here, ""


def _default_profile(given: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """Empty where there is none, and where something else names a shop."""
    in_sandbox = "--sandbox" in given or environ.get(_SANDBOX, "").strip() == "1"
    credentials = environ.get("CREDENTIALS_DIRECTORY", "")
    if in_sandbox or any(environ.get(name, "").strip() for name in _NAMING_A_SHOP):
        return ""
    if credentials and any(os.path.isfile(_in(credentials, key)) for key in _KEYS):  # noqa: PTH113
        return ""
    file = _in(_config_folder(), "default-profile")
    return _text(file).strip() if os.path.lexists(file) else ""


def _profile_file(name: str) -> str:
    """Raises ValueError for one that cascade would not read."""
    if not _PROFILE_NAME.fullmatch(name):
        raise ValueError("no name for a profile")
    file = _in(_config_folder(), "profiles", f"{name}.env")
    found = os.stat(file)  # noqa: PTH116
    if found.st_uid not in {0, os.geteuid()} or stat.S_IMODE(found.st_mode) & _OTHERS_WRITE:
        raise ValueError("somebody else may have written it")
    return file


def profile_names() -> list[str]:
    """Those that this user has, in alphabetical order. Raises OSError."""
    files = sorted(os.listdir(_in(_config_folder(), "profiles")))  # noqa: PTH208
    names = (file.removesuffix(".env") for file in files if file.endswith(".env"))
    return [name for name in names if _PROFILE_NAME.fullmatch(name)]


def _read(file: str) -> dict[str, str]:
    """What a file says of these settings. To import its parser takes half the time of a Tab, and
    is done only for what is not plainly NAME=value."""
    text = _text(file)
    found: dict[str, str] = {}
    for name in _NAMES:
        plain = re.findall(rf"^(?:export )?{name}=('?)([\w./:~-]*)\1$", text, re.MULTILINE)
        if len(plain) != len(re.findall(rf"{name}\b", text)):
            return _parsed(file)
        found |= dict.fromkeys([name] if plain else [], "".join(v for _, v in plain[-1:]))
    return found


def _parsed(file: str) -> dict[str, str]:
    from dotenv import dotenv_values  # noqa: PLC0415

    return {name: value or "" for name, value in dotenv_values(file, interpolate=False).items()}


def _text(file: str) -> str:
    with open(file, encoding="utf-8") as opened:  # noqa: PTH123
        return opened.read()


def _state_folder(settings: Mapping[str, str]) -> str:
    if chosen := settings.get(_STATE):
        return os.path.expanduser(chosen) if chosen.startswith("~/") else chosen  # noqa: PTH111
    if folder := _on_linux("XDG_STATE_HOME", "~/.local/state"):
        return folder
    from platformdirs import user_state_path  # noqa: PLC0415 - only where it is asked

    return str(user_state_path("cascade"))


def _config_folder() -> str:
    if folder := _on_linux("XDG_CONFIG_HOME", "~/.config"):
        return folder
    from platformdirs import user_config_path  # noqa: PLC0415 - as above

    return str(user_config_path("cascade"))


def _on_linux(variable: str, usual: str) -> str:
    """The folder by the XDG rules, without platformdirs, which takes half the time of a Tab; empty
    where these rules do not say."""
    root = os.environ.get(variable, "").strip() or os.path.expanduser(usual)  # noqa: PTH111
    is_plain = sys.platform == "linux" and root.startswith("/") and bool(os.environ.get("HOME"))
    return _in(root, "cascade") if is_plain else ""


def _in(*parts: str) -> str:
    return os.path.join(*parts)  # noqa: PTH118
