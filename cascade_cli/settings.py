"""Every setting: its name, its default, where it is read from and what it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from cascade_cli.domain.engine import Schedule, parse_schedule
from cascade_cli.domain.orders import parse_ducats
from cascade_cli.domain.secret import Secret
from cascade_cli.domain.times import format_span, parse_duration
from cascade_cli.errors import SettingsError

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """One setting as README and .env.example describe it; a secret never reaches any output."""

    name: str
    default: str
    meaning: str
    secret: bool = False


STRIPE_KEY = Setting(
    "STRIPE_SECRET_KEY", "", "Stripe key, sk_… or a restricted rk_… with read rights", secret=True
)
WEBHOOK_SECRET = Setting(
    "STRIPE_WEBHOOK_SECRET",
    "",
    "the webhook's signing secret (whsec_…); during a change of secrets both, with a comma between",
    secret=True,
)
ENDPOINT_SECRET = Setting(
    "STRIPE_ENDPOINT_SECRET",
    "",
    "read where STRIPE_WEBHOOK_SECRET is not set: its name in the older payment API",
    secret=True,
)
AIRTABLE_KEY = Setting("AIRTABLE_API_KEY", "", "Airtable personal access token (pat…)", secret=True)
AIRTABLE_BASE = Setting("AIRTABLE_BASE_ID", "", "Venice's base, app…")
STRIPE_URL = Setting("STRIPE_API_BASE", "https://api.stripe.com", "where Stripe is")
AIRTABLE_URL = Setting("AIRTABLE_ENDPOINT_URL", "https://api.airtable.com", "where Airtable is")
VENICE_URL = Setting(
    "VENICE_API_URL", "https://serenissima.ai/api", "Venice's own API; only doctor asks it"
)
VENICE_KEY = Setting("VENICE_API_KEY", "", "shown to Venice's API, which needs none", secret=True)
PROCESSOR = Setting(
    "CASCADE_PROCESSOR", "CASCADE_PAYMENT_PROCESSOR", "the citizen who pays the ducats out"
)
GRACE = Setting("CASCADE_GRACE", "15m", "a charge younger than this is in flight, not missing")
ENGINE = Setting(
    "CASCADE_ENGINE_SCHEDULE",
    "11:00,19:00 Europe/Rome",
    "when Venice's engine runs: times and zone, or every 10m",
)
JOURNAL_URL = Setting(
    "CASCADE_JOURNAL_URL",
    "",
    "the journal: a SQLite file in the user's state folder, or postgresql://…",
    secret=True,
)
PROCESSOR_CLASS = Setting(
    "CASCADE_PROCESSOR_CLASS", "Innovatore", "the SocialClass that citizen setup gives"
)
PROCESSOR_DUCATS = Setting(
    "CASCADE_PROCESSOR_DUCATS", "1000000", "the ducats that citizen setup gives"
)
LIFETIME = Setting(
    "CASCADE_STRATAGEM_LIFETIME", "72h", "how long the engine has to take a stratagem"
)
MAX_PER_CREDIT = Setting(
    "CASCADE_MAX_DUCATS_PER_CREDIT", "10000", "no single credit is larger than this"
)
MAX_PER_DAY = Setting(
    "CASCADE_MAX_DUCATS_PER_DAY", "100000", "no more than this is credited in a UTC day"
)
PRICES = Setting("CASCADE_PRICES", "", "the price list, a TOML file; default: the design's prices")
SUCCESS_URL = Setting(
    "CASCADE_CHECKOUT_SUCCESS_URL",
    "https://serenissima.ai/?payment=success",
    "where Stripe's page leads after a checkout was paid",
)
CANCEL_URL = Setting(
    "CASCADE_CHECKOUT_CANCEL_URL",
    "https://serenissima.ai/?payment=cancelled",
    "where Stripe's page leads those who turn back",
)
API_TOKEN = Setting(
    "CASCADE_API_TOKEN", "", "whoever creates payments at cascade serve shows it", secret=True
)
ALERT_URLS = Setting(
    "CASCADE_ALERT_URLS",
    "",
    "where --alert sends to: Apprise addresses with spaces between, such as slack://… mailto://…",
    secret=True,
)
STRIPE_RATE = Setting("CASCADE_STRIPE_RATE", "25", "Stripe requests a second, 0 for no limit")
AIRTABLE_RATE = Setting("CASCADE_AIRTABLE_RATE", "5", "Airtable requests a second, 0 for no limit")
SANDBOX = Setting("CASCADE_SANDBOX", "0", "1 is the same as --sandbox")
STATE_DIR = Setting(
    "CASCADE_STATE_DIR", "", "where journal and sandbox live; default: the user's state folder"
)

SETTINGS = (
    STRIPE_KEY, WEBHOOK_SECRET, ENDPOINT_SECRET, AIRTABLE_KEY, AIRTABLE_BASE, STRIPE_URL,
    AIRTABLE_URL, VENICE_URL, VENICE_KEY, PROCESSOR, GRACE, ENGINE, JOURNAL_URL, PROCESSOR_CLASS,
    PROCESSOR_DUCATS, LIFETIME, MAX_PER_CREDIT, MAX_PER_DAY, PRICES, SUCCESS_URL, CANCEL_URL,
    API_TOKEN, ALERT_URLS, STRIPE_RATE, AIRTABLE_RATE, SANDBOX, STATE_DIR,
)  # fmt: skip


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
    prices_file: Path | None
    success_url: str
    cancel_url: str
    api_token: Secret | None
    stripe_rate: float
    airtable_rate: float

    @property
    def livemode(self) -> bool:
        """Whether the Stripe key moves real money."""
        return "_live_" in self.stripe_key.reveal()[: len("sk_live_")]

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Settings:
        """Check what `gather_values` found. Raises SettingsError for the first that is wrong."""
        return cls(
            stripe_key=_stripe_key(values),
            webhook_secret=_optional_secret(values, WEBHOOK_SECRET)
            or _optional_secret(values, ENDPOINT_SECRET),
            airtable_key=_secret(values, AIRTABLE_KEY),
            airtable_base=_matching(values, AIRTABLE_BASE, r"app[A-Za-z0-9]+", "appXXXXXXXXXXXXXX"),
            stripe_url=_url(values, STRIPE_URL),
            airtable_url=_url(values, AIRTABLE_URL),
            venice_url=_url(values, VENICE_URL),
            venice_key=_optional_secret(values, VENICE_KEY),
            processor=_text(values, PROCESSOR),
            grace=_parsed(values, GRACE, parse_duration),
            engine=_parsed(values, ENGINE, parse_schedule),
            journal_url=_optional_secret(values, JOURNAL_URL),
            processor_class=_text(values, PROCESSOR_CLASS),
            processor_ducats=_parsed(values, PROCESSOR_DUCATS, parse_ducats),
            lifetime=_parsed(values, LIFETIME, parse_duration),
            max_per_credit=_parsed(values, MAX_PER_CREDIT, parse_ducats),
            max_per_day=_parsed(values, MAX_PER_DAY, parse_ducats),
            prices_file=prices_file(values),
            success_url=_page(values, SUCCESS_URL),
            cancel_url=_page(values, CANCEL_URL),
            api_token=_optional_secret(values, API_TOKEN),
            stripe_rate=_parsed(values, STRIPE_RATE, _rate),
            airtable_rate=_parsed(values, AIRTABLE_RATE, _rate),
        )

    def __post_init__(self) -> None:
        if self.lifetime < self.engine.longest_wait:
            raise SettingsError(
                f"A stratagem would live {format_span(self.lifetime)}, and the engine may take "
                f"{format_span(self.engine.longest_wait)} to come by: it would never be executed.",
                f"Raise {LIFETIME.name} or correct {ENGINE.name}.",
            )


def gather_values(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """The environment over the .env file: `env_file`, or `.env` in this folder if there is one.

    Raises SettingsError if a file was named that cannot be read.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - paid for only by commands with settings

    if env_file is not None and not env_file.is_file():
        raise SettingsError(f"There is no file {str(env_file)!r}.", "Check --env-file.")
    try:
        # Without interpolation: a `$` in a key is a `$`.
        from_file = dotenv_values(env_file or ".env", interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{env_file or '.env'} cannot be read: {type(error).__name__}", "Check the file."
        ) from error
    known = {setting.name for setting in SETTINGS}
    merged = {**{name: value or "" for name, value in from_file.items()}, **environ}
    return {name: value for name, value in merged.items() if name in known}


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where journal and sandbox live."""
    from platformdirs import user_state_path  # noqa: PLC0415 - as above

    chosen = environ.get(STATE_DIR.name)
    return Path(chosen) if chosen else user_state_path("cascade")


def prices_file(values: Mapping[str, str]) -> Path | None:
    """The price list's file, if one is set: known without any key."""
    name = values.get(PRICES.name, "").strip()
    return Path(name).expanduser() if name else None


