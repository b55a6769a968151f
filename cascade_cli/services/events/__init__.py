"""Taking in Stripe's events, and replaying them."""
