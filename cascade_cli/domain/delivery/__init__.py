"""How ducats reach a citizen: the steps of a delivery, and the account that pays."""
