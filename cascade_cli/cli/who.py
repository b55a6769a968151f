"""Who runs this invocation."""

from __future__ import annotations

import os
import secrets
import socket

from cascade_cli.cli.user import operator
from cascade_cli.domain.journal import Worker


def this_worker(command: str) -> Worker:
    """Who runs this command, where."""
    return Worker(secrets.token_hex(8), socket.gethostname(), os.getpid(), operator(), command)
