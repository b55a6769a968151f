"""The embedded stand-in for Stripe, Airtable and Venice, served over HTTP on loopback.

The sandbox imports nothing from the client side of cascade: with a shared model, both would be
wrong in the same way. `wire` and `store` are the lowest layer. `stripe`, `airtable` and `venice`
build on them, `app` combines the three, and `server` serves them on a socket.
"""