def _text(values: Mapping[str, str], setting: Setting) -> str:
    value = values.get(setting.name, "").strip() or setting.default
    if value:
        return value
    state = "is empty" if setting.name in values else "is not set"
    raise SettingsError(
        f"{setting.name} {state}: {setting.meaning}.",
        "Set it in the environment or in .env (see .env.example), or try --sandbox.",
    )


def _secret(values: Mapping[str, str], setting: Setting) -> Secret:
    value = _text(values, setting)
    # What cannot stand in a header would be shown by the exception about it.
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise SettingsError(
            f"{setting.name} holds a space or a character that no key has.",
            "Copy the key again; it is one word of letters, digits, dots and underscores.",
        )
    return Secret(value)


def _optional_secret(values: Mapping[str, str], setting: Setting) -> Secret | None:
    return _secret(values, setting) if values.get(setting.name, "").strip() else None


def _stripe_key(values: Mapping[str, str]) -> Secret:
    secret = _secret(values, STRIPE_KEY)
    kind = re.match(r"(sk|rk)_(test|live)_", secret.reveal())
    if not kind:
        raise SettingsError(
            f"STRIPE_SECRET_KEY begins with {secret.reveal()[:3]!r}: it is no secret key.",
            "Use a secret key (sk_live_…, sk_test_…) or a restricted one (rk_live_…, rk_test_…).",
        )
    if kind[2] == "live" and _url(values, STRIPE_URL) != STRIPE_URL.default:
        raise SettingsError(
            "A live Stripe key was not sent anywhere: STRIPE_API_BASE is not Stripe's own address.",
            "Leave STRIPE_API_BASE out, or use a test key (sk_test_…) with it.",
        )
    return secret


def _matching(values: Mapping[str, str], setting: Setting, pattern: str, form: str) -> str:
    value = _text(values, setting)
    if re.fullmatch(pattern, value):
        return value
    raise SettingsError(
        f"{setting.name} is {value!r}, which has not the form {form}.", setting.meaning
    )


def _url(values: Mapping[str, str], setting: Setting) -> str:
    return _page(values, setting).rstrip("/")


def _page(values: Mapping[str, str], setting: Setting) -> str:
    return _matching(values, setting, r"https?://[^\s/]+[^\s]*", setting.default)


def _parsed(values: Mapping[str, str], setting: Setting, parse: Callable[[str], T]) -> T:
    text = _text(values, setting)
    try:
        return parse(text)
    except ValueError as error:
        raise SettingsError(
            f"{setting.name}: {error}.", f"The default is {setting.default}."
        ) from None


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate < float("inf"):
        raise ValueError(f"{text!r} is not a number of requests a second")
    return rate
