"""`cascade serve`: from settings to a running server."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from cascade_cli.adapters.http.transport import is_loopback
from cascade_cli.cli.terminal.session import Outcome, Session, keep_error
from cascade_cli.domain.doctor.settings import SHORTEST_TOKEN
from cascade_cli.errors import SettingsError, UsageError
from cascade_cli.sandbox.instance import WEBHOOK_SECRET as SANDBOX_SECRET
from cascade_cli.settings import API_TOKEN, ENDPOINT_SECRET, WEBHOOK_SECRET, Settings
from cascade_cli.settings.installation import command_to_add
from cascade_cli.settings.values import Setting
from cascade_cli.wiring import this_worker
from cascade_cli.wiring.connection import SANDBOX_TOKEN, connected

WEBHOOK = "/api/payments/webhook"
_WEBHOOK_HINT = (
    "Copy it whole from the webhook's page in Stripe. Whoever has it can send events in Stripe's "
    "name."
)
_API_HINT = (
    "Take a long random one, such as openssl rand -hex 32 prints. Whoever has it can create "
    "payments in the shop's name."
)
_EXTRA = ("fastapi", "uvicorn", "prometheus_client")


def serve(session: Session, host: str, port: int) -> Outcome:
    """Serve until told to stop. Raises SettingsError or UsageError before anything listens."""
    _check_extra()
    from cascade_cli.server import serving  # noqa: PLC0415 - the base install has none of it
    from cascade_cli.wiring.serving import Dependencies  # noqa: PLC0415 - as above

    with connected(session) as wiring:
        _check(session, wiring.settings)
        secrets = [*session.secrets, *wiring.settings.signing_secrets]
        worker = this_worker("serve", wiring.settings.airtable_base)
        dependencies = Dependencies(
            wiring,
            wiring.shop_journal.database,
            worker,
            secrets,
            session.say,
            session.completed,
            lambda error: keep_error(session, "serve", error),
        )
        try:
            listening = serving.listen(host, port)
        except OSError as error:
            raise UsageError(
                f"Cannot listen on {host} port {port}: {error.strerror or error}.",
                "Choose another --port, or stop what uses it.",
            ) from error
        with listening, serving.opened(dependencies) as app_state:
            # The socket listens already, so a reader of this line may connect at once.
            _announce(host, listening.getsockname()[1])
            serving.run(app_state, listening, session.say)
    return Outcome(None, lambda _session: None)


def _check_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"cascade serve needs {', '.join(missing)}, which this installation lacks.",
            f"Install the extra: {command_to_add('server')}",
        )


def _check(session: Session, settings: Settings) -> None:
    if not settings.signing_secrets:
        raise SettingsError(
            f"{WEBHOOK_SECRET.name} is not set: without it anybody could send events.",
            f"Copy it from the webhook's page in Stripe; {ENDPOINT_SECRET.name} works too.",
        )
    known = _known_to_everybody(session, settings)
    for secret in settings.signing_secrets:
        _check_length(WEBHOOK_SECRET, secret, known, _WEBHOOK_HINT)
    if settings.api_token:
        _check_length(API_TOKEN, settings.api_token.reveal(), known, _API_HINT)
    else:
        session.say(f"{API_TOKEN.name} is not set: payments cannot be created through this server.")


def _known_to_everybody(session: Session, settings: Settings) -> set[str]:
    """The sandbox's own secrets, allowed if the server serves the sandbox: there is nothing to gain
    from them."""
    if session.sandbox or is_loopback(settings.stripe_url):
        return {SANDBOX_TOKEN, SANDBOX_SECRET}
    return set()


def _check_length(setting: Setting, value: str, known: set[str], hint: str) -> None:
    if len(value) < SHORTEST_TOKEN and value not in known:
        raise SettingsError(
            f"{setting.name} has {len(value)} characters, so it can be guessed; it needs at "
            f"least {SHORTEST_TOKEN}.",
            hint,
        )


def _announce(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"cascade serve: http://{shown}:{port}/docs, webhook at {WEBHOOK}\n")
    sys.stdout.flush()
