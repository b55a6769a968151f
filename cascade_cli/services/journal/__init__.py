"""The journal's own services: catching up with the base after a restore."""
