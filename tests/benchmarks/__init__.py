"""What is fast, and against what: `python -m tests.benchmarks [ROW…]` prints one table.

A module here that has `ROWS`, a mapping from a row's name to a function that measures it and
yields lines, is found by itself. pytest never runs these: what must not grow unnoticed is counted
by ordinary tests, in allocations and requests, never in seconds.
"""
