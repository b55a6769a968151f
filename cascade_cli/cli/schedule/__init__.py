"""`cascade schedule`: the line or units that run cascade every night."""
