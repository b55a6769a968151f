"""Gifts: ducats that one citizen pays for and another receives, with a few words to them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MOST_CHARACTERS = 500
"""The longest message: Stripe allows no longer value in a payment's metadata."""

# Characters that may affect whatever displays them, or that cannot be seen: control and formatting
# characters (including those that change the direction of text), line breaks, surrogates and
# private-use characters.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Without these, many emoji and some scripts fall apart.
JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Gift:
    """Who gave, the message, and whether the recipient may learn who gave.

    A stranger may have written both texts into the payment's metadata: display them through
    `as_text`.
    """

    giver: str
    message: str = ""
    anonymous: bool = False

    @property
    def named_giver(self) -> str | None:
        """The giver, made harmless, for text that the recipient or any citizen can read; None if
        the giver is anonymous."""
        return None if self.anonymous else as_text(self.giver)


def wished_gift(giver: str, recipient: str | None, message: str | None, *, anonymous: bool) -> Gift:
    """A gift as somebody asks for it. Raises ValueError, saying what is wrong."""
    if not giver.strip():
        raise ValueError("a gift needs a giver")
    if not recipient:
        raise ValueError("a gift goes to one citizen, who has to be named")
    if giver == recipient:
        raise ValueError(f"{giver[:80]!r} cannot be both giver and recipient")
    return Gift(giver, _checked(message or ""), anonymous)


def _checked(message: str) -> str:
    text = message.strip()
    if len(text) > MOST_CHARACTERS:
        raise ValueError(
            f"the message has {len(text)} characters, and at most {MOST_CHARACTERS} are allowed"
        )
    for place, character in enumerate(text, 1):
        if _is_harmful(character):
            raise ValueError(
                f"character {place} of the message is U+{ord(character):04X}: line breaks, control "
                "characters and marks that change the direction of writing are not allowed"
            )
    return text


def as_text(text: str) -> str:
    """What strangers wrote, with every character spelt out that could affect whatever displays
    it."""
    return "".join(repr(c)[1:-1] if _is_harmful(c) else c for c in text)


def _is_harmful(character: str) -> bool:
    return unicodedata.category(character) in _HARMFUL and character not in JOINERS
