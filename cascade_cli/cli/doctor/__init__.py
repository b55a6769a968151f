"""`cascade doctor`: what would fail, before it does."""
