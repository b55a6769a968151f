"""Stories: files that say what a sandbox holds, for example with a bug report.

`tables` defines what a story may contain, `reading` checks a file against that, and `telling`
writes it with the same functions as the scenarios. A scenario is code, because it draws hundreds of
payments at random. A story names each payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from cascade_cli.sandbox.airtable import Tables
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.faults import Fault
from cascade_cli.sandbox.seed.story.reading import Places, StoryError, read_story
from cascade_cli.sandbox.seed.story.tables import StoryTable
from cascade_cli.sandbox.seed.story.telling import Teller
from cascade_cli.sandbox.seed.transfers import Transfers
from cascade_cli.sandbox.stripe import StripeAccount


@dataclass(frozen=True)
class StoryFile:
    """A story that was read and checked."""

    text: str
    content: StoryTable
    places: Places


def read_story_file(path: Path) -> StoryFile:
    """Read and check a file. Raises StoryError if it is no story, OSError if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise StoryError("it is not written in UTF-8") from None
    return StoryFile(text, *read_story(text))


def tell_story(app: SandboxApp, story: StoryFile, now: datetime) -> None:
    """Write the story as of `now`. The same file always gives the same ids, and times before `now`.

    Raises StoryError, and writes nothing, if the story contradicts itself or Stripe. The caller
    checks that the sandbox is empty.
    """
    ids = Random(story.text)
    tables = Tables(app.store, app.now, ids)
    # Read the table definitions first: within a transaction they would not be cached.
    tables.catalogue.tables()
    with app.store.write() as connection:
        if story.content.engine_notices:
            tables.use_legacy_notifications()
        transfers = Transfers(tables, ids, now)
        Teller(StripeAccount(app.store, ids), transfers, story.places, now).tell(story.content)
        for fault in story.content.fault:
            app.faults.add(
                Fault(
                    service=fault.service,
                    method=fault.method,
                    path=fault.path,
                    answer=fault.answer,
                    applied=fault.applied,
                    slow_seconds=fault.slow.total_seconds(),
                    skip=fault.skip,
                    times=fault.times,
                )
            )
        connection.execute("INSERT INTO sandbox_seeding VALUES (?, ?)", ("story", now.isoformat()))


__all__ = ["StoryError", "StoryFile", "read_story_file", "tell_story"]
