"""The answer to a Tab: what may stand at the cursor, in the form that one shell reads.

The shell's own script asks for it through the environment, and `__main__` answers before anything
else is imported: a Tab is answered within a tenth of a second, without network, and nothing that
the shell gets is ever run by it. The first line says what follows: `words`, or that the shell is to
offer `files` or `folders` itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from cascade_cli.cli.completion.line import Line, Table, split

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CASCADE_COMPLETE"
Offers = dict[str, str]
"""Each word with what is said beside it."""


def main(environ: Mapping[str, str]) -> None:
    """Write the answer to stdout; none where a shell asks that cascade does not know."""
    shell = environ[VARIABLE]
    if shell in SHELLS:
        text = answer(shell, environ)
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def answer(shell: str, environ: Mapping[str, str]) -> str:
    """What the shell reads, line by line."""
    words, typed, quote = split(environ.get("_CASCADE_LINE", ""))
    before, after = _divided(words)
    line = Line(Table(), after)
    kind, offers = offered(line, typed, {**environ, **before})
    form = _FORMS[shell]
    breaks = environ.get("_CASCADE_WORDBREAKS", "")
    return "\n".join([kind, *(form(w, offers[w], typed, quote, breaks) for w in offers), ""])


def _divided(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """The settings before cascade, as in `CASCADE_SANDBOX=1 sudo cascade`, and the words after."""
    named = (at for at, word in enumerate(words) if word.rpartition("/")[2] == "cascade")
    at = next(named, 0)
    pairs = (word.partition("=") for word in words[:at])
    return {name: value for name, equals, value in pairs if equals}, words[at + 1 :]


def offered(line: Line, typed: str, environ: Mapping[str, str]) -> tuple[str, Offers]:
    """What follows, and the words that begin as the one at the cursor does."""
    start = ""
    if line.waiting and line.option(line.waiting)["value"] != "number or nothing":
        source = line.option(line.waiting)["value"]
    elif typed[:1] == "-" and not line.is_past_options:
        spelling, equals, typed = typed.partition("=")
        if not equals:
            return "words", _beginning(spelling, _options(line))
        start, source = spelling + equals, line.option(spelling).get("value", "")
    elif argument := line.table.argument(line.command, line.position):
        source = argument["value"]
    else:
        return "words", _beginning(typed, _next(line))
    if source in {"files", "folders"}:
        return source, {}
    found = _beginning(typed, _values(source, line, environ))
    return "words", {start + word: about for word, about in found.items()}


def _next(line: Line) -> Offers:
    """Where no argument is due: the commands of a group, or the options of a command."""
    if commands := line.table.commands(line.command):
        return {} if line.position else commands
    return {} if line.is_past_options else _options(line)


def _options(line: Line) -> Offers:
    """Those that are not there yet, or may be there again. The short ones are typed sooner."""
    there = {line.option(spelling).get("same", spelling) for spelling in line.given}
    return {
        spelling: row["help"]
        for spelling, row in line.options.items()
        if spelling[:2] == "--" and (spelling not in there or "many" in row)
    }


def _values(source: str, line: Line, environ: Mapping[str, str]) -> Offers:
    if source in line.table.values:
        return line.table.values[source]
    if source in {"", "text", "number or nothing"}:
        return {}
    from cascade_cli.cli.completion.last_run import remembered  # noqa: PLC0415 - reads the journal

    in_sandbox = {"--sandbox": ""} if line.command.startswith("sandbox") else {}
    found = remembered(source, list(line.table.values["kinds"]), line.given | in_sandbox, environ)
    # Nobody can type what a terminal would act upon, and no shell should print it.
    return {word: about for word, about in found.items() if word.isprintable()}


def _beginning(typed: str, offers: Offers) -> Offers:
    """To the letter if there is such a word; else whatever its capitals."""
    exact = {word: about for word, about in offers.items() if word.startswith(typed)}
    folded = typed.casefold()
    return exact or {w: about for w, about in offers.items() if w.casefold().startswith(folded)}


def _for_bash(word: str, _about: str, typed: str, quote: str, breaks: str) -> str:
    """Quoted as it will stand in the line; without what bash takes for an earlier word."""
    if not quote:
        return "".join(map(_escaped, word[_begun(typed, breaks) :]))
    special = '"\\$`!' if quote == '"' else ""
    return "".join(f"\\{c}" if c in special else c for c in word)


def _begun(typed: str, breaks: str) -> int:
    """Where bash begins its last word: behind = and :, but with an @."""
    at = max((typed.rfind(character) for character in "=:@" if character in breaks), default=-1)
    return at if typed[at : at + 1] == "@" else at + 1


def _escaped(character: str) -> str:
    plain = character.isalnum() or character in "_-./:=@%+,"
    return character if plain else f"\\{character}"


def _for_zsh(word: str, about: str, *_: str) -> str:
    """zsh quotes it itself; a colon separates it from what is said beside it."""
    literal = word.replace("\\", "\\\\").replace(":", "\\:")
    return f"{literal}:{_said(about)}" if about else literal


def _for_fish(word: str, about: str, *_: str) -> str:
    return f"{word}\t{_said(about)}" if about else word


def _said(about: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in about)


_FORMS: dict[str, Callable[[str, str, str, str, str], str]] = {
    "bash": _for_bash,
    "zsh": _for_zsh,
    "fish": _for_fish,
}
