"""What cascade knows and decides, on values alone: no I/O, no clock, no settings, no SDK."""
