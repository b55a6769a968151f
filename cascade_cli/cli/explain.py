"""`cascade explain`: from an id to its story."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from cascade_cli.bootstrap import Wiring
from cascade_cli.cli.connection import connected
from cascade_cli.cli.explain_json import citizen_document, story_document
from cascade_cli.cli.explain_shown import show_citizen, show_story
from cascade_cli.cli.journal import journal_at
from cascade_cli.cli.journal_place import journal_url
from cascade_cli.cli.session import Outcome, Session
from cascade_cli.cli.window import parse_window
from cascade_cli.domain.case import Terms
from cascade_cli.domain.journal import Entry
from cascade_cli.domain.story import Story
from cascade_cli.errors import JournalError
from cascade_cli.services.explain import explain as tell
from cascade_cli.services.explain_ports import Setting


def explain(session: Session, identity: str, since: str) -> Outcome:
    """Read both sides and the journal; write nothing."""
    window = parse_window(since, None, datetime.now(UTC))
    with connected(session) as wiring, _entries(session, wiring) as entries:
        settings = wiring.settings
        terms = Terms(window.until, settings.grace, settings.engine, wiring.prices)
        story = tell(wiring.sources, identity, Setting(terms, window, entries))
    if isinstance(story, Story):
        return Outcome(story_document(story), lambda s: show_story(s.console(), story))
    return Outcome(citizen_document(story), lambda s: show_citizen(s.console(), story))


@contextmanager
def _entries(session: Session, wiring: Wiring) -> Iterator[Callable[[str], Sequence[Entry]]]:
    """The journal's entries by key; where there is no journal there are none."""
    chosen = wiring.settings.journal_url
    url = journal_url(session, chosen.reveal() if chosen else "")
    with journal_at(url) as journal:

        def of(key: str) -> Sequence[Entry]:
            return list(journal.entries(key=key)) if journal else ()

        yield _patient(session, of)


def _patient(
    session: Session, read: Callable[[str], Sequence[Entry]]
) -> Callable[[str], Sequence[Entry]]:
    """A journal that cannot be read is a gap in the story, not its end."""

    def of(key: str) -> Sequence[Entry]:
        try:
            return read(key)
        except JournalError as error:
            session.warn(f"without the journal: {error.message}")
            return ()

    return of
