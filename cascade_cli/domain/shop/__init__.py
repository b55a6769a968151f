"""The words everything else is written in: money, times, keys, names, currencies."""
