"""Every setting: its name, default and meaning, and the checked values of one run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from cascade_cli.domain.records.stripe_events import acted_on
from cascade_cli.domain.refunds.refund_shares import Disputing, Policy, Refunding
from cascade_cli.domain.shop.engine_schedule import Schedule, parse_schedule
from cascade_cli.domain.shop.money import parse_ducats
from cascade_cli.domain.shop.times import format_span, parse_duration
from cascade_cli.errors import SettingsError
from cascade_cli.settings.found_values import FoundValues
from cascade_cli.settings.locations import PROFILE, STATE_DIR
from cascade_cli.settings.sources import Keyed, choose_file, stray_addresses
from cascade_cli.settings.values import (
    Secret,
    Setting,
    file,
    matching,
    named,
    optional_secret,
    page,
    parsed,
    request_rate,
    secret,
    text,
    url,
)

STRIPE_KEY = Setting(
    "STRIPE_SECRET_KEY",
    "",
    "Stripe key, sk_… or a restricted rk_… with read rights",
    secret=True,
    belongs_to_shop=True,
)
WEBHOOK_SECRET = Setting(
    "STRIPE_WEBHOOK_SECRET",
    "",
    "the webhook's signing secret (whsec_…); while you change it, both, with a comma between",
    secret=True,
)
ENDPOINT_SECRET = Setting(
    "STRIPE_ENDPOINT_SECRET",
    "",
    "the older payment API's name for STRIPE_WEBHOOK_SECRET, read if that is not set",
    secret=True,
)
AIRTABLE_KEY = Setting(
    "AIRTABLE_API_KEY",
    "",
    "Airtable personal access token (pat…)",
    secret=True,
    belongs_to_shop=True,
)
AIRTABLE_BASE = Setting("AIRTABLE_BASE_ID", "", "Venice's base, app…", belongs_to_shop=True)
STRIPE_URL = Setting("STRIPE_API_BASE", "https://api.stripe.com", "the address of Stripe's API")
AIRTABLE_URL = Setting(
    "AIRTABLE_ENDPOINT_URL", "https://api.airtable.com", "the address of Airtable's API"
)
VENICE_URL = Setting(
    "VENICE_API_URL", "https://serenissima.ai/api", "Venice's own API; only doctor asks it"
)
VENICE_KEY = Setting(
    "VENICE_API_KEY", "", "sent to Venice's API, which does not require a key", secret=True
)
PROCESSOR = Setting(
    "CASCADE_PROCESSOR", "CASCADE_PAYMENT_PROCESSOR", "the citizen who pays the ducats out"
)
GRACE = Setting("CASCADE_GRACE", "15m", "a charge younger than this is in flight, not missing")
ENGINE = Setting(
    "CASCADE_ENGINE_SCHEDULE",
    "03:00,11:00,19:00 Europe/Rome",
    "when Venice's engine runs: times and zone, or every 10m",
)
JOURNAL_URL = Setting(
    "CASCADE_JOURNAL_URL",
    "",
    "the journal: a SQLite file in the user's state folder, or postgresql://…",
    secret=True,
    belongs_to_shop=True,
)
PROCESSOR_CLASS = Setting(
    "CASCADE_PROCESSOR_CLASS", "Innovatore", "the SocialClass that citizen setup gives"
)
PROCESSOR_DUCATS = Setting(
    "CASCADE_PROCESSOR_DUCATS", "1000000", "the ducats that citizen setup gives"
)
LIFETIME = Setting(
    "CASCADE_STRATAGEM_LIFETIME",
    "72h",
    "how long a stratagem waits for the engine before it expires",
)
MAX_PER_CREDIT = Setting(
    "CASCADE_MAX_DUCATS_PER_CREDIT", "10000", "no single credit is larger than this"
)
MAX_PER_DAY = Setting(
    "CASCADE_MAX_DUCATS_PER_DAY", "100000", "no more than this is credited in a UTC day"
)
REFUND_POLICY = Setting(
    "CASCADE_REFUND_POLICY",
    "available",
    "what a refund takes back: all, available (the rest is a debt), or none",
)
REFUNDS = Setting(
    "CASCADE_REFUNDS",
    "manual",
    "who acts on refunds and ended disputes: manual (a person) or auto (serve and events replay)",
)
DISPUTES = Setting(
    "CASCADE_DISPUTES",
    "show",
    "what an open dispute does: show (nothing else) or hold (withhold what has not arrived)",
)
PRICES = Setting("CASCADE_PRICES", "", "the price list, a TOML file; default: the built-in prices")
RATES_FILE = Setting(
    "CASCADE_RATES_FILE",
    "",
    "exchange rates as the European Central Bank publishes them (eurofxref, .csv or .zip)",
)
RATES_MAX_AGE = Setting(
    "CASCADE_RATES_MAX_AGE", "7d", "nothing is sold at an exchange rate older than this"
)
SUCCESS_URL = Setting(
    "CASCADE_CHECKOUT_SUCCESS_URL",
    "https://serenissima.ai/?payment=success",
    "the page to which Stripe leads after a paid checkout",
)
CANCEL_URL = Setting(
    "CASCADE_CHECKOUT_CANCEL_URL",
    "https://serenissima.ai/?payment=cancelled",
    "the page to which Stripe leads after a cancelled checkout",
)
API_TOKEN = Setting(
    "CASCADE_API_TOKEN",
    "",
    "the token that a client of cascade serve needs to create payments",
    secret=True,
)
ALERT_URLS = Setting(
    "CASCADE_ALERT_URLS",
    "",
    "the Apprise addresses that --alert sends to, separated by spaces: slack://… mailto://…",
    secret=True,
    belongs_to_shop=True,
)
STRIPE_RATE = Setting("CASCADE_STRIPE_RATE", "25", "Stripe requests a second, 0 for no limit")
AIRTABLE_RATE = Setting("CASCADE_AIRTABLE_RATE", "5", "Airtable requests a second, 0 for no limit")
SANDBOX = Setting("CASCADE_SANDBOX", "0", "1 is the same as --sandbox")

SETTINGS = (
    STRIPE_KEY, WEBHOOK_SECRET, ENDPOINT_SECRET, AIRTABLE_KEY, AIRTABLE_BASE, STRIPE_URL,
    AIRTABLE_URL, VENICE_URL, VENICE_KEY, PROCESSOR, GRACE, ENGINE, JOURNAL_URL, PROCESSOR_CLASS,
    PROCESSOR_DUCATS, LIFETIME, MAX_PER_CREDIT, MAX_PER_DAY, REFUND_POLICY, REFUNDS, DISPUTES,
    PRICES, RATES_FILE, RATES_MAX_AGE, SUCCESS_URL, CANCEL_URL, API_TOKEN, ALERT_URLS, STRIPE_RATE,
    AIRTABLE_RATE, SANDBOX, STATE_DIR, PROFILE,
)  # fmt: skip


# `Settings.read` is stricter about Stripe's address: it sends a live key nowhere else at all.
_KEYED = (Keyed(AIRTABLE_URL, AIRTABLE_KEY), Keyed(VENICE_URL, VENICE_KEY))

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Settings:
    """Checked settings of one run."""

    stripe_key: Secret
    webhook_secret: Secret | None
    airtable_key: Secret
    airtable_base: str
    stripe_url: str
    airtable_url: str
    venice_url: str
    venice_key: Secret | None
    processor: str
    grace: timedelta
    engine: Schedule
    journal_url: Secret | None
    processor_class: str
    processor_ducats: Decimal
    lifetime: timedelta
    max_per_credit: Decimal
    max_per_day: Decimal
    refund_policy: Policy
    refunds: Refunding
    disputes: Disputing
    prices_file: Path | None
    rates_file: Path | None
    rates_max_age: timedelta
    success_url: str
    cancel_url: str
    api_token: Secret | None
    stripe_rate: float
    airtable_rate: float

    @property
    def acted_on(self) -> frozenset[str]:
        """The types of events that cascade handles without a person."""
        auto, hold = self.refunds is Refunding.AUTO, self.disputes is Disputing.HOLD
        return acted_on(refunds=auto, disputes=hold)

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """The webhook's secrets. The setting separates them by commas; the first one signs."""
        named = self.webhook_secret.reveal() if self.webhook_secret else ""
        # With an empty secret, anybody could sign.
        return tuple(part for part in named.split(",") if part)

    @property
    def takes_back_on_refund(self) -> bool:
        """Whether a refund takes back ducats without a person saying how many."""
        return self.refund_policy is not Policy.NONE

    @property
    def livemode(self) -> bool:
        """Whether the Stripe key moves real money."""
        return "_live_" in self.stripe_key.reveal()[: len("sk_live_")]

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Settings:
        """Check what `find_values` found. Raises SettingsError for the first wrong value."""
        return cls(
            stripe_key=_stripe_key(values),
            webhook_secret=optional_secret(values, WEBHOOK_SECRET)
            or optional_secret(values, ENDPOINT_SECRET),
            airtable_key=secret(values, AIRTABLE_KEY),
            airtable_base=matching(values, AIRTABLE_BASE, r"app[A-Za-z0-9]+", "appXXXXXXXXXXXXXX"),
            stripe_url=url(values, STRIPE_URL),
            airtable_url=url(values, AIRTABLE_URL),
            venice_url=url(values, VENICE_URL),
            venice_key=optional_secret(values, VENICE_KEY),
            processor=text(values, PROCESSOR),
            grace=parsed(values, GRACE, parse_duration),
            engine=parsed(values, ENGINE, parse_schedule),
            journal_url=optional_secret(values, JOURNAL_URL),
            processor_class=text(values, PROCESSOR_CLASS),
            processor_ducats=parsed(values, PROCESSOR_DUCATS, parse_ducats),
            lifetime=parsed(values, LIFETIME, parse_duration),
            max_per_credit=parsed(values, MAX_PER_CREDIT, parse_ducats),
            max_per_day=parsed(values, MAX_PER_DAY, parse_ducats),
            refund_policy=parsed(values, REFUND_POLICY, lambda text: _one_of(Policy, text)),
            refunds=parsed(values, REFUNDS, lambda text: _one_of(Refunding, text)),
            disputes=parsed(values, DISPUTES, lambda text: _one_of(Disputing, text)),
            prices_file=file(values, PRICES),
            rates_file=file(values, RATES_FILE),
            rates_max_age=rates_max_age(values),
            success_url=page(values, SUCCESS_URL),
            cancel_url=page(values, CANCEL_URL),
            api_token=optional_secret(values, API_TOKEN),
            stripe_rate=parsed(values, STRIPE_RATE, request_rate),
            airtable_rate=parsed(values, AIRTABLE_RATE, request_rate),
        )

    def __post_init__(self) -> None:
        if self.lifetime < self.engine.longest_wait:
            raise SettingsError(
                f"A stratagem would expire after {format_span(self.lifetime)}, but the engine may "
                f"not run for {format_span(self.engine.longest_wait)}: it would never be executed.",
                f"Raise {LIFETIME.name} or correct {ENGINE.name}.",
            )


