"""Connections, and the limits on what arrives through them."""
