"""`cascade resolve`: a decision on one case."""
