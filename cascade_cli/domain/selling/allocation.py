"""One payment for many citizens: who gets how much, as a text on which two machines agree.

The text goes into the journal, and into Stripe's metadata if it fits: for example
`525=NLR,marco;10=polo`. It consists only of letters, digits and `.-_~%,;=`, so that no system
alters it. A digest identifies it: a text that was changed, or is incomplete, has another digest.
The order of the citizens matters, since each has the number of a portion, on which the portion's
key depends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from urllib.parse import quote, unquote

from cascade_cli.domain.records.charges import Charge, Portion
from cascade_cli.domain.shop.keys import portion_id
from cascade_cli.domain.shop.money import ZERO, exactly, format_ducats, parse_ducats

MOST_CITIZENS = 1000
DIGEST_LENGTH = 32
# Stripe's metadata holds 50 keys with values of 500 characters. The remaining keys are for
# everything else.
MOST_PIECES = 36
LONGEST_PIECE = 500
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Share:
    """The ducats for one citizen."""

    citizen: str
    ducats: Decimal


@dataclass(frozen=True)
class Allocation:
    """Who gets how much, in the order of their portions. Raises ValueError if it cannot be kept."""

    shares: tuple[Share, ...]

    def __post_init__(self) -> None:
        for why in flaws(self.shares):
            raise ValueError(why)

    @property
    def total(self) -> Decimal:
        """All ducats together."""
        with exactly():
            return sum((share.ducats for share in self.shares), ZERO)

    @cached_property
    def text(self) -> str:
        """The same allocation has the same text everywhere."""
        groups = groupby(self.shares, key=lambda share: format_ducats(share.ducats))
        return ";".join(
            f"{ducats}={','.join(quote(share.citizen, safe='') for share in shares)}"
            for ducats, shares in groups
        )

    @property
    def digest(self) -> str:
        """What identifies the allocation."""
        return digest_of(self.text)

    @property
    def seal(self) -> Seal:
        """What the allocation can be recognised by."""
        return Seal(len(self.shares), self.total, self.digest)


@dataclass(frozen=True)
class Seal:
    """What an allocation must match to be the one that was sold."""

    count: int
    total: Decimal
    digest: str

    def is_of(self, allocation: Allocation) -> bool:
        """Whether it is the seal of this allocation, whole and unchanged."""
        return allocation.seal == self


def pieces_of(allocation: Allocation) -> tuple[str, ...]:
    """The text, cut into values that fit into Stripe's metadata; empty if it does not all fit."""
    text = allocation.text
    pieces = [text[at : at + LONGEST_PIECE] for at in range(0, len(text), LONGEST_PIECE)]
    return tuple(pieces) if len(pieces) <= MOST_PIECES else ()


def fits(allocation: Allocation) -> bool:
    """Whether the allocation fits into Stripe's metadata."""
    return bool(pieces_of(allocation))


def digest_of(text: str) -> str:
    """The digest of an allocation's text."""
    return sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def read_allocation(text: str) -> Allocation:
    """An allocation from its text. Raises ValueError for anything else."""
    shares = []
    for group in text.split(";"):
        ducats, separator, citizens = group.partition("=")
        if not separator:
            raise ValueError("it is not an allocation")
        for citizen in citizens.split(","):
            shares.append(Share(unquote(citizen, errors="strict"), parse_ducats(ducats)))
    return Allocation(tuple(shares))


def flaws(shares: Sequence[Share]) -> Iterator[str]:
    """Why nobody can be credited by these shares.

    A citizen listed twice is refused. In a list that people keep, the second row is more often a
    slip than a wish, and ducats that went out by mistake are not got back.
    """
    if not shares:
        yield "it names nobody"
    if len(shares) > MOST_CITIZENS:
        yield f"it names {len(shares)} citizens, and one payment is for {MOST_CITIZENS} at most"
    for share in shares:
        if not _is_name(share.citizen):
            yield f"{share.citizen[:40]!r} is not a citizen's name"
    for citizen, number in Counter(share.citizen for share in shares).items():
        if number > 1:
            yield f"{citizen!r} stands in {number} rows: make it one, with the sum"


def _is_name(citizen: str) -> bool:
    try:
        citizen.encode()
    except UnicodeEncodeError:
        return False
    return bool(citizen.strip()) and len(citizen) <= _LONGEST_NAME and "\0" not in citizen


def portions_of(whole: Charge, allocation: Allocation) -> tuple[Charge, ...]:
    """The charge, divided into one for each citizen."""
    cents = _parts(whole.captured_cents, [share.ducats for share in allocation.shares])
    of, total = len(allocation.shares), allocation.total
    return tuple(
        replace(
            whole,
            id=portion_id(whole.id, number),
            citizen=share.citizen,
            citizen_text=share.citizen,
            ducats=share.ducats,
            ducats_text=format_ducats(share.ducats),
            portion=Portion(number, of, total, part),
        )
        for number, (share, part) in enumerate(zip(allocation.shares, cents, strict=True), start=1)
    )


def _parts(cents: int, ducats: Iterable[Decimal]) -> list[int]:
    """The cents in proportion to the ducats. The parts add up to all of the cents."""
    ducats, parts, reached, given = list(ducats), list[int](), ZERO, 0
    with exactly():
        whole = sum(ducats, ZERO)
        for number in ducats:
            reached += number
            due = int(cents * reached // whole)
            parts.append(due - given)
            given = due
    return parts


class Allocations:
    """The store to use if there is no journal: then Stripe's metadata is the only place."""

    def find(self, _digest: str) -> Allocation | None:
        """The allocation of that digest, if it was kept."""
        return None

    def keep(self, _allocation: Allocation) -> None:
        """Keep it for good, before anything is sold by it."""
