"""One payment, or a few that belong together, in each state that Stripe and Venice can show."""

from __future__ import annotations

from tests.agreement.states.invoices import INVOICES
from tests.agreement.states.making import State
from tests.agreement.states.many import MANY
from tests.agreement.states.money import MONEY
from tests.agreement.states.owners import OWNERS
from tests.agreement.states.prices import PRICES
from tests.agreement.states.recipients import RECIPIENTS
from tests.agreement.states.returns import RETURNS
from tests.agreement.states.usual import USUAL

_ALL = (USUAL, PRICES, RECIPIENTS, OWNERS, RETURNS, MONEY, MANY, INVOICES)
STATES: dict[str, tuple[str, State]] = {
    name: state for states in _ALL for name, state in states.items()
}
"""By what a person would call it: the kinds that are right, one word for each item that reconcile
has of it, and what makes it. Of a credit by hand with which all is well there is no item."""
assert len(STATES) == sum(map(len, _ALL)), "two states have one name"
