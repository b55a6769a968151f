"""`cascade pricing`: the price list."""
