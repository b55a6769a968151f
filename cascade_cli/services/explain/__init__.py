"""The whole story of the thing that an id names."""
