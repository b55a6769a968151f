"""One payment, or a few that belong together, in each state that Stripe and Venice can show."""

from __future__ import annotations

from tests.end_to_end.agreement.states.invoices import INVOICES
from tests.end_to_end.agreement.states.making import State
from tests.end_to_end.agreement.states.many import MANY
from tests.end_to_end.agreement.states.money import MONEY
from tests.end_to_end.agreement.states.owners import OWNERS
from tests.end_to_end.agreement.states.prices import PRICES
from tests.end_to_end.agreement.states.recipients import RECIPIENTS
from tests.end_to_end.agreement.states.returns import RETURNS
from tests.end_to_end.agreement.states.usual import USUAL

_ALL = (USUAL, PRICES, RECIPIENTS, OWNERS, RETURNS, MONEY, MANY, INVOICES)
STATES: dict[str, tuple[str, State]] = {
    name: state for states in _ALL for name, state in states.items()
}
"""By what a person would call it: the kinds that are right, one word for each item that reconcile
has of it, and what makes it. Of a credit by hand with which all is well there is no item."""
assert len(STATES) == sum(map(len, _ALL)), "two states have one name"
