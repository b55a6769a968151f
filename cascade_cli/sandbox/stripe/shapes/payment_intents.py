"""What a fresh PaymentIntent looks like, and what a refused attempt leaves on it."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.cards import Decline
from cascade_cli.sandbox.stripe.errors import Document


def new_payment_intent(id: str, secret: str, created: int, amount: int, currency: str) -> Document:
    """A PaymentIntent that nobody has tried to pay yet."""
    return {
        "id": id,
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": secret,
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "hooks": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_details": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "payment_record": None,
        "presentment_details": None,
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def new_payment_error(
    decline: Decline, charge_id: str | None, payment_method: Document
) -> Document:
    """The `last_payment_error` of a refused attempt; a charge is missing if none was tried."""
    return {
        "advice_code": decline.advice_code,
        **({"charge": charge_id} if charge_id else {}),
        "code": decline.code,
        "decline_code": decline.decline_code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": payment_method,
        "type": "card_error",
    }


def new_next_action(intent: Document, return_url: str | None) -> Document:
    """The `next_action` that sends the customer to the bank's page."""
    hooks = f"https://hooks.stripe.com/3d_secure_2/hosted?payment_intent={intent['id']}"
    if return_url is None:
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"stripe_js": hooks, "type": "three_d_secure_redirect"},
        }
    return {
        "redirect_to_url": {"return_url": return_url, "url": hooks},
        "type": "redirect_to_url",
    }
