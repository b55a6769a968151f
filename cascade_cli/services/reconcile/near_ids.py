"""What somebody meant by an id or a name that neither side knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.citizen_names import near_names
from cascade_cli.domain.shop.keys import is_cut_off, payment_id_in
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import ServiceError, SettingsError
from cascade_cli.services.ports import VenicePort

_LEAST = 8
"""Fewer characters of an id could be anybody's."""
_MOST = 3


def meant(venice: VenicePort, identity: str, *words: str, names: bool = False) -> str:
    """`Did you mean: …`, with the commands to type; empty where nothing is near.

    An id may have lost its end. With `names`, a citizen's name may be misspelt. `words` are the
    command, to which the id is added. A hint is never a reason to fail.
    """
    try:
        found = list(_beginning(venice, identity))[:_MOST]
        if not found and names and not is_cut_off(identity):
            found = near_names(identity, venice.usernames())
    except (ServiceError, SettingsError):
        return ""
    lines = ", or ".join(command(*words, name) for name in found)
    return f"Did you mean: {lines}" if lines else ""


def _beginning(venice: VenicePort, identity: str) -> Iterator[str]:
    """The ids that begin so and go on."""
    if len(identity) < _LEAST:
        return
    rows = venice.beginning(identity)
    ids = dict.fromkeys(one for row in rows for one in _ids(row))
    yield from (one for one in ids if one.startswith(identity) and one != identity)


def _ids(row: Stratagem) -> Sequence[str]:
    """Its own, and those of the payment that it delivers."""
    return (row.stratagem_id, row.record_id, payment_id_in(row.stratagem_id) or "", *row.stripe_ids)
