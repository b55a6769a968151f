"""Whole histories on the real services, adapters and SDKs, with a virtual clock and every fault.

`python -m tests.simulation --seeds N [--first S] [--jobs J]` plays N of them; each is determined
by its seed alone.
"""
