"""Wires the bundle for a bug report: doctor's findings, and what doctor read on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cascade_cli.adapters.bundle import machine
from cascade_cli.adapters.bundle.last_error import causes_of, last_error
from cascade_cli.domain.bundle import parts
from cascade_cli.domain.bundle.parts import Bundle, GivenSetting
from cascade_cli.domain.bundle.stand_ins import StandIns
from cascade_cli.domain.doctor.findings import Check
from cascade_cli.errors import CascadeError, JournalError, RightsError
from cascade_cli.services.ports import JournalLookPort
from cascade_cli.settings import PROCESSOR, SETTINGS
from cascade_cli.settings.found_values import FoundValues
from cascade_cli.settings.locations import DEFAULT_FILE
from cascade_cli.settings.profiles import profile_names
from cascade_cli.settings.sources import Form
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.doctor import Examination, examination

_MOST_ENTRIES = 1000


@dataclass(frozen=True)
class Report:
    """Doctor's checks, the bundle, and the key of its stand-ins."""

    checks: list[Check]
    bundle: Bundle
    folder: Path
    key: bytes

    def keep_key(self) -> None:
        """Call this when the bundle was written. If the key cannot be kept, the next bundle gets a
        new one."""
        with suppress(OSError):
            machine.keep_key(self.folder, self.key)


def make_report(
    invocation: Invocation,
    now: Callable[[], datetime],
    on_bug: Callable[[Exception], None],
    redacted: Callable[[str], str],
) -> Report:
    """Run doctor and gather the bundle. Writes nothing.

    `redacted` removes known secrets from a text. Raises SettingsError if there can be no state
    folder.
    """
    bugs: list[list[dict[str, Any]]] = []

    def hear(error: Exception) -> None:
        bugs.append(causes_of(error, redacted))
        on_bug(error)

    began = time.monotonic()
    with examination(invocation, hear) as found:
        took = time.monotonic() - began
        folder = invocation.folder
        key = machine.stand_in_key(folder)
        words = machine.program_words()
        stand_ins = StandIns(key, words, _names(found, words))
        sources = {
            "versions": lambda: parts.versions_part(machine.versions(), machine.libraries()),
            "settings": lambda: parts.settings_part(
                _given(found.given), sandbox=invocation.sandbox
            ),
            "doctor": lambda: parts.doctor_part(found.checks),
            "last-error": lambda: parts.error_part(last_error(folder), bugs),
            "runs": lambda: parts.runs_part(_activity(found)),
            "schema": lambda: _schema(found),
            "sizes": lambda: _sizes(found.given, folder),
            "timings": lambda: parts.timings_part(
                found.doctor.seconds, found.tools.requests(), took
            ),
        }
        return Report(found.checks, _gather(sources, stand_ins, now(), on_bug), folder, key)


def _gather(
    sources: Mapping[str, Callable[[], Any]],
    stand_ins: StandIns,
    at: datetime,
    on_bug: Callable[[Exception], None],
) -> Bundle:
    """Read each part by its name. One that cannot be read is left out, and says why.

    Raises nothing. `on_bug` gets each exception that nobody foresaw.
    """
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


def _names(found: Examination, words: Container[str]) -> dict[str, list[str]]:
    """Names, by what they name. They get a stand-in even if one of our words is the same; but not
    a profile, because one that is called `live` or `test` tells nothing of its shop."""
    settings, me = found.tools.settings, this_worker("doctor")
    return {
        "citizen": [PROCESSOR.default, settings.processor, *_citizens(found)],
        "base": [settings.airtable_base],
        "operator": [me.operator],
        "host": [me.host],
        "profile": [name for name in profile_names() if name not in words],
    }


def _citizens(found: Examination) -> list[str]:
    try:
        journal = _journal(found)
        return journal.citizens() if journal else []
    except CascadeError:
        # Without the journal, no part of the bundle contains these names.
        return []


def _journal(found: Examination) -> JournalLookPort | None:
    """The journal; None if there is none. Raises JournalError."""
    journal = found.tools.journal
    if isinstance(journal, CascadeError):
        raise JournalError(journal.message, journal.hint)
    return journal if journal.exists() else None


def _activity(found: Examination) -> parts.Activity | None:
    journal = _journal(found)
    base = found.tools.settings.airtable_base
    return journal.activity(base, _MOST_ENTRIES) if journal else None


def _schema(found: Examination) -> dict[str, Any]:
    if found.doctor.is_closed("schema"):
        raise RightsError("The base could not be read.")
    return parts.schema_part(found.tools.base.schema(found.tools.settings.processor_class))


def _given(given: FoundValues) -> Iterator[GivenSetting]:
    """The settings as they are written. A secret that would have to be fetched shows only its form,
    such as `command`."""
    for setting in SETTINGS:
        source = given.source(setting.name)
        value = source.written if source.form is Form.VALUE else source.form.value
        yield GivenSetting(setting.name, source.place, value, setting.default, setting.secret)


def _sizes(given: FoundValues, folder: Path) -> dict[str, Any]:
    files = list(machine.state_files(folder)) if folder.is_dir() else []
    settings_file = machine.one_file(
        "the settings file", given.file.path if given.file else Path(DEFAULT_FILE)
    )
    return parts.sizes_part(files, machine.free_bytes(folder), settings_file)
