"""Writes the report page when a run ends: one HTML file, no script, nothing fetched, and text from
outside never becomes markup."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from cascade_cli import __version__
from cascade_cli.adapters.files import replace_file
from cascade_cli.cli.reconcile.report.view import ReportPage, judged_page, unjudged_page
from cascade_cli.cli.reconcile.run import JudgedOutcome
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.rounding import readable
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.records.journal_entries import Head
from cascade_cli.errors import ExitCode

PACKAGE, FOLDER = "cascade_cli.cli.reconcile.report", "pages"


def render(
    page: ReportPage,
    *,
    sandbox: bool,
    redacted: Callable[[str], str],
    completed: Callable[[str], str] = str,
    settings: str = "",
) -> str:
    """The whole document. `redacted` removes keys from any text, `completed` puts the global
    options into the commands within a text, and `settings` names the settings file."""
    css = files(PACKAGE).joinpath(FOLDER, "page.css").read_text(encoding="utf-8")
    return _template().render(
        page=page,
        sandbox=sandbox,
        settings=settings,
        redacted=redacted,
        complete=completed,
        version=__version__,
        css=Markup(css),  # noqa: S704 - our own file
        css_hash=b64encode(sha256(css.encode()).digest()).decode(),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader(PACKAGE, FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters["completed"] = _completed
    environment.filters["words"] = _words
    return environment.get_template("page.html.j2")


@pass_context
def _harmless(context: Context, value: Any) -> Any:
    """The value, with anything that would act on a reader (direction marks, control codes) spelt
    out. Every value of the page goes through it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return escape(context["redacted"](readable(value)))
    return value


@pass_context
def _completed(context: Context, text: str) -> Any:
    return context["complete"](text)


@pass_context
def _words(context: Context, line: str) -> Markup:
    """A command whose words are not broken at their hyphens. Copied, it is the same text."""
    word = Markup('<span class="word">{}</span>')
    return Markup(" ").join(word.format(each) for each in _harmless(context, line).split(" "))


# Nothing was done, or somebody else is doing it: the last run's page is kept.
NOT_WORTH_A_PAGE = frozenset({ExitCode.USAGE, ExitCode.LOCKED})


def write_report(session: Session, path: Path, outcome: Outcome, head: Head | None) -> None:
    """Write the outcome's page to the path. Raises OSError."""
    if outcome.exit_code in NOT_WORTH_A_PAGE:
        return
    text = render(
        _page(outcome, head, session.now()),
        sandbox=session.sandbox,
        settings=session.settings_note,
        redacted=session.redacted,
        completed=session.completed,
    )
    replace_file(path, text)


def _page(outcome: Outcome, head: Head | None, now: datetime) -> ReportPage:
    data = outcome.data or {}
    if isinstance(outcome, JudgedOutcome):
        return judged_page(outcome.run, outcome.reading, data, outcome.error, head)
    if outcome.error is None:
        raise TypeError("a run without a judgement has to say why")
    return unjudged_page(outcome.error, data, now, head)
