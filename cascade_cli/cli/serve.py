"""`cascade serve`: from settings to a running server."""

from __future__ import annotations

import sys
from contextlib import closing
from importlib.util import find_spec

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.stripe.signature import secrets_in
from cascade_cli.cli.connection import connected
from cascade_cli.cli.journal_place import chosen_url, journal_url
from cascade_cli.cli.session import Outcome, Session
from cascade_cli.cli.writing import this_worker
from cascade_cli.errors import SettingsError, UsageError
from cascade_cli.settings import API_TOKEN, ENDPOINT_SECRET, WEBHOOK_SECRET, Settings

WEBHOOK = "/api/payments/webhook"
_EXTRA = ("fastapi", "uvicorn", "prometheus_client")


def serve(session: Session, host: str, port: int) -> Outcome:
    """Serve until told to stop. Raises SettingsError or UsageError before anything listens."""
    _check_extra()
    from cascade_cli.server import serving  # noqa: PLC0415 - the base install has none of it

    with connected(session) as wiring:
        _check(session, wiring.settings)
        url = journal_url(session, chosen_url(wiring.settings))
        secrets = [*session.secrets, *_signing(wiring.settings)]
        with closing(Database(url)) as database:
            ground = serving.Ground(
                wiring,
                database,
                this_worker("serve"),
                secrets,
                session.say,
                session.completed,
            )
            try:
                listening = serving.listen(host, port)
            except OSError as error:
                raise UsageError(
                    f"{host} port {port} cannot be listened at: {error.strerror or error}.",
                    "Choose another --port, or stop what uses it.",
                ) from error
            with listening, serving.opened(ground) as office:
                _announce(host, listening.getsockname()[1])
                serving.run(office, listening, session.say)
    return Outcome(None, lambda _session: None)


def _check_extra() -> None:
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"cascade serve needs {', '.join(missing)}, which this installation lacks.",
            "Install the extra: pip install 'cascade-cli[server]'",
        )


def _check(session: Session, settings: Settings) -> None:
    if not _signing(settings):
        raise SettingsError(
            f"{WEBHOOK_SECRET.name} is not set: without it anybody could send events.",
            f"Copy it from the webhook's page in Stripe; {ENDPOINT_SECRET.name} serves too.",
        )
    if settings.api_token is None:
        session.say(f"{API_TOKEN.name} is not set: payments cannot be created through this server.")


def _signing(settings: Settings) -> tuple[str, ...]:
    return secrets_in(settings.webhook_secret.reveal()) if settings.webhook_secret else ()


def _announce(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"cascade serve: http://{shown}:{port}/docs, webhook at {WEBHOOK}\n")
    sys.stdout.flush()
