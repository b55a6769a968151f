"""Reads a secret from a file of its own, from a command's output, or from the desktop's keyring.

No error repeats what was read or what a command printed, because that may contain a key.
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


def read_file(path: Path, source: str) -> str:
    """The file's content without white space around it.

    `source` names the setting and its place, for errors. Raises SettingsError.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "a file cannot have such a name"
        raise SettingsError(
            f"{source}: {str(path)!r} cannot be read: {why}.",
            "Name a file that this user may read, and that holds only the value.",
        ) from None
    if len(content) > _MOST_BYTES:
        raise SettingsError(
            f"{source}: {str(path)!r} is too long for a key.",
            "Name a file that holds only the key.",
        )
    return _as_text(content, f"{source}: {str(path)!r}")


def output_of_command(command: str, folder: Path, environ: Mapping[str, str], source: str) -> str:
    """What the command prints. It is run without a shell. Raises SettingsError."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise SettingsError(
            f"{source} is not a command: it is empty, or a quote is not closed. Nothing was run.",
            "Write it as in a shell, such as: pass show stripe/live",
        )
    what = f"{source}: the command {words[0]!r}"
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
            f"{what} was stopped, because it had not ended after {_COMMAND_SECONDS} s.",
            "Run it by hand: it may be waiting for a password.",
        ) from None
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or "a command cannot have such a name"
        raise SettingsError(
            f"{what} cannot be run: {why}.", "Check its name, and that it is in PATH."
        ) from None
    if ended.returncode:
        raise SettingsError(
            f"{what} ended with exit code {ended.returncode}. Its output is not shown, because it "
            "may contain a key.",
            "Run it by hand to see why.",
        )
    return _as_text(ended.stdout, what)


def ask_keyring(address: str, source: str) -> str:
    """The password that the desktop's keyring holds for `SERVICE/USER`. Raises SettingsError."""
    service, slash, user = address.removeprefix(KEYRING).partition("/")
    if not (service and slash and user):
        raise SettingsError(
            f"{source} does not name an entry of the keyring.",
            f"Write it as {KEYRING}SERVICE/USER.",
        )
    try:
        import keyring  # noqa: PLC0415 - an extra
    except ImportError:
        raise SettingsError(
            f"{source}: the keyring cannot be asked, because the package keyring is not installed.",
            f"Install it: {command_to_add('keyring')}",
        ) from None
    try:
        found = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001 - each desktop's backend has exceptions of its own
        raise SettingsError(
            f"{source}: the keyring did not answer: {type(error).__name__}.",
            "Jobs of cron or systemd have no keyring. Use NAME_FILE, NAME_COMMAND or a credential.",
        ) from None
    if not found:
        raise SettingsError(
            f"{source}: the keyring has nothing for {service}/{user}.",
            f"Put it there: keyring set {shlex.quote(service)} {shlex.quote(user)}",
        )
    return found.strip()


def _as_text(content: bytes, source: str) -> str:
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        # The exception's own message would repeat the bytes.
        raise SettingsError(f"{source}: what was read is not text.", "A key is one word.") from None
    if not text:
        raise SettingsError(f"{source} gives an empty value.", "Put the value there.")
    return text
