"""The embedded stand-in for Stripe, Airtable and Venice, served over HTTP on loopback.

It imports nothing from the client side of cascade: a shared model would make both wrong in the
same way. `wire` and `store` are its ground floor; `stripe`, `airtable` and `venice` stand on them;
`app` joins the three and `server` puts them on a socket.
"""
