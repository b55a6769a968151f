"""The story of a payment, a transfer or a citizen."""
