"""`cascade config`: every setting, where it comes from, and whether it can be used."""
