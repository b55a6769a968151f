"""README and topics as a whole: what is listed is there, and every link leads somewhere."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from cascade_cli.cli.app import COMMANDS, GROUPS
from cascade_cli.cli.help.topics import CHAPTERS, read, topics
from tests.docs.documents import README, ROOT, TEXTS, TOPICS, anchors, links

LONGEST_README = 350
LISTED = list(chain.from_iterable(CHAPTERS.values()))


def test_the_readme_is_no_longer_than_what_is_read_at_a_sitting() -> None:
    assert len(README.splitlines()) <= LONGEST_README


def test_every_file_of_the_manual_is_listed_once_and_every_topic_is_a_file() -> None:
    assert sorted(LISTED) == sorted(TOPICS)


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_begins_with_its_name_a_line_and_the_words_that_lead_to_it(name: str) -> None:
    head, also = TOPICS[name].splitlines()[:2]
    assert re.fullmatch(rf"# {name}: [^`]{{10,62}}", head)
    assert re.fullmatch(r"<!-- also: [^<>]+ -->", also)
    assert read(name).text.startswith(f"{head}\n\n")


def test_a_word_leads_to_one_topic_and_no_word_leads_past_a_topic_or_command() -> None:
    words = list(chain.from_iterable(topic.also for topic in topics()))
    assert sorted(words) == sorted({*words} - {*LISTED, *COMMANDS, *GROUPS})


@pytest.mark.parametrize("name", TOPICS)
def test_the_readme_lists_the_topic_with_its_line(name: str) -> None:
    assert f"| [{name}](cascade_cli/manual/{name}.md) | {read(name).title} |" in README


@pytest.mark.parametrize("path", TEXTS)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(path: str) -> None:
    here = ROOT / path
    for file, anchor in links(TEXTS[path]):
        target = (here.parent / file).resolve() if file else here
        assert target.is_file(), (path, file)
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), (path, file, anchor)


def test_the_links_are_found_by_which_that_is_tested() -> None:
    text = "## A b-c: `d`?\n[x](y.md#a-b-c-d) ![z](w.svg) [q](https://example.org)\n"
    assert links(text) == [("y.md", "a-b-c-d"), ("w.svg", "")]
    assert anchors(text) == {"a-b-c-d"}


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:cascade_cli|tests)/[\w/.]+)`", TOPICS["contributing"])
)
def test_every_file_to_touch_is_there(path: str) -> None:
    assert Path(ROOT, path).exists() or "NAME" in path


@pytest.mark.parametrize("path", TEXTS)
def test_prose_is_no_wider_than_a_terminal(path: str) -> None:
    """A topic is shown as it is where there is no terminal."""
    prose = re.sub(r"^```.*?^```$|^\|.*$|^<!--.*$|^!\[[^\]]*\]", "", TEXTS[path], flags=re.M | re.S)
    widest = 100 if path == "README.md" else 80
    unbroken = [
        line
        for line in prose.splitlines()
        if len(line) > widest and " " in re.sub(r"`[^`]*`|\[[^\[\]]*\]\([^)]*\)", "", line).strip()
    ]
    assert unbroken == []
