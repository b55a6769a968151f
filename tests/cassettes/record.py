"""`python -m tests.cassettes.record NAME ARGUMENT…` records what one command exchanges.

Settings come from the environment and `.env`, as for cascade itself. Requests go through a proxy
on loopback, which cascade allows with a test key only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import requests

from cascade_cli.cli.app import run
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request, Response
from cascade_cli.settings import AIRTABLE_URL, STRIPE_URL, find_values
from tests.cassettes.tape import Tape

_HOP_BY_HOP = {"host", "connection", "accept-encoding", "content-length"}


class Forwarder:
    """Hands requests on to the live services."""

    def __init__(self, stripe_url: str, airtable_url: str) -> None:
        self._addresses = {"stripe": stripe_url, "airtable": airtable_url}

    def __call__(self, request: Request) -> Response:
        _, service, path = request.path.split("/", 2)
        answer = requests.request(
            request.method,
            f"{self._addresses[service]}/{path}",
            params=request.query,
            headers={n: v for n, v in request.headers.items() if n not in _HOP_BY_HOP},
            data=request.body,
            timeout=60,
        )
        headers = {n: v for n, v in answer.headers.items() if n.lower() == "content-type"}
        return Response(answer.status_code, answer.content, headers)


def main() -> None:
    """Run cascade with the arguments and write down what it exchanges, without any secret."""
    name, *arguments = sys.argv[1:]
    values = find_values(os.environ, Path(".env") if Path(".env").is_file() else None)
    addresses = (values.get(s.name) or s.default for s in (STRIPE_URL, AIRTABLE_URL))
    tape = Tape(name, Forwarder(*addresses))
    with SandboxServer(tape) as server:
        os.environ[STRIPE_URL.name] = f"{server.url}/stripe"
        os.environ[AIRTABLE_URL.name] = f"{server.url}/airtable"
        code = run(arguments)
    tape.save()
    sys.exit(code)


if __name__ == "__main__":
    main()
