"""Venice: its HTTP API, and the engine that moves ducats."""

from cascade_cli.sandbox.venice.access import (
    FAIL_POINTS,
    KILL_POINTS,
    STEPS,
    EngineRun,
    LostAnswerError,
    Step,
)
from cascade_cli.sandbox.venice.api import VeniceSandbox
from cascade_cli.sandbox.venice.engine import Engine

__all__ = [
    "FAIL_POINTS",
    "KILL_POINTS",
    "STEPS",
    "Engine",
    "EngineRun",
    "LostAnswerError",
    "Step",
    "VeniceSandbox",
]
