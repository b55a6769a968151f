"""`cascade citizen`: the payment processor."""
