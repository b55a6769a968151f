"""The payment API and the Stripe webhook over HTTP: `cascade serve`.

Needs the extra `server`; nothing outside this package and its command imports FastAPI or uvicorn.
"""
