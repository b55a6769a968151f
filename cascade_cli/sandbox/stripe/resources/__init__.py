"""What Stripe keeps, a file for each noun: what it looks like, what happens to it, its routes."""
