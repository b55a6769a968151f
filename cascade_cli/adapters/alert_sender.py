"""Alerts through Apprise: one address for each of some hundred services.

An address holds the service's token. So nothing that Apprise says, logs or raises is passed on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cascade_cli.errors import SettingsError
from cascade_cli.settings import ALERT_URLS

if TYPE_CHECKING:
    from apprise import Apprise

# A comma may stand within an address; one before another scheme does not.
_BETWEEN = re.compile(r"\s+|,\s*(?=[a-z][a-z0-9+.-]*://)", re.IGNORECASE)


class Urgency(StrEnum):
    """How a service colours the alert: Apprise's notification types."""

    FAILURE = "failure"
    WARNING = "warning"
    SUCCESS = "success"


@dataclass(frozen=True)
class Alert:
    """Plain text, also where the service would take it for markup."""

    title: str
    body: str
    urgency: Urgency


def addresses_in(text: str) -> list[str]:
    """The addresses of CASCADE_ALERT_URLS, each once: spaces or line breaks stand between them."""
    return list(dict.fromkeys(part for part in _BETWEEN.split(text.strip(" \t\r\n,")) if part))


class Channels:
    """The services that hear an alert. Raises SettingsError for an address of none."""

    def __init__(self, addresses: Sequence[str]) -> None:
        if not addresses:
            raise SettingsError(
                f"{ALERT_URLS.name} is not set: {ALERT_URLS.meaning}.",
                "Set it in the environment or in .env, or leave --alert out.",
            )
        self._services = [
            _service(address, f"{number} of {len(addresses)}")
            for number, address in enumerate(addresses, 1)
        ]

    def __len__(self) -> int:
        return len(self._services)

    def send(self, alert: Alert) -> list[int]:
        """Tell every service once; the numbers, from 1, of those that did not take it."""
        return [
            number
            for number, service in enumerate(self._services, 1)
            if not _was_taken(service, alert)
        ]


def _service(address: str, which: str) -> Apprise:
    try:
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - an extra, and 0.2 s
    except ImportError:
        raise SettingsError(
            "--alert needs the package apprise, which is not installed.",
            "pip install 'cascade-cli[alerts]'",
        ) from None
    # Its warnings name hosts and, in some plugins, parts of the address.
    logging.getLogger("apprise").disabled = True
    asset = AppriseAsset(app_id="cascade", app_desc="cascade", async_mode=False)
    service = Apprise(asset=asset)
    if not _is_understood(service, address):
        raise SettingsError(
            f"{ALERT_URLS.name}: address {which} is none that Apprise understands.",
            "Put spaces or line breaks between addresses; each begins like slack:// or mailto://. "
            "Their forms are listed at https://appriseit.com.",
        )
    return service


def _is_understood(service: Apprise, address: str) -> bool:
    try:
        # Not add() alone: it would look for several addresses in this one.
        plugin = service.instantiate(address, asset=service.asset)
        return plugin is not None and service.add(plugin)
    except Exception:  # noqa: BLE001 - what a plugin raises may repeat the address
        return False


def _was_taken(service: Apprise, alert: Alert) -> bool:
    try:
        return bool(
            service.notify(
                title=alert.title,
                body=alert.body,
                notify_type=alert.urgency.value,
                body_format="text",
            )
        )
    except Exception:  # noqa: BLE001 - as above; and a broken plugin is not the run's failure
        return False
