"""`cascade sandbox seed --from F.toml`: fills a sandbox with a story from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cascade_cli.cli.sandbox.options import SeedOptions
from cascade_cli.cli.sandbox.run import opened, shown_time, text_outcome, translated_errors
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import UsageError
from cascade_cli.sandbox import instance
from cascade_cli.sandbox.clock import SandboxClock
from cascade_cli.sandbox.seed import is_used
from cascade_cli.sandbox.seed.story import StoryError, StoryFile, read_story_file, tell_story


def seed_from(session: Session, options: SeedOptions) -> Outcome:
    """Check the file and write its story. If it raises UsageError, nothing was written."""
    path = options.story
    if path is None or replace(options, story=None) != SeedOptions():
        raise UsageError(
            "--from allows no other options, because the story says everything.",
            "Nothing was written.",
        )
    story = _read(path)
    clock = instance.clock_of(session.folder)
    with opened(session) as app, translated_errors():
        # Check this first, so that a story's `now` never moves the clock of a sandbox in use.
        if is_used(app):
            raise ValueError("the sandbox holds data already; reset it before seeding it")
        now = story.content.now or clock().replace(microsecond=0)
        try:
            tell_story(app, story, now)
        except StoryError as error:
            raise _refused(path, error) from error
        if story.content.now:
            clock.set(now)
    return _outcome(path, story, instance.clock_of(session.folder))


def _read(path: Path) -> StoryFile:
    try:
        return read_story_file(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", "Nothing was written."
        ) from error
    except StoryError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: StoryError) -> UsageError:
    # A list of mistakes begins on a new line.
    gap = "" if str(error).startswith("\n") else " "
    return UsageError(
        f"{path} is not a story:{gap}{error}",
        "Nothing was written. What is allowed: cascade help story",
    )


def _outcome(path: Path, story: StoryFile, clock: SandboxClock) -> Outcome:
    tables = story.content
    counts = {
        "citizens": len(tables.citizen),
        "payments": len(tables.payment),
        "subscriptions": len(tables.subscription),
        "faults": len(tables.fault),
    }
    title = f" ({escape(tables.title)})" if tables.title else ""
    listed = ", ".join(
        f"{count} {name if count != 1 else name[:-1]}" for name, count in counts.items() if count
    )
    lines = [f"Told {escape(str(path))}{title}: {listed or 'nobody'}."]
    if clock.shift:
        lines.append(shown_time(clock(), clock))
    data = {"story": str(path), "title": tables.title, **counts, "now": rfc3339(clock())}
    return text_outcome(data, "\n".join(lines))
