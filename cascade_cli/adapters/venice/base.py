"""Venice's tables: which fields cascade reads, and records as domain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import requests
from pyairtable import Api
from pyairtable.formulas import (
    AND,
    CREATED_TIME,
    EQ,
    IS_BEFORE,
    LOWER,
    NOT,
    OR,
    Field,
    Formula,
    to_formula,
)

from cascade_cli.adapters.transport import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Transport,
    plain_session,
)
from cascade_cli.adapters.venice.errors import EXPIRED_ITERATOR, error_of, our_errors
from cascade_cli.adapters.venice.notes import parse_notes
from cascade_cli.domain.keys import origin_of
from cascade_cli.domain.stratagems import Stratagem

STRATAGEMS, CITIZENS = "STRATAGEMS", "CITIZENS"
TRANSFER = "transfer_ducats"
STRATAGEM_FIELDS = (
    "StratagemId",
    "TargetCitizen",
    "Status",
    "ExecutedAt",
    "ExpiresAt",
    "Notes",
)
PAGE_SIZE = 100
# A formula of about 95 keys stays below the length of URL at which a request becomes a POST.
KEYS_PER_REQUEST = 95
_RESTARTS = 3


def airtable_api(token: str, endpoint_url: str, transport: Transport) -> Api:
    """pyairtable without its own retry, which repeats creates, and without netrc and proxies
    for loopback."""
    timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
    api = Api(token, endpoint_url=endpoint_url, retry_strategy=None, timeout=timeout)
    session = plain_session(endpoint_url, transport)
    session.headers.update(api.session.headers)
    api.session = session
    return api


class VeniceReader:
    """Reads the processor's transfers and citizens. Raises only errors of cascade_cli.errors."""

    def __init__(self, api: Api, base_id: str, processor: str) -> None:
        self._api, self._base_id, self._processor = api, base_id, processor

    def transfers(self, since: datetime, until: datetime | None = None) -> list[Stratagem]:
        """The processor's transfers created in [since, until), or ever since; order arbitrary."""
        created: list[Formula] = [NOT(IS_BEFORE(CREATED_TIME(), to_formula(since)))]
        if until:
            created.append(IS_BEFORE(CREATED_TIME(), to_formula(until)))
        return [to_stratagem(r) for r in self._select(self._transfers_where(*created))]

    def transfers_named(self, stratagem_ids: Sequence[str]) -> list[Stratagem]:
        """The processor's transfers with these StratagemIds, whenever they were created."""
        found = []
        for ids in _chunks(stratagem_ids, KEYS_PER_REQUEST):
            named = OR(*(EQ(Field("StratagemId"), stratagem_id) for stratagem_id in ids))
            found += [to_stratagem(r) for r in self._select(self._transfers_where(named))]
        return found

    def _transfers_where(self, *conditions: Formula) -> Formula:
        ours = (EQ(Field("ExecutedBy"), self._processor), EQ(Field("Type"), TRANSFER))
        return AND(*ours, *conditions)

    def citizens(self, usernames: Sequence[str]) -> dict[str, Decimal]:
        """The ducats of the citizens whose name equals one of these but for case.

        The keys are spelt as Venice spells them; who is not in the answer does not exist.
        """
        found = {}
        for names in _chunks(usernames, KEYS_PER_REQUEST):
            named = OR(*(EQ(LOWER(Field("Username")), name.lower()) for name in names))
            for record in self._select(named, CITIZENS, ("Username", "Ducats")):
                fields = record["fields"]
                found[fields.get("Username", "")] = Decimal(str(fields.get("Ducats", 0)))
        return found

    def _select(
        self,
        formula: Formula,
        table: str = STRATAGEMS,
        fields: Sequence[str] = STRATAGEM_FIELDS,
    ) -> list[Any]:
        with our_errors():
            for _ in range(_RESTARTS):
                try:
                    return self._all(formula, table, fields)
                except requests.HTTPError as error:
                    # A cursor lives only for minutes: a listing that outlived it starts over.
                    if error_of(error.response)[0] != EXPIRED_ITERATOR:
                        raise
            return self._all(formula, table, fields)

    def _all(self, formula: Formula, table: str, fields: Sequence[str]) -> list[Any]:
        records = self._api.table(self._base_id, table).iterate(
            formula=str(formula), fields=list(fields), page_size=PAGE_SIZE
        )
        return [record for page in records for record in page]


def _chunks(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    remaining = iter(keys)
    while chunk := list(islice(remaining, size)):
        yield chunk


def to_stratagem(record: dict[str, Any]) -> Stratagem:
    """Ours from Airtable's record, which leaves empty fields out."""
    fields = record["fields"]
    notes = parse_notes(str(fields.get("Notes", "")))
    stratagem_id = str(fields.get("StratagemId", ""))
    return Stratagem(
        record_id=record["id"],
        stratagem_id=stratagem_id,
        citizen=str(fields.get("TargetCitizen", "")),
        ducats=notes.ducats,
        status=str(fields.get("Status", "")),
        created_at=_moment(record["createdTime"]),
        expires_at=_moment_or_none(fields.get("ExpiresAt")),
        executed_at=_moment_or_none(fields.get("ExecutedAt")),
        origin=origin_of(stratagem_id, notes.stripe_ids, notes.source),
        stripe_ids=notes.stripe_ids,
        reason=notes.reason,
        failure=notes.failure,
        failure_text=notes.failure_text,
        success_logged=notes.success_logged,
        notes_flaw=notes.flaw,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment_or_none(text: object) -> datetime | None:
    """A base may keep a time as text: what is no time counts as none, as for the engine."""
    try:
        return _moment(str(text)) if text else None
    except ValueError:
        return None
