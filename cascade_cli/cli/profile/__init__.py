"""`cascade profile`: the shops that this machine knows."""
