"""The user of this process and those of files, and the worker that an invocation is."""

from __future__ import annotations

import getpass
import os
import secrets
import socket

from cascade_cli.domain.records.journal_entries import Worker


def operator() -> str:
    """The user's name; in a container there may be none, but for a number."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return f"uid {os.getuid()}"


def system_user() -> str:
    """The user as a unit of systemd names one: a number where there is no name."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return str(os.getuid())


def name_of(uid: int) -> str:
    """An owner's name; a number where the system knows none."""
    try:
        from pwd import getpwuid  # noqa: PLC0415 - not on every system

        return getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return f"uid {uid}"


def this_worker(command: str, base: str = "") -> Worker:
    """Who runs this command, where, and for which shop's base; without one, to look at all."""
    host, pid = socket.gethostname(), os.getpid()
    return Worker(secrets.token_hex(8), host, pid, operator(), command, base)
