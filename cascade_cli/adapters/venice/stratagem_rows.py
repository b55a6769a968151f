"""How a row of STRATAGEMS is read, and the text of its Notes, read and written. `writer.py` beside
it writes the other fields.

Notes are a JSON object in which the engine reads `amount` and `reason`. After an execution or a
failure the engine appends lines of text, and the whole is no longer JSON. So we parse the leading
object, and keep the rest as the engine's log. When cascade reactivates a dead row, it writes new
JSON, and keeps the engine's earlier lines in it under `engine_log`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from cascade_cli.domain.records.orders import (
    ENGINE_LOG,
    INSTEAD_OF,
    OPERATOR,
    OVERRIDES,
    PORTION,
    REFERENCE,
    RULED_LOG,
    Order,
)
from cascade_cli.domain.records.stratagems import CORRECTING, TAKING, Failure, Ruling, Stratagem
from cascade_cli.domain.shop.keys import (
    PAYMENT_ID,
    Origin,
    mentioned_payments,
    origin_of,
    portion_id,
)
from cascade_cli.domain.shop.money import read_ducats

_SUCCESS = "Successfully transferred"
_TEXT_LIMIT = 300
_LINES_KEPT = 100
# An error can follow other text on the same line.
_LINE_BREAK = re.compile(r"\n|(?=\[ERROR\])")
_MARK = re.compile(r"\[(?P<mark>ERROR|\d{4}-\d\d-\d\d[^\]]*)\]\s*")

# How the text after [ERROR] begins, and whether ducats may have moved before it was written.
_FAILURES = (
    ("Failed to parse transfer details", Failure.MALFORMED),
    ("Missing required fields or invalid amount", Failure.MALFORMED),
    ("Sender ", Failure.SENDER_MISSING),
    ("Receiver ", Failure.RECEIVER_MISSING),
    ("Insufficient funds", Failure.NO_FUNDS),
)
# These come without [ERROR] too: the engine's caller writes them after a date.
_BROKE_OFF = ("Processing error", "Processor logic returned failure", "Exception: ")
_BY_PEOPLE = frozenset({Origin.MANUAL, *CORRECTING})
_LONG_GONE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Notes:
    """Parsed Notes. If the amount cannot be read, `ducats` is None and `flaw` says why."""

    ducats: Decimal | None = None
    reason: str = ""
    source: str = ""
    instead_of: str = ""
    stripe_ids: tuple[str, ...] = ()
    flaw: str = ""
    log: str = field(default="", repr=False)
    kept_log: str = field(default="", repr=False)
    ruled_log: str = field(default="", repr=False)
    reference: str = ""
    operator: str = ""
    overrides: tuple[str, ...] = ()

    @property
    def mentions(self) -> tuple[str, ...]:
        """The payments that the reason and the reference mention."""
        return mentioned_payments(f"{self.reference} {self.reason}")

    @property
    def is_parsable(self) -> bool:
        """Whether the engine can read the Notes: nothing follows the JSON."""
        return not self.log.strip()

    @property
    def whole_log(self) -> str:
        """Everything that the engine ever wrote about the row, oldest first."""
        return "\n".join(part for part in (self.kept_log.strip(), self.log.strip()) if part)

    @cached_property
    def lines(self) -> tuple[LogLine, ...]:
        """The engine's lines, oldest first."""
        read = (_read_line(text.strip()) for text in _LINE_BREAK.split(self.whole_log))
        return tuple(line for line in read if line)

    @property
    def success_logged(self) -> bool:
        """Whether the engine noted a finished transfer."""
        return any(line.is_success for line in self.lines)

    @property
    def unknown_line(self) -> str:
        """A dated line that no known version of the engine writes; empty if there is none."""
        unknown = (x.text for x in self.lines if not (x.is_success or x.failure))
        return next(unknown, "")

    @property
    def failure(self) -> Failure | None:
        """The gravest failure ever noted, or else the last; None if no failure is noted."""
        return self._gravest[0]

    @property
    def failure_text(self) -> str:
        """The engine's words for the failure."""
        return self._gravest[1][:_TEXT_LIMIT]

    @cached_property
    def _gravest(self) -> tuple[Failure | None, str]:
        failed = [(line.failure, line.text) for line in self.lines if line.failure]
        for failure, text in failed:
            if failure is Failure.UNCERTAIN:
                return failure, text
        if sum(line.is_success for line in self.lines) > 1:
            return Failure.UNCERTAIN, "its Notes say more than once that the transfer was done"
        return failed[-1] if failed else (None, "")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the engine's log. If it is no success and no failure, its meaning is unknown."""

    text: str
    is_success: bool = False
    failure: Failure | None = None


def _read_line(line: str) -> LogLine | None:
    """None for a line without a mark of the engine's: the rest of an exception's text, or a
    person's remark."""
    mark = _MARK.match(line)
    text = line[mark.end() :] if mark else line
    if text.startswith(_BROKE_OFF):
        return LogLine(text, failure=Failure.UNCERTAIN)
    if text.startswith(_SUCCESS):
        return LogLine(text, is_success=True)
    if mark is None:
        return None
    causes = (cause for beginning, cause in _FAILURES if text.startswith(beginning))
    known = next(causes, Failure.UNCERTAIN if mark["mark"] == "ERROR" else None)
    return LogLine(text, failure=known)


