"""The journal's own affairs: catching up with the base after it was restored."""
