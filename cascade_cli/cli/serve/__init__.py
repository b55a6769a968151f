"""`cascade serve`: the payment API and the webhook."""
