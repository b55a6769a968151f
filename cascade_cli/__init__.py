"""cascade: one paid Stripe charge, one transfer of ducats in Venice."""

__version__ = "0.1.0"
