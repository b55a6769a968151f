"""Every charge of a window judged: the items, the equation, and what a machine may repair."""
