"""Gathering both sides: for a window, for one payment or since the last run."""
