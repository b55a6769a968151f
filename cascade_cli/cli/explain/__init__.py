"""`cascade explain`: the whole story of one id."""
