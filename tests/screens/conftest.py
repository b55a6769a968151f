from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.screens.terminal import Terminal, terminal


@pytest.fixture(scope="package")
def week() -> Iterator[Terminal]:
    """The sandbox's week of 57 discrepancies, which nobody repairs."""
    with terminal() as found:
        # Whatever is asked first: status tells when it was last reconciled.
        found.sandbox("reconcile")
        yield found
