"""Stripe through its own SDK."""
