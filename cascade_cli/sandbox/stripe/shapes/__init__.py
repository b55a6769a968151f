"""Fresh Stripe objects in full: every field that the API shows, null where nothing is known.

The fields are those of stripe-python 16.1's own classes, at API version 2026-10-28.endive.
"""
