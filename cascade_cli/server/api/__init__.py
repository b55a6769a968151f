"""`/api/payments/…`: its routes, bodies and refusals."""
