"""A split payment in Stripe's metadata: who gets how much, if it fits.

One key holds a seal (how many citizens, how many ducats, the digest); more keys hold the allocation
in pieces. `citizen_id` and `ducat_amount` are left out. So an older webhook, which knows nothing of
allocations, finds nobody to credit, instead of crediting one citizen with everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.selling.allocation import (
    MOST_PIECES,
    Allocation,
    Seal,
    pieces_of,
    portions_of,
    read_allocation,
)
from cascade_cli.domain.shop.money import format_ducats, read_ducats

ALLOCATION = "allocation"
FORM = "1"

Kept = Callable[[str], Allocation | None]
"""Finds the allocation that the journal has under a digest."""


def nothing_kept(_digest: str) -> Allocation | None:
    """The Kept to use without a journal."""
    return None


def allocation_metadata(allocation: Allocation) -> dict[str, str]:
    """The seal, and the pieces if all of them fit: some of them alone would be useless."""
    seal = allocation.seal
    sealed = f"{FORM}:{seal.count}:{format_ducats(seal.total)}:{seal.digest}"
    pieces = enumerate(pieces_of(allocation), start=1)
    return {ALLOCATION: sealed} | {f"{ALLOCATION}_{number}": piece for number, piece in pieces}


def divided(whole: Charge, metadata: Mapping[str, str], kept: Kept) -> tuple[Charge, ...]:
    """Divide a split payment's charge into one for each citizen.

    If it is unknown who they are, the result is the whole charge, for nobody, and `unallocated`
    says why.
    """
    try:
        return portions_of(whole, allocation_in(metadata, kept))
    except ValueError as error:
        seal = sealed_in(metadata)
        ducats = seal.total if seal else None
        nobody = replace(whole, citizen=None, citizen_text="", ducats=ducats, package=None)
        return (replace(nobody, unallocated=str(error)),)


def sealed_in(metadata: Mapping[str, str]) -> Seal | None:
    """The seal, which identifies the allocation; None if it cannot be read."""
    form, _, rest = metadata.get(ALLOCATION, "").partition(":")
    count, _, rest = rest.partition(":")
    total, _, digest = rest.partition(":")
    ducats = read_ducats(total)
    if form != FORM or not count.isdecimal() or ducats is None or not digest:
        return None
    return Seal(int(count[:6]), ducats, digest[:64])


def allocation_in(metadata: Mapping[str, str], kept: Kept) -> Allocation:
    """The allocation that was sold: from the metadata, or else from the journal by its digest.

    Raises ValueError, with a sentence about the payment, if neither has it complete and unchanged.
    """
    seal = sealed_in(metadata)
    if seal is None:
        told = metadata[ALLOCATION][:80]
        raise ValueError(
            f"it was sold for many citizens, but its allocation cannot be read: {told!r}"
        )
    text = "".join(_pieces(metadata))
    for read in (_read, lambda _text: kept(seal.digest)):
        found = read(text)
        if found and seal.is_of(found):
            return found
    why = ", and the allocation in its metadata was changed or is incomplete" if text else ""
    where = "their names are kept in the journal of the machine that sold it"
    raise ValueError(
        f"it was sold for {seal.count} citizens{why}; {where} (allocation {seal.digest})"
    )


def _pieces(metadata: Mapping[str, str]) -> Iterator[str]:
    """The pieces in their order, up to the first that is missing."""
    for number in range(1, MOST_PIECES + 1):
        piece = metadata.get(f"{ALLOCATION}_{number}")
        if piece is None:
            return
        yield piece


def _read(text: str) -> Allocation | None:
    try:
        return read_allocation(text) if text else None
    except ValueError:
        return None