def parse_notes(text: str) -> Notes:
    """Parse the text of Notes. Never raises; `flaw` says what cannot be read."""
    # Only a number can be an amount: NaN and Infinity, which json would take, become None.
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None)
    stripped = text.lstrip()
    try:
        document, end = decoder.raw_decode(stripped)
    except (ValueError, RecursionError):
        return Notes(flaw="its Notes are not JSON" if stripped else "its Notes are empty", log=text)
    log = stripped[end:]
    if not isinstance(document, dict):
        return Notes(flaw="its Notes hold no JSON object", log=log)
    return _from_document(document, log)


def _from_document(document: dict[str, Any], log: str) -> Notes:
    ducats = read_ducats(document.get("amount"))
    # The decisions that a person made against a guard.
    said = found if isinstance(found := document.get(OVERRIDES), list) else []
    return Notes(
        ducats=ducats,
        reason=str(document.get("reason") or "").strip(),
        source=str(document.get("source") or ""),
        instead_of=str(document.get(INSTEAD_OF) or ""),
        stripe_ids=tuple(dict.fromkeys(_stripe_ids(document))),
        flaw="" if ducats else f"its Notes hold no usable amount ({document.get('amount')!r:.40})",
        log=log,
        kept_log=kept if isinstance(kept := document.get(ENGINE_LOG), str) else "",
        ruled_log=ruled if isinstance(ruled := document.get(RULED_LOG), str) else "",
        reference=str(document.get(REFERENCE) or ""),
        operator=str(document.get(OPERATOR) or ""),
        overrides=tuple(one for one in said if isinstance(one, str)),
    )


def _stripe_ids(document: dict[str, Any]) -> Iterator[str]:
    """The values that are a payment's or charge's id and nothing else; ids within free text do not
    count. If the Notes name a portion, the ids are that portion's."""
    number = document.get(PORTION)
    if not isinstance(number, int) or isinstance(number, bool):
        number = 0
    for value in document.values():
        if isinstance(value, str) and PAYMENT_ID.fullmatch(value):
            yield portion_id(value, number) if number > 0 else value


def notes_text(order: Order, row: Stratagem | None = None) -> str:
    """The JSON of Notes: `amount` and `reason` for the engine, the rest for the audit.

    It keeps what the engine wrote about the `row` before, because later judgements need that.
    """
    document = {
        # The engine calls float() on it, and `exact` has made sure that a float can hold it.
        "amount": float(order.ducats),
        "reason": order.reason,
        "source": "cascade",
        **order.facts,
    }
    if row is not None:
        document.update(_logs(row))
    return json.dumps(document, ensure_ascii=False)


def _logs(row: Stratagem) -> dict[str, str]:
    """The engine's earlier lines. Those about which a person ruled "not moved" are kept apart."""
    is_ruled = row.ruling is Ruling.NOT_MOVED
    ruled = f"{row.ruled_log}\n{row.engine_log}" if is_ruled else row.ruled_log
    logs = {ENGINE_LOG: "" if is_ruled else row.engine_log, RULED_LOG: ruled}
    return {name: kept for name, log in logs.items() if (kept := log_to_keep(log))}


def log_to_keep(engine_log: str) -> str:
    """What is kept of the engine's log when a row is reactivated: the newest hundred lines."""
    lines = [line.strip()[:_TEXT_LIMIT] for line in engine_log.splitlines()]
    return "\n".join(list(filter(None, lines))[-_LINES_KEPT:])


def to_stratagem(record: dict[str, Any], processor: str) -> Stratagem:
    """Convert Airtable's record, which leaves empty fields out."""
    fields = record["fields"]
    notes = parse_notes(str(fields.get("Notes", "")))
    stratagem_id = str(fields.get("StratagemId", ""))
    origin = origin_of(stratagem_id, notes.stripe_ids, notes.source)
    citizen, payer = str(fields.get("TargetCitizen", "")), str(fields.get("ExecutedBy", ""))
    is_back = origin in TAKING
    in_its_place = citizen if is_back else payer
    return Stratagem(
        record_id=record["id"],
        stratagem_id=stratagem_id,
        citizen=citizen,
        ducats=notes.ducats,
        status=str(fields.get("Status", "")),
        created_at=moment_of(record["createdTime"]),
        expires_at=_moment_or_none(fields.get("ExpiresAt")),
        executed_at=_moment_or_none(fields.get("ExecutedAt")),
        origin=origin,
        stripe_ids=notes.stripe_ids,
        reason=notes.reason,
        instead_of=notes.instead_of,
        failure=notes.failure,
        failure_text=notes.failure_text,
        success_logged=notes.success_logged,
        unknown_line=notes.unknown_line,
        is_parsable=notes.is_parsable,
        notes_flaw=notes.flaw,
        engine_log=notes.whole_log,
        # All other rows are the processor's: its name again for each of them would fill memory.
        payer=payer if is_back else "",
        ruled_log=notes.ruled_log,
        mentions=notes.mentions if origin is Origin.MANUAL else (),
        made_by=notes.operator if origin in _BY_PEOPLE or notes.overrides else "",
        overrides=notes.overrides,
        other_processor="" if in_its_place == processor else in_its_place or "nobody",
    )


def moment_of(text: str) -> datetime:
    """A time as Airtable writes it; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment_or_none(text: object) -> datetime | None:
    """None if the cell is blank. A base may keep times as text. Text that is not a time counts as
    long past: the cell is not blank, and the engine does not find it later than now."""
    try:
        return moment_of(str(text)) if text else None
    except ValueError:
        return _LONG_GONE
