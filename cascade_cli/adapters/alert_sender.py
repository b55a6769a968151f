"""Send alerts through Apprise, which reaches some hundred services by one address each.

An address contains the service's token. So nothing that Apprise says, logs or raises is shown.
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
from cascade_cli.settings.installation import command_to_add

if TYPE_CHECKING:
    from apprise import Apprise

# A comma can be part of an address. A comma that is followed by a scheme separates two.
_BETWEEN = re.compile(r"\s+|,\s*(?=[a-z][a-z0-9+.-]*://)", re.IGNORECASE)


class Urgency(StrEnum):
    """How a service colours the alert: Apprise's notification types."""

    FAILURE = "failure"
    WARNING = "warning"
    SUCCESS = "success"


@dataclass(frozen=True)
class Alert:
    """An alert. It is sent as plain text, even to a service that would read it as markup."""

    title: str
    body: str
    urgency: Urgency


def addresses_in(text: str) -> list[str]:
    """Split CASCADE_ALERT_URLS at spaces, line breaks and commas; each address once."""
    return list(dict.fromkeys(part for part in _BETWEEN.split(text.strip(" \t\r\n,")) if part))


class Channels:
    """The services that receive alerts.

    Raises SettingsError if there is no address, if Apprise does not understand one, and if
    Apprise is not installed.
    """

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
        """Send to every service once. Returns the numbers (from 1) of those that refused."""
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
            command_to_add("alerts"),
        ) from None
    # Apprise's warnings name hosts and, in some plugins, parts of the address.
    logging.getLogger("apprise").disabled = True
    asset = AppriseAsset(app_id="cascade", app_desc="cascade", async_mode=False)
    service = Apprise(asset=asset)
    if not _is_understood(service, address):
        raise SettingsError(
            f"{ALERT_URLS.name}: Apprise does not understand address {which}.",
            "Put spaces or line breaks between addresses; each begins like slack:// or mailto://. "
            "https://appriseit.com lists their forms.",
        )
    return service


def _is_understood(service: Apprise, address: str) -> bool:
    try:
        # add() alone would look for several addresses in this one.
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
    except Exception:  # noqa: BLE001 - as above; and a broken plugin must not fail the run
        return False
