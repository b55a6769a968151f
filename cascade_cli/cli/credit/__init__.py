"""`cascade credit`: ducats by hand. Other commands show their deliveries with `deliveries`, too."""
