"""The state of the shop at one moment."""
