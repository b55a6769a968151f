"""The engine that carries out transfers, step for step as the live one does.

It lists stratagems that are active and expire in the future or never, and moves the ducats of each
in turn. It reads balances, computes with floats and writes absolute numbers back, without any lock.
It leaves types other than `transfer_ducats` alone. The caller decides when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cascade_cli.sandbox.airtable.tables import Tables
from cascade_cli.sandbox.venice.access import KILL_POINTS, Access, EngineRun, Step, Steps
from cascade_cli.sandbox.venice.execution import Record, TransferExecution
from cascade_cli.sandbox.venice.transfer import OUTSIDE_FAILURE, note_line
from cascade_cli.sandbox.wire import Clock


class Engine:
    """Runs over the base of `tables`, by the clock `now`."""

    def __init__(self, tables: Tables, now: Clock) -> None:
        self._tables = tables
        self._now = now

    def run(
        self,
        *,
        only: str | None = None,
        fail_at: str | None = None,
        kill_after: str | None = None,
        ask: Callable[[], None] = lambda: None,
    ) -> EngineRun:
        """Carry out all due transfers, or the stratagem `only`, whatever its status or expiry.

        `fail_at` is one of `access.FAIL_POINTS`: every stratagem of the run fails there with an
        exception. `kill_after` is one of `access.KILL_POINTS`: the run ends at the first stratagem
        that gets that far. `ask` is called before each request to the base, and may refuse it.
        Raises ValueError for an unknown point. If a row cannot be read back, the base's error
        passes through, because the live engine dies there too.
        """
        if kill_after is not None and kill_after not in KILL_POINTS:
            raise ValueError(f"no kill after {kill_after!r}; there are: {', '.join(KILL_POINTS)}")
        run = EngineRun(self._now())
        steps = self._steps(run, only, Access(fail_at, ask))
        for step in steps:
            if kill_after is not None and step.name == KILL_POINTS[kill_after]:
                run.killed_at = step.stratagem_id
                steps.close()
        return run

    def steps(self, *, only: str | None = None, fail_at: str | None = None) -> Steps[EngineRun]:
        """The same run as a generator that stops before each read and write of the base.

        Other writers may act between two steps; closing the generator kills the engine.
        """
        return self._steps(EngineRun(self._now()), only, Access(fail_at))

    def _steps(self, run: EngineRun, only: str | None, access: Access) -> Steps[EngineRun]:
        records = yield from self._list(access, run, only)
        for record in records:
            if record["fields"].get("Type") == "transfer_ducats":
                yield from self._process(access, run, record)
        return run

    def _list(self, access: Access, run: EngineRun, only: str | None) -> Steps[list[Record]]:
        formula = self._formula(only)
        try:
            return (
                yield from access.take(
                    "list", "", lambda: self._tables.select("STRATAGEMS", formula)
                )
            )
        except Exception as error:  # noqa: BLE001 - to the live engine this means "nothing to do"
            run.warnings.append(f"Error fetching active stratagems: {error}")
            return []

    def _formula(self, only: str | None) -> str:
        if only is not None:
            quoted = only.replace("\\", "\\\\").replace("'", "\\'")
            return f"{{StratagemId}} = '{quoted}'"
        moment = self._now().isoformat(timespec="milliseconds")
        later = f"IS_AFTER({{ExpiresAt}}, DATETIME_PARSE('{moment}'))"
        # IF, not OR: IS_AFTER of an empty cell is an error, and would make the whole OR an error.
        return f"AND({{Status}} = 'active', IF({{ExpiresAt}} = BLANK(), TRUE(), {later}))"

    def _process(self, access: Access, run: EngineRun, record: Record) -> Steps[None]:
        execution = TransferExecution(self._tables, self._now, access, run, record)
        try:
            succeeded = yield from execution.process()
        except Exception as error:  # noqa: BLE001 - any of them becomes Status `error`
            succeeded = False
            yield from self._set_status(access, run, record, "error", f"Exception: {error}")
        status = yield from access.take(
            "read_back",
            execution.stratagem_id,
            lambda: self._tables.get("STRATAGEMS", record["id"])["fields"].get("Status"),
        )
        if not succeeded and status == "active":
            yield from self._set_status(access, run, record, "failed", OUTSIDE_FAILURE)
        (run.executed if succeeded else run.failed).append(execution.stratagem_id)

    def _set_status(
        self, access: Access, run: EngineRun, record: Record, status: str, text: str
    ) -> Steps[None]:
        """Set `status` and add a dated line to the current Notes; an error is only logged."""
        name = record["fields"].get("StratagemId", record["id"])
        fields: dict[str, Any] = {"Status": status}
        line = note_line(self._now(), text)
        try:
            current = yield from access.take(
                "read_notes", name, lambda: self._tables.get("STRATAGEMS", record["id"])
            )
            fields["Notes"] = (current["fields"].get("Notes", "") + line).strip()
        except Exception as error:  # noqa: BLE001 - the live engine overwrites Notes then too
            run.warnings.append(f"Notes of {name} are lost: {error}")
            fields["Notes"] = line.strip()
        try:
            yield from access.take(
                "mark_error",
                name,
                lambda: self._tables.update("STRATAGEMS", record["id"], fields),
            )
        except Exception as error:  # noqa: BLE001 - logged only
            run.warnings.append(f"Error updating status for {name}: {error}")


__all__ = ["Engine", "EngineRun", "Step"]
