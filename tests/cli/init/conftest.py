from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.wire import Request, Response
from tests.harness.other_shop import OTHER_BASE
from tests.harness.profiles import Machine
from tests.harness.sandboxed import Sandboxed, served


@pytest.fixture
def machine(no_settings: Path) -> Machine:
    return Machine(no_settings)


@pytest.fixture
def shop() -> Iterator[Sandboxed]:
    """A shop that poses as a live one; its processor is there."""
    with closing(SandboxApp(":memory:")) as app, served(app) as shop:
        for name in ("CASCADE_PAYMENT_PROCESSOR", "marco"):
            shop.move_in(name, app.now())
        yield shop


@pytest.fixture
def several_bases(shop: Sandboxed) -> None:
    """The token also sees a copy of the base."""

    def answer(request: Request) -> Response:
        response = shop.app.handle(request)
        if not request.path.endswith("/meta/bases"):
            return response
        listed = json.loads(response.body)
        copy = {"id": OTHER_BASE, "name": "Venice's copy", "permissionLevel": "read"}
        return replace(response, body=json.dumps({"bases": [*listed["bases"], copy]}).encode())

    shop.recorder.answer_by(answer)
