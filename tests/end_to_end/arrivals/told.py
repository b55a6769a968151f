"""What was told in the base, and a night's run at the counter."""

from __future__ import annotations

from typing import Any

from cascade_cli.sandbox.wire import Request
from tests.harness.commands import Answer
from tests.harness.counter import Counter
from tests.harness.faults import is_notification

ARRIVED = "cascade_transfer_arrived"


def arrived(counter: Counter) -> list[dict[str, Any]]:
    """Cascade's notices of arrival."""
    return [row for row in counter.rows("NOTIFICATIONS") if row["Type"] == ARRIVED]


def texts(counter: Counter, citizen: str = "marco") -> list[str]:
    """What one citizen was told of arrivals."""
    return [row["Content"] for row in arrived(counter) if row["Citizen"] == citizen]


def night(counter: Counter, *words: str, **settings: str) -> Answer:
    """`reconcile --repair --yes`, as the schedule runs it."""
    return counter.type("reconcile", "--since", "7d", "--repair", "--yes", *words, **settings)


def delivered(counter: Counter, reference: str = "r1", ducats: str = "525") -> str:
    """A credit by hand for marco that the engine has executed; its key."""
    assert counter.credit("marco", ducats, "--reference", reference, "--again").code == 0
    counter.sandboxed.app.engine.run()
    key = f"cascade_manual_{reference}"
    assert counter.row(key)["Status"] == "executed"
    return key


def is_arrival(request: Request) -> bool:
    """A new notice of arrival."""
    return is_notification(request) and ARRIVED.encode() in request.body


def airtable_reads(counter: Counter) -> list[Request]:
    """What was read of transfers."""
    asked = counter.sandboxed.recorder.to("airtable")
    return [r for r in asked if r.method == "GET" and r.path.endswith("/STRATAGEMS")]
