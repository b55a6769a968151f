"""The hosted payment page of a Checkout Session, in its smallest form."""

from __future__ import annotations

from html import escape

from cascade_cli.sandbox.stripe import form as form_encoding
from cascade_cli.sandbox.stripe.account import StripeAccount
from cascade_cli.sandbox.stripe.cards import PAYMENT_METHODS
from cascade_cli.sandbox.stripe.currencies import show
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.resources import checkout_sessions
from cascade_cli.sandbox.wire import Clock, Request, Response

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>
{content}
</body></html>
"""
_FORM = """<p>{items}</p><p><strong>{total}</strong></p>{complaint}
<form method="post">
<label>Card <select name="payment_method">{options}</select></label>
<button type="submit">Pay</button>
</form>"""


_LANDINGS = {
    "thanks": ("Paid", "<p>Venice's engine brings the ducats.</p>"),
    "cancelled": ("Nothing was paid", "<p>The link stays open for a day.</p>"),
}
"""Pages to return to, for a shop that has none of its own."""


class PayPage:
    """GET shows what is to be paid, POST pays it with the test card chosen."""

    def __init__(self, account: StripeAccount, now: Clock) -> None:
        self._account = account
        self._now = now

    def handle(self, request: Request) -> Response:
        """Answer one request for `/pay/<session id>`, or for a page to come back to."""
        name = request.path.removeprefix("/pay/")
        if name in _LANDINGS:
            return _html(200, *_LANDINGS[name])
        return self._session_page(request, name)

    def _session_page(self, request: Request, session_id: str) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        if method not in ("GET", "POST"):
            return _html(405, "Method not allowed", "")
        with self._account.writing(self._now()) as writer:
            try:
                session = writer.get("checkout.session", session_id)
            except StripeError:
                return _html(404, "This page does not exist", "")
            if session["status"] != "open":
                return _html(410, f"This session is {session['status']}", "")
            items = writer.flush().line_items(session_id)
            if method == "GET":
                return _html(200, "Pay with a test card", _form(session, items, ""))
            attempt = checkout_sessions.pay(writer, session, _chosen(request))
        if session["status"] == "complete":
            location = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
            return Response(303, b"", {"Location": location})
        failure = attempt.intent["last_payment_error"] or {
            "message": "The bank asks for authentication, which this page cannot do."
        }
        complaint = f"<p role='alert'>{escape(failure['message'])}</p>"
        return _html(402, "Pay with a test card", _form(session, items, complaint))


def _chosen(request: Request) -> str:
    chosen = form_encoding.decode(request.body.decode()).get("payment_method")
    return chosen if isinstance(chosen, str) and chosen in PAYMENT_METHODS else "pm_card_visa"


def _form(session: Document, items: list[Document], complaint: str) -> str:
    options = "".join(f"<option>{name}</option>" for name in PAYMENT_METHODS)
    lines = "<br>".join(f"{item['quantity']} × {escape(item['description'])}" for item in items)
    total = f"{show(session['amount_total'], session['currency'])} {session['currency'].upper()}"
    return _FORM.format(items=lines, total=total, complaint=complaint, options=options)


def _html(status: int, title: str, content: str) -> Response:
    body = _PAGE.format(title=escape(title), content=content).encode()
    return Response(status, body, {"Content-Type": "text/html; charset=utf-8"})
