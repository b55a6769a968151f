"""Ids that may be portions' of a payment: Stripe is asked for the whole, the rest is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.shop.keys import portion_number, whole_id


class Asked:
    """Some payments or portions; `wholes` has each payment's own id once, in their order."""

    def __init__(self, ids: Iterable[str]) -> None:
        # None stands for all portions.
        self._numbers: dict[str, set[int | None]] = {}
        for one in ids:
            self._numbers.setdefault(whole_id(one), set()).add(portion_number(one))

    @property
    def wholes(self) -> Sequence[str]:
        """What Stripe is asked for."""
        return list(self._numbers)

    def keep(self, charges: Iterable[Charge]) -> tuple[Charge, ...]:
        """Those that are meant. Of a payment whose allocation nobody knows, the whole is meant."""
        return tuple(charge for charge in charges if self._means(charge))

    def _means(self, charge: Charge) -> bool:
        if charge.portion is None:
            return True
        numbers = {n for name in charge.names for n in self._numbers.get(name, ())}
        return None in numbers or charge.portion.number in numbers
