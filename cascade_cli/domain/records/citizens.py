"""Citizens as their records show them, and which of them a name means.

If a citizen came to Venice after a transfer to that name was made, it is another person. Names that
only look alike on a screen are not the same to Venice, and no machine takes one for another. Every
hint names the other one and says how the two differ, because a reader may be unable to see it.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from unicodedata import normalize

from cascade_cli.domain.records.stratagems import MAY_HAVE_MOVED, Stratagem
from cascade_cli.domain.shop.keys import Origin, is_own_key
from cascade_cli.domain.shop.times import format_moment

SUGGESTIONS = 3
_NO_INK = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_CALLED = {
    " ": "space",
    "\u00a0": "no-break space",
    "\t": "tab",
    "\n": "line break",
    "\r": "carriage return",
    "\u00ad": "soft hyphen",
    "\u200b": "zero-width space",
    "\u200c": "zero-width non-joiner",
    "\u200d": "zero-width joiner",
    "\u2060": "word joiner",
    "\u202f": "narrow no-break space",
    "\ufeff": "byte order mark",
}
INVISIBLE = tuple(_CALLED)
"""The invisible characters that real names contain: pasted from a web page or a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A citizen's ducats, and when the record was made."""

    ducats: Decimal
    since: datetime


@dataclass(frozen=True)
class CitizenRow:
    """A row of Venice's CITIZENS.

    If `in_venice` is true, the city's own jobs may move the citizen into a house and charge rent.
    """

    record_id: str
    username: str
    ducats: Decimal
    social_class: str = ""
    in_venice: bool = False


def identity_doubt(citizen: str | None, since: datetime | None, rows: Iterable[Stratagem]) -> str:
    """Why the citizen of that name, whose record was made at `since`, may not be the person for
    whom one of the transfers was made; empty if nothing suggests that."""
    if citizen is None or since is None:
        return ""
    for row in rows:
        there = _was_there_at(row)
        if row.concerned == citizen and there and since > there:
            return (
                f"the citizen {citizen!r} came to Venice {format_moment(since)}, after the "
                f"transfer {row.stratagem_id} was made: this may be another person of the same name"
            )
    return ""


def _was_there_at(row: Stratagem) -> datetime | None:
    """A moment at which the citizen surely existed; None if the row proves none.

    The engine finds a citizen before it moves ducats, and cascade before it makes a row. The legacy
    connector does not check: its buyer may have arrived later, and cascade may since have revived
    the row under the connector's StratagemId.
    """
    if row.state(row.created_at) in MAY_HAVE_MOVED:
        return row.executed_at or row.created_at
    is_legacy = row.origin in {Origin.LEGACY, Origin.OTHER} or not is_own_key(row.stratagem_id)
    return None if is_legacy else row.created_at


def folded(name: str) -> str:
    """The same text for all names that look alike."""
    # Folding case can undo a normalisation, so Unicode compares names normalised before and after.
    plain = normalize("NFKC", normalize("NFKD", name).casefold())
    return visible(plain)


def visible(name: str) -> str:
    """The characters of the name that leave ink."""
    return "".join(character for character in name if not _is_invisible(character))


def look_alike(one: str, other: str) -> bool:
    """Whether they differ only in case, spaces, invisible characters or how accents are written."""
    return one != other and folded(one) == folded(other)


