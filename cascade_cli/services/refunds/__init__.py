"""Refunds settled, by a person or by events."""
