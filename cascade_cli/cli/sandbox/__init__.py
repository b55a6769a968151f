"""`cascade sandbox`: the embedded Stripe, Airtable and Venice."""
