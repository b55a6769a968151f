"""A desktop's keyring for the library `keyring`: PYTHON_KEYRING_BACKEND names the class, and the
file in KEYRING_FILE holds `SERVICE/USER=PASSWORD` in each line."""

from __future__ import annotations

import os
from pathlib import Path

from keyring.backend import KeyringBackend

NAME = f"{__name__}.DesktopKeyring"


class DesktopKeyring(KeyringBackend):
    """Locked where there is no file."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        lines = Path(os.environ["KEYRING_FILE"]).read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines).get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError
