"""Ids as links to Stripe's dashboard and to rows in Airtable, for terminals that support links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade_cli.adapters.venice.transfers import STRATAGEMS
from cascade_cli.settings import AIRTABLE_URL, STRIPE_URL, Settings

if TYPE_CHECKING:
    from rich.text import Text

_ID = re.compile(r"(?<!\w)(pi|ch|py|evt|in|sub|re|pyr|du|dp|cs|rec)(?:_\w{6,}|(?<=rec)\w{14})\b")
_PAGES = {
    **dict.fromkeys(("pi", "ch", "py"), "payments/{}"),
    "evt": "events/{}",
    "in": "invoices/{}",
    "sub": "subscriptions/{}",
}
# The dashboard finds everything else by its id.
_SEARCH = "search?query={}"
# Most terminals that do not support links ignore them; these print the codes.
_WITHOUT = re.compile(r"dumb|linux|vt\d|ansi|eterm|screen(?!.*256)|cons25|sun|rxvt")
_FIRST_VTE = 5000


def has_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal supports links, as far as its environment tells. FORCE_HYPERLINK decides
    it, as in other programs."""
    if forced := environ.get("FORCE_HYPERLINK"):
        return forced != "0"
    if environ.get("TERM_PROGRAM") == "Apple_Terminal" or "INSIDE_EMACS" in environ:
        return False
    vte = environ.get("VTE_VERSION", "")
    if vte.isdecimal() and int(vte) < _FIRST_VTE:
        return False
    return not _WITHOUT.match(environ.get("TERM", "dumb"))


@dataclass(frozen=True)
class Hyperlinks:
    """The live services: an account in one mode, and a base."""

    base: str
    livemode: bool
    table: str = STRATAGEMS
    """The table's id, if somebody has looked it up; else its name."""

    def add(self, text: Text) -> None:
        """Turn the ids in a text into links."""
        for found in _ID.finditer(text.plain):
            text.stylize(f"link {self.url(found[0], found[1])}", *found.span())

    def url(self, identity: str, sort: str) -> str:
        """The page of an id. `sort` is the id's prefix."""
        if sort == "rec":
            return f"https://airtable.com/{self.base}/{self.table}/{identity}"
        mode = "" if self.livemode else "test/"
        page = _PAGES.get(sort, _SEARCH).format(identity)
        return f"https://dashboard.stripe.com/{mode}{page}"


def hyperlinks_to(settings: Settings) -> Hyperlinks | None:
    """None if either service has another address than the live one: no dashboard shows what is
    there."""
    addresses = (settings.stripe_url, settings.airtable_url)
    if addresses != (STRIPE_URL.default, AIRTABLE_URL.default):
        return None
    return Hyperlinks(settings.airtable_base, settings.livemode)
