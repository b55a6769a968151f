"""Replaces names, ids, amounts and secrets by stand-ins.

It keeps a list of what may stay, not of what must go: a `Shape` stays, and so does a word that
cascade itself says. Every other word becomes a stand-in such as `pi-kqzvtd`. The same value has the
same stand-in in every bundle that is made with the same key; nobody without the key can go back.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from cascade_cli.domain.shop.times import rfc3339

LONGEST_TEXT = 2000
SECRET = "(secret)"  # noqa: S105 - what stands in the place of one
# No vowels, so that no stand-in is a word; no digits, so that none looks like an amount.
_LETTERS = "bcdfghjkmnpqrstvwxyz"
_LENGTH = 6

_STATUS = r"(?:HTTP [1-5][0-9]{2}|Errno [0-9]{1,3})(?![\w.])"
_SPAN = (
    r"(?<![\w.,-])[0-9]{1,4}(?:[smhdw]| (?:s|seconds?|minutes?|hours?|days?|weeks?|months?))"
    r"(?![\w-])"
)
_NUMBER = r"(?<![\w.,:-])[0-9][0-9,.]*[0-9](?![\w:-])"
_CHUNK = r"[^\s\"“”‘`(){}\[\]<>,;|…→—–]+"
_TEXT = re.compile(f"{_STATUS}|{_SPAN}|{_NUMBER}|{_CHUNK}")
_MEASURE = re.compile(f"{_STATUS}|{_SPAN}")
_EDGES = ".:'’!?*=+&-/\\"
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})?)?|[0-9]{2}:[0-9]{2}(:[0-9]{2})?"
)
_STRIPE = "pi|ch|py|re|pyr|dp|du|evt|cs|cus|sub|si|in|ii|inpay|pm|price|prod|txn|acct|we|req|li|cn"
_KINDS = (
    ("secret", re.compile(r"(?:[rs]k_(?:test|live)|whsec)_.*|pat[A-Za-z0-9]{8,}\..*")),
    ("", re.compile(rf"({_STRIPE})_[A-Za-z0-9_]+(?:\.[0-9]+)?")),
    ("", re.compile(r"(rec|tbl|fld|app|viw|sel)[A-Za-z0-9]{14}")),
    ("transfer", re.compile(r"cascade_.+")),
    ("url", re.compile(r"[A-Za-z][A-Za-z+]*://.*")),
    ("email", re.compile(r".+@.+")),
    ("path", re.compile(r".*[/\\].*")),
    ("number", re.compile(r"[^A-Za-z]*[0-9][^A-Za-z]*")),
)


@dataclass(frozen=True)
class Shape:
    """A value that may stay: a count, size, duration, version, or a word of our own.

    It does not tell who was paid what.
    """

    value: Any


def words_of(texts: Iterable[str]) -> Iterator[str]:
    """The words of these texts, which are our own. Such words may stay. None has a digit."""
    for text in texts:
        for found in _TEXT.finditer(text):
            word = found[0].strip(_EDGES)
            if word and not any(letter.isdigit() for letter in word):
                yield word


class StandIns:
    """Replaces values by stand-ins, which `key` makes.

    Words in `words` stay, unless they are among `names`: each kind of name, with its names.
    """

    def __init__(
        self, key: bytes, words: Collection[str], names: Mapping[str, Iterable[str]]
    ) -> None:
        self._key, self._words = key, frozenset(words)
        self._kinds = {name: kind for kind, listed in names.items() for name in listed if name}
        longest_first = sorted(self._kinds, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first)) or r"(?!)"
        self._names = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")

    def document(self, value: Any) -> Any:
        """A part of the bundle, ready for JSON.

        Keys are our own and stay. Every value is replaced unless it is a `Shape`, a moment, a bool
        or None.
        """
        if isinstance(value, Mapping):
            return {key: self.document(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.document(each) for each in value]
        return self._leaf(value)

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, Shape):
            return value.value
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, datetime):
            return rfc3339(value)
        if isinstance(value, int | float | Decimal):
            return self._stand_in("number", str(value))
        return self.text(str(value))

    def text(self, text: str) -> str:
        """The sentence. Only our own words, moments, spans of time and HTTP statuses stay."""
        cut = text[:LONGEST_TEXT]
        return _replaced(self._names, cut, self._name, self._without_names)

    def _without_names(self, text: str) -> str:
        return _TEXT.sub(lambda found: self._chunk(found[0]), text)

    def _name(self, name: str) -> str:
        return self._stand_in(self._kinds[name], name)

    def _chunk(self, chunk: str) -> str:
        if _MEASURE.fullmatch(chunk):
            return chunk
        word = chunk.strip(_EDGES)
        before, _, after = chunk.partition(word) if word else (chunk, "", "")
        owner = word.removesuffix("'s")
        return f"{before}{self._word(owner)}{word[len(owner) :]}{after}"

    def _word(self, word: str) -> str:
        if word in self._words or _MOMENT.fullmatch(word):
            return word
        if not any(letter.isalnum() for letter in word):
            return word
        for kind, form in _KINDS:
            if found := form.fullmatch(word):
                return SECRET if kind == "secret" else self._stand_in(kind or found[1], word)
        return self._stand_in("name", word)

    def _stand_in(self, kind: str, value: str) -> str:
        number = int.from_bytes(hmac.digest(self._key, value.encode(), "sha256"))
        letters = ""
        for _ in range(_LENGTH):
            number, digit = divmod(number, len(_LETTERS))
            letters += _LETTERS[digit]
        return f"{kind}-{letters}"


def _replaced(
    pattern: re.Pattern[str], text: str, inside: Callable[[str], str], outside: Callable[[str], str]
) -> str:
    """The text with each match passed through `inside`, and the rest through `outside`."""
    told, read = "", 0
    for found in pattern.finditer(text):
        told += outside(text[read : found.start()]) + inside(found[0])
        read = found.end()
    return told + outside(text[read:])
