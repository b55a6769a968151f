"""How cascade reads Airtable's tables. What it reads of them stands in `transfers.py`,
`citizens.py` and `notifications.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from pyairtable import Api
from pyairtable.formulas import Formula

from cascade_cli.adapters.http.transport import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Transport,
    plain_session,
)
from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.adapters.venice.slices import PAGE_SIZE, Page, restarting

# With 95 keys, a formula stays below the URL length from which pyairtable sends a POST.
KEYS_PER_REQUEST = 95

T = TypeVar("T")


def airtable_api(token: str, endpoint_url: str, transport: Transport) -> Api:
    """pyairtable without its own retries, which repeat creates, without netrc, and without proxies
    for loopback."""
    timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
    api = Api(token, endpoint_url=endpoint_url, retry_strategy=None, timeout=timeout)
    session = plain_session(endpoint_url, transport)
    session.headers.update(api.session.headers)
    api.session = session
    return api


class TableReader:
    """Reads records of a base. Raises only errors of cascade_cli.errors."""

    def __init__(self, api: Api, base_id: str) -> None:
        self._api, self._base_id = api, base_id

    def _select(
        self,
        table: str,
        formula: Formula | None,
        convert: Callable[[dict[str, Any]], T],
        **options: Any,
    ) -> list[T]:
        """All records that the formula is true for, or all, each converted. `options` are those of
        pyairtable's `Table.all`."""
        found: list[dict[str, Any]] = []

        def read() -> Iterator[None]:
            # Airtable's cursors expire. Then the listing starts over.
            found.clear()
            for page in self._pages(table, formula, **options):
                found.extend(page["records"])
                yield

        with translated_errors():
            for _page in restarting(read):
                pass
            return [convert(record) for record in found]

    def _pages(self, table: str, formula: Formula | None, **options: Any) -> Iterator[Page]:
        where = {"formula": str(formula)} if formula else {}
        urls = self._api.table(self._base_id, table).urls
        # Not Table.iterate(), all() or first(), which take an answer without `records` for an
        # empty table. Then every charge would look uncredited, and the processor would be created
        # once more.
        return self._api.iterate_requests(
            "get",
            urls.records,
            fallback=("post", urls.records_post),
            options={**where, "page_size": PAGE_SIZE, **options},
        )


def chunks(keys: Iterable[T], size: int) -> Iterator[list[T]]:
    """The keys in lists of at most that size."""
    remaining = iter(keys)
    while chunk := list(islice(remaining, size)):
        yield chunk
