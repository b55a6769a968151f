"""Money, times, keys, names and currencies: what everything else is built from."""
