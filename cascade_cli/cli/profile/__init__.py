"""`cascade profile`: the shops that are set up on this machine."""
