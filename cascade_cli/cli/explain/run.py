"""`cascade explain`: from an id to its story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from cascade_cli.cli.explain.json import citizen_document, story_document
from cascade_cli.cli.explain.text import show_citizen, show_story
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.cli.terminal.windows import parse_window
from cascade_cli.domain.explain.story import CitizenStory, Story
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import JournalError
from cascade_cli.services.explain.explain_service import ExplainSettings
from cascade_cli.services.explain.explain_service import explain as tell
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.journal import Archive
from cascade_cli.wiring.journal_memory import decided

Asked = TypeVar("Asked")
Told = TypeVar("Told")


def explain(session: Session, identity: str, since: str) -> Outcome:
    """Read both sides and the journal; write nothing."""
    began = session.now()
    parse_window(since, None, began)
    with connected(session) as wiring:
        archive = wiring.shop_journal.archive(wiring.clock.now)
        # Outside of `look`, which runs a second time if our clock turns out to be wrong.
        known = decided(session, wiring)

        def look(now: datetime, _check: Callable[[], None]) -> Story | CitizenStory:
            window = parse_window(since, None, now)
            terms = wiring.terms(now, known)
            return tell(wiring.sources, identity, _setting(session, terms, window, archive))

        story = wiring.clock.with_corrected_time(look, began)
    if isinstance(story, Story):
        return Outcome(story_document(story), lambda s: show_story(s.console(), story))
    return Outcome(citizen_document(story), lambda s: show_citizen(s.console(), story))


def _setting(
    session: Session, terms: Terms, window: Window, archive: Archive | None
) -> ExplainSettings:
    """Without a journal there are no entries and no events."""
    if archive is None:
        return ExplainSettings(terms, window, lambda _key: ())
    journal, inbox = archive.journal, archive.inbox
    return ExplainSettings(
        terms,
        window,
        _tolerant(session, lambda key: list(journal.entries(key=key))),
        _tolerant(session, inbox.about),
    )


def _tolerant(
    session: Session, read: Callable[[Asked], Sequence[Told]]
) -> Callable[[Asked], Sequence[Told]]:
    """A journal that cannot be read is a gap in the story, not its end."""

    def of(asked: Asked) -> Sequence[Told]:
        try:
            return read(asked)
        except JournalError as error:
            session.warn(f"shown without the journal: {error.message}")
            return ()

    return of
