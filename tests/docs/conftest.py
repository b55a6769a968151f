from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cascade_cli.settings import SETTINGS
from tests.harness.commands import Answer, in_this_process

Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Run a command line against one seeded sandbox, 80 columns wide."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*(setting.name for setting in SETTINGS), "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        patch.setenv("CASCADE_STATE_DIR", str(tmp_path_factory.mktemp("sandbox")))
        patch.setenv("COLUMNS", "80")
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        yield _ask


def _ask(*arguments: str) -> Answer:
    return in_this_process(arguments)
