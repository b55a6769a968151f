"""`cascade credit`: ducats by hand. Deliveries of other commands are shown from here too."""