def look_alikes(wanted: Iterable[str], others: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each wanted name that has look-alikes among the others: those look-alikes, nearest
    first."""
    by_look: defaultdict[str, list[str]] = defaultdict(list)
    for other in others:
        by_look[folded(other)].append(other)
    found = {name: [o for o in by_look.get(folded(name), ()) if o != name] for name in wanted}
    return {name: _nearest_first(name, alike) for name, alike in found.items() if alike}


def _nearest_first(wanted: str, alike: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(alike), key=lambda o: (sum(1 for _ in _differences(o, wanted)), o)))


def unknown_citizen_clause(name: str, others: Iterable[str]) -> str:
    """A clause without a full stop: Venice has no citizen of that name, but look-alikes of it.

    For answers to a question about that name, which hold its look-alikes. If all names are known,
    `unknown_citizen_sentence` suggests misspelt ones as well.
    """
    similar = look_alikes([name], others).get(name, ())
    return f"Venice has no citizen {name!r}{look_alikes_clause(name, similar)}"


def look_alikes_clause(name: str, similar: Iterable[str]) -> str:
    """The end of that sentence, naming the look-alikes; empty if there are none."""
    told = [with_difference(other, name) for other in similar]
    if len(told) > 1:
        return f"; there are {', and '.join(told)}"
    return f"; there is a {told[0]}" if told else ""


def near_names(name: str, others: Sequence[str]) -> list[str]:
    """Names that look the same or differ little, most similar first."""
    same = look_alikes([name], others).get(name, ())
    similar = get_close_matches(name, others, SUGGESTIONS, cutoff=0.75)
    return list(dict.fromkeys([*same, *similar]))[:SUGGESTIONS]


def did_you_mean(near: Mapping[str, Sequence[str]]) -> str:
    """` Did you mean …?` for each of these names; empty if no other name is near."""
    for_whom = {name: f" for {name!r}" if len(near) > 1 else "" for name in near}
    return "".join(
        f" Did you mean {' or '.join(_shown(other, name) for other in others)}{for_whom[name]}?"
        for name, others in near.items()
        if others
    )


def unknown_citizen_sentence(name: str, others: Sequence[str]) -> str:
    """A sentence: Venice has no citizen of that name, with suggestions if names are near.

    `others` are all citizens' names; the look-alikes are enough if there are any.
    """
    if look_alikes([name], others):
        return f"{unknown_citizen_clause(name, others)}."
    return f"Venice has no citizen {name!r}.{did_you_mean({name: near_names(name, others)})}"


def _shown(other: str, name: str) -> str:
    return with_difference(other, name) if look_alike(other, name) else repr(other)


def with_difference(name: str, wanted: str) -> str:
    """`'Marco', which differs in upper and lower case`: a name that looks like the wanted one."""
    return f"{name!r}, which {' and '.join(_differences(name, wanted))}"


def _differences(name: str, wanted: str) -> Iterator[str]:
    spaces = list(_spaces(name, wanted))
    yield from spaces
    ink, wanted_ink = visible(name), visible(wanted)
    letters = list(_letters(ink, wanted_ink)) if ink != wanted_ink else []
    yield from letters
    if not spaces and not letters:
        yield "has other characters that look the same"


def _spaces(name: str, wanted: str) -> Iterator[str]:
    has, should = _invisible(name), _invisible(wanted)
    for character in has - should:
        yield f"has a {_called(character)}{_place(character, name)}"
    for character in should - has:
        yield f"lacks the {_called(character)}{_place(character, wanted)}"
    if has == should and _shape(name) != _shape(wanted):
        yield "has its spaces in other places"


def _letters(ink: str, wanted: str) -> Iterator[str]:
    if normalize("NFKC", ink) != normalize("NFKC", wanted):
        yield "differs in upper and lower case"
    composed, other = normalize("NFC", ink), normalize("NFC", wanted)
    if composed.casefold() != other.casefold():
        yield "is written with other forms of the same letters"
    if (ink == composed) != (wanted == other):
        how = "without" if ink == composed else "with"
        yield f"is written {how} combining accents"


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in _NO_INK


def _invisible(name: str) -> Counter[str]:
    return Counter(filter(_is_invisible, name))


def _shape(name: str) -> str:
    return "".join(c if _is_invisible(c) else "x" for c in normalize("NFC", name))


def _called(character: str) -> str:
    return _CALLED.get(character, f"character U+{ord(character):04X}, which shows nothing,")


def _place(character: str, name: str) -> str:
    if name.startswith(character):
        return " at its beginning"
    return " at its end" if name.endswith(character) else ""
