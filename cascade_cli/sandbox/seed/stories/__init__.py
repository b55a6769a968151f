"""What happens to single payments and transfers; each story writes both sides and names its kind.

A story takes the world, writes one instance of what it tells, and returns the kind (INTERFACE's
word) that a reconciliation should find, or None for what is no payment of ours.
"""

from __future__ import annotations

from collections.abc import Callable

from cascade_cli.sandbox.seed.world import World

Story = Callable[[World], str | None]
