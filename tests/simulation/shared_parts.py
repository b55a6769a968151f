"""What histories share to be quick: the SDKs, the journal's file, the schemas read once."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.transport import Transport
from cascade_cli.adapters.venice.reader import airtable_api
from cascade_cli.adapters.venice.table_fields import Schema, read_schema
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.server import SandboxServer
from tests.simulation.kit import Kit
from tests.simulation.recording import JournalFile

_MEMORY = Path("/dev/shm")  # noqa: S108 - a journal on a disk would be waited for at every commit


class SharedParts:
    """One per operating-system process; histories are played in it one after the other."""

    def __init__(self, journal: JournalFile) -> None:
        self.journal = journal
        self._kits: list[Kit] = []
        self._schemas: dict[bool, Schema] = {}

    def schema(self, *, older: bool) -> Schema:
        """What a base with the older or newer NOTIFICATIONS tells of its fields."""
        if older not in self._schemas:
            self._schemas[older] = _read_schema(older=older)
        return self._schemas[older]

    @contextmanager
    def kit(self) -> Iterator[Kit]:
        """Both SDKs for one process; those of a killed one serve again, with nothing of it left."""
        kit = self._kits.pop() if self._kits else Kit()
        try:
            yield kit
        finally:
            self._kits.append(kit)


@contextmanager
def shared_parts() -> Iterator[SharedParts]:
    """Shared parts whose journal lies in memory where the system has such files."""
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
    file = JournalFile(folder)
    try:
        yield SharedParts(file)
    finally:
        file.close()
        shutil.rmtree(folder)


def _read_schema(*, older: bool) -> Schema:
    """Asked over HTTP once: it is the same in every history."""
    with closing(SandboxApp(":memory:", random=random.Random(0))) as app:  # noqa: S311
        if older:
            app.airtable.tables.use_legacy_notifications()
        with SandboxServer(app.handle) as server:
            transport = Transport(Pacer(0), lockout_seconds=0)
            return read_schema(
                airtable_api("patSandbox", f"{server.url}/airtable", transport), BASE_ID
            )
