"""The parts of the shop that doctor looks at, in the order in which it tells of them."""

from __future__ import annotations

from cascade_cli.domain.doctor.findings import amber, red

TITLES = {
    "settings": "Settings",
    "rates": "Exchange rates",
    "keys": "Files with keys",
    "clocks": "Clocks",
    "stripe": "Stripe",
    "rights": "Rights at Stripe",
    "mode": "Test or live",
    "webhook": "Webhook",
    "airtable": "Airtable",
    "schema": "Schema of the base",
    "processor": "Processor",
    "engine": "Venice's engine",
    "older": "Older connector",
    "venice": "Venice's API",
    "journal": "Journal",
    "doctor": "Doctor itself",
}

_OWN_EYES = frozenset({"settings", "rates", "keys", "doctor"})
_ASKING = frozenset(TITLES) - _OWN_EYES

UNCHECKED = {
    area: amber(
        f"{area}.unchecked",
        "not checked",
        "Whether it is well is not known.",
        "Put right what stands in the way, then run doctor again.",
    )
    for area in sorted(_ASKING)
}
"""By area: something that it depends on is red."""

UNREAD = {
    area: red(
        f"{area}.unread",
        "not read in full",
        "What could not be read here, other commands cannot read either.",
        "Run doctor again in a minute; if it stays, look at the message.",
    )
    for area in sorted(_ASKING - {"clocks", "stripe", "airtable", "venice", "journal"})
}
"""By area: a service answered others, and failed here."""

BUG = red(
    "doctor.bug",
    "broke off",
    "This is a bug in cascade: nothing is known of this area.",
    "Run it again with -v and report what it prints.",
)
FINDINGS = (*UNCHECKED.values(), *UNREAD.values(), BUG)