def find_values(
    environ: Mapping[str, str],
    env_file: Path | None = None,
    profile: str | None = None,
    *,
    sandbox: bool = False,
    hide: Callable[[str], None] = lambda _secret: None,
) -> FoundValues:
    """Every setting's value and where it comes from. The module `sources` describes the order.

    Raises SettingsError if the settings file cannot be read.
    """
    in_sandbox = sandbox or environ.get(SANDBOX.name, "").strip() == "1"
    shop = (STRIPE_KEY, AIRTABLE_KEY, AIRTABLE_BASE)
    file = choose_file(environ, env_file, profile, shop, sandbox=in_sandbox)
    return FoundValues(SETTINGS, environ, file, hide)


def strays(values: FoundValues) -> Iterator[tuple[Setting, SettingsError]]:
    """The addresses in an unnamed `.env` that would send a live key to another host, each with its
    error; see `stray_addresses`."""
    chosen = {name for name in values if not values.is_stray(name)}
    known = {keyed.address.name: values.get(keyed.address.name, "") for keyed in _KEYED}
    with suppress(SettingsError):
        # Without a Stripe key in `known`, the other keys count as live.
        known[STRIPE_KEY.name] = values.get(STRIPE_KEY.name, "")
    return stray_addresses(known, chosen, _KEYED, STRIPE_KEY)


def rates_max_age(values: Mapping[str, str]) -> timedelta:
    """How old the exchange rate of a sale may be. Needs no key. Raises SettingsError."""
    return parsed(values, RATES_MAX_AGE, parse_duration)


def _stripe_key(values: Mapping[str, str]) -> Secret:
    key = secret(values, STRIPE_KEY)
    kind = re.match(r"(sk|rk)_(test|live)_", key.reveal())
    if not kind:
        raise SettingsError(
            f"{named(values, STRIPE_KEY)} begins with {key.reveal()[:3]!r}, so it is not a secret "
            "key.",
            "Use a secret key (sk_live_…, sk_test_…) or a restricted one (rk_live_…, rk_test_…).",
        )
    if kind[2] == "live" and url(values, STRIPE_URL) != STRIPE_URL.default:
        raise SettingsError(
            "A live Stripe key was not sent anywhere: STRIPE_API_BASE is not Stripe's own address.",
            "Leave STRIPE_API_BASE out, or use a test key (sk_test_…) with it.",
        )
    return key


def _one_of(words: type[Word], text: str) -> Word:
    try:
        return words(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not one of {', '.join(words)}") from None
