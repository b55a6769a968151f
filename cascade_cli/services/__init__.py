"""Use cases: gather, decide, apply. They return values and never print."""
