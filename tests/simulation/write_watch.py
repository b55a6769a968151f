"""Watches every write of cascade as it reaches the base, and remembers what became of each row."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cascade_cli.domain.shop.keys import PAYMENT_PREFIX
from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import Request, Response, json_response
from tests.simulation.venice import CITIZENS, STRATAGEMS, City, is_broken_off

_LOGGED = "Successfully transferred"
_CERTAIN_FAILURES = ("[ERROR] Insufficient", "[ERROR] Receiver", "[ERROR] Sender")

# How often a listing comes from a server that lags behind, where one does at all.
_BEHIND = 0.5
_LEGACY = re.compile(r"_[0-9]{9,}$")

Blame = Callable[[str], None]


class WriteWatch:
    """Hands requests on to the sandbox; `blame` hears of every write that ought not to be.

    `lag` is how long a new row may stay out of listings, and a changed one be shown as it was:
    Airtable promises no read-after-write. A write is seen by its deadline at the latest.
    """

    def __init__(
        self, app: SandboxApp, city: City, blame: Blame, lag: timedelta, random: Random
    ) -> None:
        self._app, self._city, self._blame = app, city, blame
        self._lag, self._random = lag, random
        self.excused: set[str] = set()
        """StratagemIds whose doubtful row people may have tried again."""
        self.balances: list[str] = []
        """The keys under which the processor's balance was written, as the writes arrived."""
        self._created: dict[str, datetime] = {}
        self._older: defaultdict[str, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
        self.activated: defaultdict[str, set[str]] = defaultdict(set)
        """By StratagemId, the records that cascade ever let the engine have."""

    def handle(
        self,
        sender: str,
        request: Request,
        announced: Collection[str],
        deadline: datetime | None,
    ) -> Response:
        """As the sandbox answers it."""
        if f"/{CITIZENS}" in request.path and request.method == "PATCH":
            return self._balance(request, announced)
        if f"/{STRATAGEMS}" not in request.path:
            return self._app.handle(request)
        if request.method == "GET" or request.path.endswith("/listRecords"):
            return self._with_lag(self._app.handle(request))
        before = {record: self._row(record) for record, _ in _changes(request)}
        response = self._app.handle(request)
        if response.status == 200:
            written = json.loads(response.body)["records"]
            self._check_announced(sender, announced, written)
            self._note(sender, request, written, before, deadline)
            self._keep_older(before, deadline)
        return response

    def _balance(self, request: Request, announced: Collection[str]) -> Response:
        before = self._city.ducats(PROCESSOR)
        response = self._app.handle(request)
        if response.status == 200:
            self.balances.extend(announced)
            self._city.replenished(before)
        return response

    def _row(self, record: str) -> dict[str, Any]:
        try:
            fields: dict[str, Any] = self._app.airtable.tables.get(STRATAGEMS, record)["fields"]
        except Refusal:
            return {}
        return fields

    def _keep_older(self, before: dict[str, dict[str, Any]], deadline: datetime | None) -> None:
        if self._lag:
            shown_until = self._shown_from(deadline)
            for record, fields in before.items():
                self._older[record].append((shown_until, fields))

    def _shown_from(self, deadline: datetime | None) -> datetime:
        """When every server tells of a write that arrives now."""
        lagging = self._app.now() + self._lag
        return min(lagging, deadline) if deadline else lagging

    def _note(
        self,
        sender: str,
        request: Request,
        written: list[dict[str, Any]],
        before: dict[str, dict[str, Any]],
        deadline: datetime | None,
    ) -> None:
        for changed, cells in _changes(request):
            self._check_untouched(sender, changed, cells, before[changed])
        for record in written:
            fields = record["fields"]
            if request.method == "POST":
                self._created[record["id"]] = self._shown_from(deadline)
            if fields.get("Status") == "active":
                self.activated[fields.get("StratagemId", "")].add(record["id"])

    def _check_announced(
        self, sender: str, announced: Collection[str], written: list[dict[str, Any]]
    ) -> None:
        """A row of the older connector lives on under its own StratagemId, and a credit by hand for
        a payment is ended with that payment; so count, and compare the others."""
        keys = [record["fields"].get("StratagemId", "") for record in written]
        paid = tuple(f"for-{key.removeprefix(PAYMENT_PREFIX)}" for key in announced)
        ours = [key for key in keys if not (_LEGACY.search(key) or key.endswith(paid))]
        if len(keys) > len(announced) or not set(ours) <= set(announced):
            self._blame(f"{sender} wrote {keys}, and its journal announced {sorted(announced)}")

    def _check_untouched(
        self, sender: str, record: str, fields: dict[str, Any], before: dict[str, Any]
    ) -> None:
        if "Status" not in fields:
            return
        status, notes = before.get("Status", ""), before.get("Notes", "")
        doubtful = status == "failed" and not any(text in notes for text in _CERTAIN_FAILURES)
        doubtful = doubtful or is_broken_off({"Status": status, "Notes": notes})
        key = before.get("StratagemId")
        # A person may find that a doubtful one has moved nothing.
        doubtful = doubtful and key not in self.excused
        if status == "executed" or _LOGGED in notes or doubtful:
            self._blame(f"{sender} made {key} ({record}) {fields['Status']}: it was {status}")

    def _with_lag(self, response: Response) -> Response:
        if response.status != 200 or not self._lag:
            return response
        document = json.loads(response.body)
        now = self._app.now()
        document["records"] = [
            record
            for record in document.get("records", [])
            if self._created.get(record["id"], now) <= now
        ]
        if self._older and self._random.random() < _BEHIND:
            self._show_older(document["records"])
        return json_response(200, document, response.headers)

    def _show_older(self, records: list[dict[str, Any]]) -> None:
        """Each as a server tells it that has not heard of the latest changes."""
        now = self._app.now()
        for record in records:
            states = (fields for until, fields in self._older[record["id"]] if until > now)
            if (older := next(states, None)) is not None:
                record["fields"] = older


def _changes(request: Request) -> Iterator[tuple[str, dict[str, Any]]]:
    """Record ids with the cells that the request writes; nothing for a create."""
    if request.method == "PATCH" and request.body:
        for record in json.loads(request.body)["records"]:
            yield record["id"], record["fields"]
