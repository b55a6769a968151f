from __future__ import annotations

import os
import subprocess
from unicodedata import normalize

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cascade_cli.domain.shop.shell import command, quote

# What a shell cannot be given at all is left out: NUL, and halves of surrogate pairs.
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
_NASTY = st.text(
    "'\"\\!$`\n\r\t\x1b\x7f\u202e\u0085 ~*#;&|<>(){}[]-=a0féq\u0301\u00a0", max_size=12
)


def through_bash(words: list[str]) -> list[str]:
    """What bash makes of the quoted words, in a locale that knows no UTF-8."""
    script = "printf '%s\\0' " + " ".join(map(quote, words))
    shell = ["bash", "--norc", "-c", script]
    done = subprocess.run(shell, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C"})
    return done.stdout.decode().split("\0")[:-1]


@settings(max_examples=100)
@given(st.lists(_TEXT | _NASTY, min_size=1, max_size=8))
def test_bash_reads_back_exactly_what_was_quoted(words: list[str]) -> None:
    assert through_bash(words) == words


@given(_TEXT | _NASTY)
def test_what_is_quoted_is_printable(text: str) -> None:
    assert quote(text).isprintable()


@given(_TEXT | _NASTY)
@example("Zoe\u0308")
def test_nobody_who_composes_accents_changes_what_was_quoted(text: str) -> None:
    assert normalize("NFC", quote(text)) == quote(text)


def test_plain_words_are_left_plain() -> None:
    assert command("explain", "pi_3Ab9") == "cascade explain pi_3Ab9"


def test_history_expansion_cannot_wake_in_what_is_spelt() -> None:
    assert "!" not in quote("\n'!!")


def test_half_a_surrogate_pair_is_spelt_and_no_crash() -> None:
    assert quote("\ud800").isascii()
