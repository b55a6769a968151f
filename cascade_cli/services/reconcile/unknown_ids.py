"""What to type instead, if an id is of the wrong sort, or neither side knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cascade_cli.domain.records.citizens import near_names
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import PORTION_ID, IdKind, is_cut_off, kind_of_id, payment_id_in
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import ServiceError, SettingsError
from cascade_cli.services.ports import TransfersPort

_LEAST = 8
"""With fewer characters, an id fits too many."""
_MOST = 3


def right_line(identity: str, *words: str) -> str:
    """A sentence that says what to type with that id; empty if it is not an id.

    `words` are a command that takes a payment. It is offered if the id is a transfer's that names
    a payment.
    """
    try:
        kind = kind_of_id(identity)
    except ValueError:
        return ""
    payment = identity if PORTION_ID.fullmatch(identity) else payment_id_in(identity)
    if words and payment:
        return f"Type: {command(*words, payment)}"
    if kind is IdKind.NAME:
        return ""
    article = "an" if kind.value[0] in "aeiou" else "a"
    return f"It is {article} {kind}'s id; see: {command('explain', identity)}"


def similar_line(
    transfers: TransfersPort,
    identity: str,
    *words: str,
    usernames: Callable[[], Sequence[str]] = tuple,
) -> str:
    """`Did you mean: …`, with the commands to type; empty if nothing is similar.

    It finds ids whose end was lost and, among the `usernames`, misspelt citizens. `words` are the
    command to which the id is added. If a service cannot be read, there is no hint.
    """
    try:
        found = list(_longer_ids(transfers, identity))[:_MOST]
        if not found and not is_cut_off(identity):
            found = near_names(identity, usernames())
    except (ServiceError, SettingsError):
        return ""
    lines = ", or ".join(command(*words, name) for name in found)
    return f"Did you mean: {lines}" if lines else ""


def _longer_ids(transfers: TransfersPort, identity: str) -> Iterator[str]:
    """The longer ids that begin with this one."""
    if len(identity) < _LEAST:
        return
    rows = transfers.beginning(identity)
    ids = dict.fromkeys(one for row in rows for one in _ids(row))
    yield from (one for one in ids if one.startswith(identity) and one != identity)


def _ids(row: Stratagem) -> Sequence[str]:
    """The row's own ids, and those of the payment that it delivers."""
    return (row.stratagem_id, row.record_id, payment_id_in(row.stratagem_id) or "", *row.stripe_ids)
