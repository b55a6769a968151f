"""Secrets that stand in no settings file: another file, a command's output, the desktop's keyring.

No error repeats what was read, nor what a command said: a key may be in it.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cascade_cli.errors import SettingsError
from cascade_cli.settings.installation import command_to_add

KEYRING = "keyring:"
_MOST_BYTES = 65_536
# Long enough to unlock a password manager by hand.
_COMMAND_SECONDS = 60


def read_file(path: Path, told: str) -> str:
    """The file's content without the line's end. `told` is the setting and where it stands.

    Raises SettingsError.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "no file has such a name"
        raise SettingsError(
            f"{told}: {str(path)!r} cannot be read: {why}.",
            "Name a file that holds nothing but the value, and that this user may read.",
        ) from None
    if len(content) > _MOST_BYTES:
        raise SettingsError(
            f"{told}: {str(path)!r} is too long for a key.", "Name a file that holds nothing else."
        )
    return _as_text(content, f"{told}: {str(path)!r}")


def run_command(command: str, folder: Path, environ: Mapping[str, str], told: str) -> str:
    """What it prints, read through a pipe; no shell is used. Raises SettingsError."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise SettingsError(
            f"{told} is no command: a quote is open, or it is empty. Nothing was run.",
            "Write it as in a shell, such as: pass show stripe/live",
        )
    said = f"{told}: the command {words[0]!r}"
    try:
        ended = subprocess.run(  # noqa: S603 - the user's own command, and no shell
            words,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SettingsError(
            f"{said} printed nothing for {_COMMAND_SECONDS} s, and was ended.",
            "Run it by hand: it may be waiting for a password.",
        ) from None
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "no such name"
        raise SettingsError(
            f"{said} cannot be run: {why}.", "Check its name, and that it is in PATH."
        ) from None
    if ended.returncode:
        raise SettingsError(
            f"{said} ended with exit code {ended.returncode}. What it said is not shown, since a "
            "key may stand in it.",
            "Run it by hand to see why.",
        )
    return _as_text(ended.stdout, said)


def ask_keyring(address: str, told: str) -> str:
    """The password that the desktop's keyring holds for `SERVICE/USER`. Raises SettingsError."""
    service, slash, user = address.removeprefix(KEYRING).partition("/")
    if not (service and slash and user):
        raise SettingsError(
            f"{told} does not name an entry of the keyring.", f"Write it as {KEYRING}SERVICE/USER."
        )
    try:
        import keyring  # noqa: PLC0415 - an extra
    except ImportError:
        raise SettingsError(
            f"{told}: the keyring cannot be asked, for the package keyring is not installed.",
            f"Install it: {command_to_add('keyring')}",
        ) from None
    try:
        found = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001 - each desktop's backend has exceptions of its own
        raise SettingsError(
            f"{told}: the keyring did not answer: {type(error).__name__}.",
            "A job by cron or systemd has no keyring: use NAME_FILE, NAME_COMMAND or a credential.",
        ) from None
    if not found:
        raise SettingsError(
            f"{told}: the keyring has nothing for {service}/{user}.",
            f"Put it there: keyring set {shlex.quote(service)} {shlex.quote(user)}",
        )
    return found.strip()


def _as_text(content: bytes, told: str) -> str:
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        # Its own message would repeat the bytes.
        raise SettingsError(f"{told}: what was read is no text.", "A key is one word.") from None
    if not text:
        raise SettingsError(f"{told} gives nothing but an empty text.", "Put the value there.")
    return text
