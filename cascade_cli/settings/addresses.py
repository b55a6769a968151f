"""A `.env` that merely lies in the folder must not decide where live keys are sent."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cascade_cli.errors import SettingsError
from cascade_cli.settings.locations import DEFAULT_FILE
from cascade_cli.settings.values import Setting

_TEST = ("sk_test_", "rk_test_")
# A list of forms rather than a parser: an address that two parsers read differently fits no form.
_LOOPBACK = re.compile(r"https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(/\S*)?", re.I)


class Keyed(NamedTuple):
    """An address, and the key that is sent there."""

    address: Setting
    key: Setting


def stray_addresses(
    values: Mapping[str, str], chosen: Container[str], keyed: tuple[Keyed, ...], stripe_key: Setting
) -> Iterator[tuple[Setting, SettingsError]]:
    """The addresses in `.env` that would send live keys to another host, with the error for each.

    `chosen` contains the names that come from the environment, or from a file that somebody named.
    """
    for address, key in keyed:
        value = values.get(address.name, "").strip()
        if not value or address.name in chosen or _is_harmless(value, address):
            continue
        if _is_live(values, chosen, key, stripe_key):
            yield address, _refusal(address)


def _is_harmless(value: str, address: Setting) -> bool:
    host = re.escape(str(urlsplit(address.default).hostname))
    own = re.fullmatch(rf"https://{host}(:443)?(/\S*)?", value, re.I)
    return bool(own or _LOOPBACK.fullmatch(value))


def _is_live(
    values: Mapping[str, str], chosen: Container[str], key: Setting, stripe_key: Setting
) -> bool:
    """A token does not say whether it is live, but the Stripe key beside it does. If somebody chose
    only the token, the file's Stripe key proves nothing."""
    if not values.get(stripe_key.name, "").strip().startswith(_TEST):
        return True
    return key.name in chosen and stripe_key.name not in chosen


def _refusal(address: Setting) -> SettingsError:
    file = Path(DEFAULT_FILE).absolute()
    return SettingsError(
        f"{address.name} in {file} leads to another host, or does not use https: no key was sent, "
        "and nothing was read or written.",
        f"If you mean it, name the file with --env-file {file}, or set {address.name} in the "
        "environment. If not, remove it from the file.",
    )
