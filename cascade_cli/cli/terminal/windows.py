"""`--since` and `--until`: the window that a command reads."""

from __future__ import annotations

from datetime import datetime

from cascade_cli.cli.terminal.option_values import moment_option
from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.domain.shop.times import Window, format_moment, parse_duration
from cascade_cli.errors import UsageError

LAST = "last"
# Where `--since last` begins while no complete run is recorded.
FIRST_SINCE = "7d"
FIRST_REACH = parse_duration(FIRST_SINCE)


def parse_window(since_text: str, until_text: str | None, now: datetime) -> Window:
    """The window that the options name. Raises UsageError with the accepted forms."""
    since = moment_option("--since", since_text, now)
    until = moment_option("--until", until_text, now) if until_text is not None else now
    if since > now:
        raise UsageError(
            f"--since {since_text} is in the future ({format_moment(since)}).",
            "Nothing can have been paid since then; name an earlier time.",
        )
    return _window(since, min(until, now))


def window_since_last(memory: Checkpoint | None, until_text: str | None, now: datetime) -> Window:
    """The window to read in full: from where the checkpoint says, or from `FIRST_SINCE` ago.

    A window that ends early is for looking back, so it begins where it contains all that was open.
    Raises UsageError as `parse_window` does.
    """
    if memory is None:
        return parse_window(FIRST_SINCE, until_text, now)
    if until_text is None and memory.is_continuable(now):
        return memory.next_window(now)
    until = moment_option("--until", until_text, now) if until_text is not None else now
    return _window(memory.blind_since, min(until, now))


def _window(since: datetime, until: datetime) -> Window:
    if since >= until:
        raise UsageError(
            f"The window ends ({format_moment(until)}) before it begins ({format_moment(since)}).",
            "Name a --since that is earlier than --until.",
        )
    return Window(since, until)
