"""The answer to a Tab: the words that may stand at the cursor, in the form that the shell reads.

The shell's script asks through environment variables, and `__main__` answers before anything else
is imported. So a Tab takes less than a tenth of a second and needs no network. The shell never runs
anything that it gets. The first line of the answer says what follows: `words`, or that the shell
must list `files` or `folders` itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from cascade_cli.cli.completion.line import Line, Table, split

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CASCADE_COMPLETE"
Offers = dict[str, str]
"""Each word that is offered, with the description that zsh and fish show beside it."""


def main(environ: Mapping[str, str]) -> None:
    """Write the answer to stdout. A shell that cascade does not know gets none."""
    shell = environ[VARIABLE]
    if shell in SHELLS:
        text = answer(shell, environ)
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def answer(shell: str, environ: Mapping[str, str]) -> str:
    """The text that the shell reads, line by line."""
    words, typed, quote = split(environ.get("_CASCADE_LINE", ""))
    before, after = _split_at_cascade(words)
    line = Line(Table(), after)
    kind, offers = offered(line, typed, {**environ, **before})
    form = _FORMS[shell]
    breaks = environ.get("_CASCADE_WORDBREAKS", "")
    return "\n".join([kind, *(form(w, offers[w], typed, quote, breaks) for w in offers), ""])


def _split_at_cascade(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """The settings before `cascade`, as in `CASCADE_SANDBOX=1 sudo cascade`, and the words after
    it."""
    named = (at for at, word in enumerate(words) if word.rpartition("/")[2] == "cascade")
    at = next(named, 0)
    pairs = (word.partition("=") for word in words[:at])
    return {name: value for name, equals, value in pairs if equals}, words[at + 1 :]


def offered(line: Line, typed: str, environ: Mapping[str, str]) -> tuple[str, Offers]:
    """The first line of the answer, and the words that complete the one at the cursor."""
    start = ""
    if line.waiting and line.option(line.waiting)["value"] != "number or nothing":
        source = line.option(line.waiting)["value"]
    elif typed[:1] == "-" and not line.is_past_options:
        spelling, equals, typed = typed.partition("=")
        if not equals:
            return "words", _matching(spelling, _options(line))
        start, source = spelling + equals, line.option(spelling).get("value", "")
    elif argument := line.table.argument(line.command, line.position):
        source = argument["value"]
    else:
        return "words", _matching(typed, _commands_or_options(line))
    if source in {"files", "folders"}:
        return source, {}
    found = _matching(typed, _values(source, line, environ))
    return "words", {start + word: about for word, about in found.items()}


def _commands_or_options(line: Line) -> Offers:
    """What may follow if no argument is due: a group's commands, or a command's options."""
    if commands := line.table.commands(line.command):
        return {} if line.position else commands
    return {} if line.is_past_options else _options(line)


def _options(line: Line) -> Offers:
    """The options that are not on the line yet, or may be repeated. Short spellings are left out,
    because typing them is quicker than a Tab."""
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
    from cascade_cli.cli.completion.journal_values import journal_values  # noqa: PLC0415 - reads the journal

    in_sandbox = {"--sandbox": ""} if line.command.startswith("sandbox") else {}
    found = journal_values(
        source, list(line.table.values["kinds"]), line.given | in_sandbox, environ
    )
    # A terminal would act on control characters, so a word that has any is not offered.
    return {word: about for word, about in found.items() if word.isprintable()}


def _matching(typed: str, offers: Offers) -> Offers:
    """The words that begin so. Upper and lower case only count if that finds a word."""
    exact = {word: about for word, about in offers.items() if word.startswith(typed)}
    folded = typed.casefold()
    return exact or {w: about for w, about in offers.items() if w.casefold().startswith(folded)}


def _for_bash(word: str, _about: str, typed: str, quote: str, breaks: str) -> str:
    """The word quoted for the line, without the part that bash takes for an earlier word."""
    if not quote:
        return "".join(map(_escaped, word[_start_for_bash(typed, breaks) :]))
    special = '"\\$`!' if quote == '"' else ""
    return "".join(f"\\{c}" if c in special else c for c in word)


def _start_for_bash(typed: str, breaks: str) -> int:
    """Where bash begins its last word: after a = or :, but at an @."""
    at = max((typed.rfind(character) for character in "=:@" if character in breaks), default=-1)
    return at if typed[at : at + 1] == "@" else at + 1


def _escaped(character: str) -> str:
    plain = character.isalnum() or character in "_-./:=@%+,"
    return character if plain else f"\\{character}"


def _for_zsh(word: str, about: str, *_: str) -> str:
    """zsh quotes the word itself. A colon separates it from its description."""
    literal = word.replace("\\", "\\\\").replace(":", "\\:")
    return f"{literal}:{_description(about)}" if about else literal


def _for_fish(word: str, about: str, *_: str) -> str:
    return f"{word}\t{_description(about)}" if about else word


def _description(about: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in about)


_FORMS: dict[str, Callable[[str, str, str, str, str], str]] = {
    "bash": _for_bash,
    "zsh": _for_zsh,
    "fish": _for_fish,
}
