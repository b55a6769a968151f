"""Gathers what a bug report needs. A part that cannot be read is left out, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cascade_cli.domain.bundle.parts import Bundle
from cascade_cli.domain.bundle.stand_ins import StandIns
from cascade_cli.errors import CascadeError

Sources = Mapping[str, Callable[[], Any]]
"""Each part's name, with the function that reads it. Values that are not a `Shape` are replaced."""


def gather(
    sources: Sources, stand_ins: StandIns, at: datetime, on_bug: Callable[[Exception], None]
) -> Bundle:
    """Read all parts. Raises nothing; `on_bug` gets each exception that nobody foresaw."""
    parts: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for name, read in sources.items():
        try:
            parts[name] = stand_ins.document(read())
        except CascadeError as error:
            left_out[name] = error.kind
        except (OSError, ValueError) as error:
            left_out[name] = type(error).__name__
        except Exception as error:  # noqa: BLE001 - one broken part must not hide the others
            on_bug(error)
            left_out[name] = type(error).__name__
    return Bundle(at, parts, left_out)
