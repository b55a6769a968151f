from __future__ import annotations

import pytest

from tests.cli.citizen.treasury import Treasury
from tests.harness.counter import Counter


@pytest.fixture
def treasury(counter: Counter) -> Treasury:
    """The processor has 1000 ducats; it is four in the afternoon in Rome."""
    treasury = Treasury(counter)
    treasury.fund(1000)
    return treasury


@pytest.fixture
def empty(treasury: Treasury) -> Treasury:
    """A Venice without the processor."""
    treasury.remove()
    return treasury
