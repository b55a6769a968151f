from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from cascade_cli.sandbox.app import SandboxApp
from tests.cli.reconcile.run_end.conftest import _apprise_has_loaded
from tests.cli.terminal.conftest import manual_clock, recently
from tests.harness.other_shop import OTHER_BASE, move
from tests.harness.profiles import Machine
from tests.harness.sandboxed import Sandboxed, served

__all__ = ["_apprise_has_loaded", "manual_clock", "recently"]


@dataclass(frozen=True)
class Shops:
    """Two shops, and a machine with a profile for each."""

    machine: Machine
    rialto: Sandboxed
    lido: Sandboxed


@pytest.fixture
def machine(no_settings: Path) -> Machine:
    return Machine(no_settings)


@pytest.fixture
def shops(machine: Machine) -> Iterator[Shops]:
    with ExitStack() as stack:
        rialto, lido = (_opened(stack) for _ in range(2))
        move(lido, lido.app)
        machine.write("rialto", rialto.environment(CASCADE_MAX_DUCATS_PER_DAY="10"))
        machine.write("lido", lido.environment(AIRTABLE_BASE_ID=OTHER_BASE))
        yield Shops(machine, rialto, lido)


def _opened(stack: ExitStack) -> Sandboxed:
    app = stack.enter_context(closing(SandboxApp(":memory:")))
    shop = stack.enter_context(served(app))
    for name in ("CASCADE_PAYMENT_PROCESSOR", "marco"):
        shop.move_in(name, app.now())
    return shop
