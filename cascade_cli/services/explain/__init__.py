"""The whole story of whatever an id names."""
