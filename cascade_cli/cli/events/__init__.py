"""`cascade events`: Stripe's events, listed and replayed."""
