"""Ducats delivered, each exactly once."""
