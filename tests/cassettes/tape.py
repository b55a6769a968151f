"""A server that records exchanges into a cassette of vcrpy, or plays them back from one.

vcrpy patches the connection classes of the whole process, and takes the patch off for a moment
with every connection: the two services, read side by side, would slip past it. So the cassette
stands behind a loopback server, and the SDKs talk to it over HTTP as to anything else.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from vcr import matchers
from vcr.persisters.filesystem import FilesystemPersister
from vcr.request import Request as Recorded
from vcr.serializers import yamlserializer

from cascade_cli.sandbox.wire import Handler, Request, Response

FOLDER = Path(__file__).parent
# The port is another every time.
_MATCH_ON = [matchers.method, matchers.path, matchers.query, matchers.raw_body]
_SECRET = re.compile(r"_secret_\w+")
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")
_KEPT_HEADERS = {"content-type", "retry-after"}


class Tape:
    """Answers from the cassette, each exchange once; with `source`, records what that answers.

    `unknown` are the requests that the cassette lacks, `unplayed` those that nobody made.
    """

    def __init__(self, name: str, source: Handler | None = None) -> None:
        self._file, self._source = FOLDER / f"{name}.yaml", source
        self._lock = threading.Lock()
        self._exchanges = [] if source else _load(self._file)
        self.asked: Counter[str] = Counter()
        self.unknown: list[str] = []

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.asked[f"{request.method} {request.path}"] += 1
            recorded = _without_headers(request)
            return self._record(request, recorded) if self._source else self._play(recorded)

    @property
    def unplayed(self) -> list[str]:
        """What was recorded and never asked for."""
        return [] if self._source else [request.uri for request, _ in self._exchanges]

    def save(self) -> None:
        """Write what was recorded, in an order that does not hang on who answered first."""
        exchanges = sorted(self._exchanges, key=lambda exchange: exchange[0].uri)
        requests, responses = zip(*exchanges, strict=True)
        cassette = {"requests": list(requests), "responses": list(responses)}
        FilesystemPersister.save_cassette(self._file, cassette, yamlserializer)

    def _play(self, request: Recorded) -> Response:
        for place, (recorded, response) in enumerate(self._exchanges):
            if matchers.requests_match(request, recorded, _MATCH_ON):
                del self._exchanges[place]
                headers = {name: values[0] for name, values in response["headers"].items()}
                return Response(response["status"]["code"], response["body"]["string"], headers)
        self.unknown.append(f"{request.method} {request.uri}")
        return Response(400, b'{"error": {"message": "not in the cassette"}}')

    def _record(self, request: Request, recorded: Recorded) -> Response:
        assert self._source is not None
        response = self._source(request)
        self._exchanges.append((recorded, _scrubbed(response)))
        return response


def _load(file: Path) -> list[tuple[Recorded, dict[str, Any]]]:
    requests, responses = FilesystemPersister.load_cassette(file, yamlserializer)
    return list(zip(requests, responses, strict=True))


def _without_headers(request: Request) -> Recorded:
    """Keys, cookies, idempotency keys and the machine's description all stand in headers."""
    query = f"?{request.query}" if request.query else ""
    uri = f"http://recorded{request.path}{query}"
    return Recorded(request.method, uri, request.body.decode() or None, {})


def _scrubbed(response: Response) -> dict[str, Any]:
    headers = {n: [v] for n, v in response.headers.items() if n.lower() in _KEPT_HEADERS}
    body = _PORT.sub("1", _SECRET.sub("_secret_scrubbed", response.body.decode()))
    return {
        "status": {"code": response.status, "message": ""},
        "headers": headers,
        "body": {"string": body},
    }
