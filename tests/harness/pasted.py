"""A printed command as a shell takes it."""

from __future__ import annotations

import os
import subprocess


def pasted(line: str) -> list[str]:
    """The words that bash makes of it, in a locale that knows no UTF-8."""
    shell = ["bash", "--norc", "-c", f"printf '%s\\0' {line}"]
    done = subprocess.run(shell, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout.decode().split("\0")[:-1]
