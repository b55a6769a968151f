"""`cascade doctor`: how it is wired, run and shown."""
