"""Settling refunds, for a person or on Stripe's events."""
