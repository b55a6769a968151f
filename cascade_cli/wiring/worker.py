"""Who runs this invocation."""

from __future__ import annotations

import getpass
import os
import secrets
import socket

from cascade_cli.domain.records.journal_entries import Worker


def this_worker(command: str, base: str = "") -> Worker:
    """Who runs this command, where, and for which shop's base; an empty `base` means all shops."""
    host, pid = socket.gethostname(), os.getpid()
    return Worker(secrets.token_hex(8), host, pid, operator(), command, base)


def operator() -> str:
    """The user's name, or the uid: in a container, a user may have no name."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return f"uid {os.getuid()}"
