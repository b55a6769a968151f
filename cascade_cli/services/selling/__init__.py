"""Ducats sold: by a link, through the API, every month."""
