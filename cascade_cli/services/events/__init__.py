"""Stripe's events taken in and replayed."""
