"""Decisions made, recorded and carried out."""
