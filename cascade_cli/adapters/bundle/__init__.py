"""The bundle for a bug report: what it takes from this machine, and its archive."""
