"""Stories: what can happen to a single payment or transfer.

A story writes one instance of its case to Stripe and Venice. It returns the kind that
`cascade reconcile` should report, or None if there is nothing to report.
"""

from __future__ import annotations

from collections.abc import Callable

from cascade_cli.sandbox.seed.world import World

Story = Callable[[World], str | None]
