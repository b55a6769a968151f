"""The payment processor: found, created, replenished."""
