from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout

import pytest

from cascade_cli.cli.app import run
from cascade_cli.settings import SETTINGS

Ask = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Run a command line against one seeded sandbox, 80 columns wide: exit code and stdout."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*(setting.name for setting in SETTINGS), "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        patch.setenv("CASCADE_STATE_DIR", str(tmp_path_factory.mktemp("sandbox")))
        patch.setenv("COLUMNS", "80")
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        yield _ask


def _ask(*arguments: str) -> tuple[int, str]:
    stdout = io.StringIO()
    with redirect_stdout(stdout):
        code = run(arguments)
    return code, stdout.getvalue()
