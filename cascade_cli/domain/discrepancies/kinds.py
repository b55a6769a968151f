"""The kinds of charges and transfers, and how grave each kind is."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What is true of a charge or transfer. Graver kinds come first: they win a tie."""

    DUPLICATE = "duplicate"
    DOUBTFUL = "doubtful"
    WRONG_CITIZEN = "wrong_citizen"
    AMOUNT_MISMATCH = "amount_mismatch"
    ORPHAN = "orphan"
    UNATTRIBUTABLE = "unattributable"
    UNKNOWN_CITIZEN = "unknown_citizen"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    MISSING = "missing"
    FAILED = "failed"
    STALLED = "stalled"
    UNDERPAID = "underpaid"
    IN_FLIGHT = "in_flight"
    SETTLED = "settled"

    @property
    def words(self) -> str:
        """The kind as people read it."""
        return self.value.replace("_", " ")

    @property
    def is_discrepancy(self) -> bool:
        """It needs explaining; anything that is settled or in flight does not."""
        return self not in {Kind.SETTLED, Kind.IN_FLIGHT}

    @property
    def severity(self) -> Severity:
        """How soon somebody should look."""
        if self in _CRITICAL:
            return Severity.CRITICAL
        if self in _MEDIUM:
            return Severity.MEDIUM
        return Severity.HIGH if self.is_discrepancy else Severity.NONE


class Severity(StrEnum):
    """How soon somebody should look; gravest first."""

    CRITICAL = "critical"
    """Ducats have left, or may leave, that nobody paid for."""
    HIGH = "high"
    """Somebody paid and is waiting."""
    MEDIUM = "medium"
    """The shop's money is at risk, but nobody is waiting."""
    NONE = "none"


_CRITICAL = frozenset({Kind.DUPLICATE, Kind.DOUBTFUL, Kind.WRONG_CITIZEN, Kind.ORPHAN})
_MEDIUM = frozenset({Kind.DISPUTED, Kind.REFUNDED, Kind.UNDERPAID})
GRAVITY = {kind: rank for rank, kind in enumerate(Kind)}
SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}
