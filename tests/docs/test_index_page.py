"""What a package index makes of the README, of which it has the text alone."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from html import unescape

import pytest
from readme_renderer import markdown

from tests.docs.documents import README, TOPICS, fences, sections
from tests.harness.commands import ROOT

_MADE = (sys.executable, "-m", "hatch_fancy_pypi_readme")


@pytest.fixture(scope="module")
def page() -> str:
    """The README of the package's metadata, as an index renders it."""
    made = subprocess.run(_MADE, cwd=ROOT, check=True, capture_output=True, text=True)
    warnings = io.StringIO()
    shown = markdown.render(made.stdout, stream=warnings)
    assert shown is not None, warnings.getvalue()
    return str(shown)


def test_no_picture_and_no_link_of_the_page_is_broken(page: str) -> None:
    assert "<img" not in page
    leads = re.findall(r'href="([^"]+)"', page)
    assert leads
    assert [lead for lead in leads if not lead.startswith(("#", "https://"))] == []


def test_the_report_stands_there_as_text_in_place_of_the_picture(page: str) -> None:
    (report,) = fences("text", sections(README)["Try it"])
    shown = [unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)]
    assert report in shown


def test_every_topic_is_named_by_its_command(page: str) -> None:
    named = set(re.findall(r"<code>cascade help ([a-z-]+)</code>", page))
    assert named == TOPICS.keys()
