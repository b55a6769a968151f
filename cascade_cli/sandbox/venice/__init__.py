"""Venice: its HTTP API, its citizens, and the engine that moves ducats."""

from cascade_cli.sandbox.venice.access import (
    FAIL_POINTS,
    KILL_POINTS,
    STEPS,
    EngineRun,
    LostAnswerError,
    Step,
)
from cascade_cli.sandbox.venice.api import VeniceSandbox
from cascade_cli.sandbox.venice.citizens import Residents
from cascade_cli.sandbox.venice.engine import Engine

__all__ = [
    "FAIL_POINTS",
    "KILL_POINTS",
    "STEPS",
    "Engine",
    "EngineRun",
    "LostAnswerError",
    "Residents",
    "Step",
    "VeniceSandbox",
]
