from __future__ import annotations

import gc
import os
import random
import signal
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.settings import SETTINGS
from cascade_cli.settings.sources import names_of
from cascade_cli.wiring.reading import Wiring
from tests.harness.clocks import ManualClock
from tests.harness.counter import counter
from tests.harness.order import long_ones_first
from tests.harness.postgresql import postgresql
from tests.harness.sandboxed import Sandboxed, served
from tests.harness.shop_day import day
from tests.harness.statements import share_compiled_statements

__all__ = ["counter", "day", "postgresql"]

# The same examples in every run: a red build can be repeated, and no clock decides.
# `pytest --hypothesis-profile=thorough` looks further, at other examples each time.
hypothesis_settings.register_profile(
    "cascade", max_examples=100, derandomize=True, deadline=None, database=None
)
hypothesis_settings.register_profile("thorough", max_examples=3000, deadline=None)
# That an example fails is enough for a mutant: no smaller one is looked for.
hypothesis_settings.register_profile(
    "mutation",
    hypothesis_settings.get_profile("cascade"),
    phases=[Phase.explicit, Phase.generate],
)
hypothesis_settings.load_profile("cascade")


def pytest_configure() -> None:
    """What the hundreds of processes that tests start inherit.

    Ctrl-C is to reach them: a shell ignores it for whatever runs in its background. And each would
    compile the whole package anew where nothing compiled may be written.
    """
    share_compiled_statements()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A developer's own profiles are no part of any test. Nobody, not even root, can make this
    # folder: Stripe's SDK would leave an id in it.
    os.environ["XDG_CONFIG_HOME"] = "/proc/nowhere/config"
    os.environ.pop("CREDENTIALS_DIRECTORY", None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the long tests."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = long_ones_first(items, workers)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave out what was imported: it would walk it in every test."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Neither the developer's environment nor a .env of theirs; returns the working folder."""
    for name in chain.from_iterable(map(names_of, SETTINGS)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox_app(manual_clock: ManualClock) -> Iterator[SandboxApp]:
    """An empty sandbox in memory, at the manual clock's time."""
    chance = random.Random(1)  # noqa: S311
    with closing(SandboxApp(":memory:", now=manual_clock, random=chance)) as app:
        yield app
        assert not app.crashes, app.crashes


@pytest.fixture
def sandboxed(sandbox_app: SandboxApp) -> Iterator[Sandboxed]:
    """The same, served on loopback."""
    with served(sandbox_app) as sandboxed:
        yield sandboxed


@pytest.fixture
def wiring(sandboxed: Sandboxed) -> Iterator[Wiring]:
    """cascade wired to that sandbox."""
    with sandboxed.wired() as wiring:
        yield wiring
