"""Whether this invocation uses the sandbox: by its option, or by its setting."""

from __future__ import annotations

from collections.abc import Mapping

from cascade_cli.cli.terminal.session import Session
from cascade_cli.errors import SettingsError
from cascade_cli.settings import SANDBOX


def enter_sandbox(session: Session, values: Mapping[str, str]) -> None:
    """Let CASCADE_SANDBOX do what --sandbox does. Raises SettingsError."""
    session.sandbox = session.sandbox or _is_on(values.get(SANDBOX.name, ""))


def _is_on(text: str) -> bool:
    if text.strip() in {"", "0", "1"}:
        return text.strip() == "1"
    raise SettingsError(f"CASCADE_SANDBOX is {text!r}.", "Set it to 1 or 0.")
