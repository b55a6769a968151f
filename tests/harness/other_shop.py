"""A second shop: a sandbox that answers for another base."""

from __future__ import annotations

from dataclasses import replace

from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.wire import Request, Response
from tests.harness.sandboxed import Sandboxed

OTHER_BASE = "appTheOtherShop01"


def move(shop: Sandboxed, app: SandboxApp) -> None:
    """To the other base, where it is asked for from now on."""

    def answer(request: Request) -> Response:
        return app.handle(replace(request, path=request.path.replace(OTHER_BASE, BASE_ID)))

    shop.recorder.answer_by(answer)
