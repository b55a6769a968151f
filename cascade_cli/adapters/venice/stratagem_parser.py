"""Convert Venice's record of a stratagem into ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cascade_cli.adapters.venice.notes_codec import parse_notes
from cascade_cli.domain.records.stratagems import CORRECTING, TAKING, Stratagem
from cascade_cli.domain.shop.keys import Origin, origin_of

_BY_PEOPLE = frozenset({Origin.MANUAL, *CORRECTING})
_LONG_GONE = datetime(1970, 1, 1, tzinfo=UTC)


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
