"""A guild that buys ducats for its members by one payment."""

from __future__ import annotations

import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import stripe

from tests.harness.commands import Answer
from tests.harness.counter import Counter

MEMBERS = {"marco": "100", "lucia": "50.5", "zuan": "20"}


def members_file(counter: Counter, members: dict[str, str] | None = None) -> Path:
    """A CSV for `checkout --file`."""
    rows = (MEMBERS if members is None else members).items()
    path = counter.state.parent / "members.csv"
    path.write_text("\n".join(["citizen,ducats", *map(",".join, rows)]) + "\n", encoding="utf-8")
    return path


def offered(counter: Counter, *words: str, members: dict[str, str] | None = None) -> Answer:
    """`checkout --file`, leading back to the sandbox's own pages."""
    at = f"{counter.sandboxed.url}/stripe/pay"
    pages = {
        "CASCADE_CHECKOUT_SUCCESS_URL": f"{at}/thanks",
        "CASCADE_CHECKOUT_CANCEL_URL": f"{at}/cancelled",
    }
    file = members_file(counter, members)
    return counter.type("checkout", "--file", str(file), "--json", *words, **pages)


def bought(counter: Counter, members: dict[str, str] | None = None) -> str:
    """The payment's intent, paid on the page just now."""
    answer = offered(counter, members=members)
    assert answer.code == 0, answer
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(answer.data["url"], b"payment_method=pm_card_visa") as landing:
        assert landing.url.endswith("/thanks")
    sessions = stripe_of(counter).v1.checkout.sessions
    return str(sessions.retrieve(answer.data["checkout_session"]).payment_intent)


def stripe_of(counter: Counter) -> stripe.StripeClient:
    """The sandbox's, as anybody's client sees it."""
    return stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": f"{counter.sandboxed.url}/stripe"}
    )


def metadata_of(counter: Counter, intent: str) -> dict[str, str]:
    """The payment's."""
    found: dict[str, str] = (
        stripe_of(counter).v1.payment_intents.retrieve(intent).metadata.to_dict()
    )
    return found


def sold_by(counter: Counter, metadata: dict[str, str], cents: int) -> str:
    """A payment with that metadata, whoever wrote it."""
    account = counter.sandboxed.app.stripe.account
    at = counter.now() - timedelta(hours=5)
    charge = account.pay(amount=cents, currency="usd", metadata=metadata, at=at)
    return str(charge["payment_intent"])


def replayed(counter: Counter, *words: str, **settings: str) -> Answer:
    """What the last day's events tell of, credited."""
    return counter.type("events", "replay", "--since", "24h", "--yes", "--json", *words, **settings)


def keys(intent: str, *numbers: int) -> list[str]:
    """The StratagemIds of its portions."""
    return [f"cascade_payment_{intent}.{number}" for number in numbers]


def reconciled(counter: Counter, *words: str, **settings: str) -> dict[str, Any]:
    """The `data` of a report on everything."""
    answer = counter.type("reconcile", "--since", "7d", "--all", "--json", *words, **settings)
    return answer.data
