"""`cascade checkout`: a Stripe page on which ducats can be paid."""
