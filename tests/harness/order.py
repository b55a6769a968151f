"""In which order tests run, so that no worker is left alone with a long one at the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest


def long_ones_first(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """All tests, so that the part of each worker begins with some of those that are marked long.

    At first, `--dist worksteal` cuts the list into as many equal parts as there are workers.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    ordered = list[pytest.Item]()
    for worker in range(workers):
        size = (len(items) - len(ordered)) // (workers - worker)
        first = long[worker::workers]
        rest = max(0, size - len(first))
        ordered += first + others[:rest]
        del others[:rest]
    return ordered
