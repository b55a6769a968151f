"""The advice for an id of the wrong sort: the command that takes it."""

from __future__ import annotations

from cascade_cli.domain.shop.keys import PORTION_ID, IdKind, kind_of_id, payment_id_in
from cascade_cli.domain.shop.shell import command


def right_line(identity: str, *words: str) -> str:
    """A sentence that says what to type with that id; empty if it is not an id.

    `words` are a command that takes a payment. It is offered if the id is a transfer's that names
    a payment.
    """
    try:
        kind = kind_of_id(identity)
    except ValueError:
        return ""
    if words and (payment := payment_id_in(identity) or _paid_of(identity)):
        return f"Type: {command(*words, payment)}"
    if kind is IdKind.NAME:
        return ""
    article = "an" if kind.value[0] in "aeiou" else "a"
    return f"It is {article} {kind}'s id; see: {command('explain', identity)}"


def _paid_of(identity: str) -> str:
    return identity if PORTION_ID.fullmatch(identity) else ""
