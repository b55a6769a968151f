"""One invocation: its global options, its streams, and how it ends.

Every command is a function from a Session to an Outcome; `run_command` runs it, shows the outcome
and turns whatever was raised into an exit code, in one place.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cascade_cli.cli.terminal.escape import escape
from cascade_cli.errors import BUG_HINT, CascadeError, ExitCode, OutputError, UsageError
from cascade_cli.wiring import Invocation

if TYPE_CHECKING:
    from rich.console import Console

    from cascade_cli.cli.terminal.hyperlinks import Hyperlinks
    from cascade_cli.settings import Settings

JSON_VERSION = 1
SHORTEST_SECRET = 8
# A key that was pasted into another setting is not known to be a key, but looks like one.
_KEY = re.compile(r"\b(?:[rs]k_(?:test|live)|whsec)_\w+|\bpat[A-Za-z0-9]{8,}\.[A-Za-z0-9]{8,}")
# Keys within `data`: our own sentences, which may contain commands, and text that must stay as it
# was hashed.
_OURS = frozenset(
    ("command", "evidence", "advice", "why", "hint", "message", "sentence", "meaning", "retry")
) | frozenset(("what", "would", "reasons", "found", "gaps", "wrong"))
_VERBATIM = frozenset(["body"])


@dataclass
class Session(Invocation):
    """An invocation from the command line: global options and streams as well."""

    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    pages: bool = True
    """Whether what is longer than a screen goes through the user's pager."""
    links: Hyperlinks | None = None
    """Where ids lead; None until the services are known."""
    names_shop: bool = True
    """Whether printed commands name this shop; not if only `--help` is pointed at."""
    mode: str = ""
    """`live` or `test`, once it is known which key is used."""

    def console(self, *, stderr: bool = False) -> Console:
        """Rich on stdout or stderr. Markup in what is printed stays text."""
        from cascade_cli.cli.terminal.console import PipeConsole  # noqa: PLC0415 - not needed for --json
        from cascade_cli.cli.terminal.hyperlinks import has_links  # noqa: PLC0415 - as above

        console = PipeConsole(
            stderr=stderr,
            markup=False,
            highlight=False,
            emoji=False,
            no_color=self.no_color or None,
        )
        console.complete = self.completed
        console.settings = self.settings_note
        console.shows_links = has_links(self.environ)
        console.links = self.links if console.shows_links else None
        return console

    @property
    def options(self) -> list[str]:
        """The global options that choose the accounts: --sandbox, --env-file and --profile."""
        if not self.names_shop:
            return []
        words = ["--sandbox"] if self.sandbox else []
        if self.env_file:
            return [*words, "--env-file", str(self.env_file.absolute())]
        profile = self.profile_in_use
        return [*words, "--profile", profile] if profile else words

    def completed(self, text: str) -> str:
        """The text, with our global options in its commands, so that they can be typed as they
        stand."""
        from cascade_cli.domain.shop.shell import complete  # noqa: PLC0415 - not for --help

        return complete(text, self.options)

    def readable(self, message: str) -> str:
        """The sentence with its ducats to a hundredth."""
        from cascade_cli.cli.terminal.rounding import readable  # noqa: PLC0415 - as above

        return readable(message)

    def say(self, message: str) -> None:
        """A line on stderr for people, unless --quiet."""
        if not self.quiet:
            self.complain(message)

    def complain(self, message: str) -> None:
        """A line on stderr that --quiet does not silence."""
        told = self.redacted(self.completed(message))
        print(escape(told, keep="\n"), file=sys.stderr, flush=True)  # noqa: T201

    def redacted(self, text: str) -> str:
        """The text with every key in it replaced by `(secret)`."""
        for secret in self.secrets:
            # Anything shorter is no service's key, and is part of many ordinary words.
            if len(secret) >= SHORTEST_SECRET:
                text = text.replace(secret, "(secret)")
        return _KEY.sub("(secret)", text)

    @property
    def shop(self) -> tuple[str, str]:
        """Which settings are in use, and the mode: `profile rialto` and `live`. Without a profile
        only `live` is named."""
        file = self.file_in_use
        if file and file.profile:
            return str(file), "sandbox" if self.sandbox else self.mode
        live = "live" if self.mode == "live" else ""
        return f"settings: {escape(str(file))}" if file else "", live

    @property
    def settings_note(self) -> str:
        """` (settings: ~/shop/.env, live)`, for a headline or a question; often empty."""
        told = ", ".join(filter(None, self.shop))
        return f" ({told})" if told else ""

    def warn(self, message: str) -> None:
        """Something the operator should know; also listed in --json."""
        self.warnings.append(message)
        self.say(f"warning: {self.readable(message)}")

    def insist(self, message: str) -> None:
        """A warning that --quiet does not silence: somebody else could not be told."""
        self.warnings.append(message)
        self.complain(f"warning: {self.readable(message)}")

    def connected_to(self, settings: Settings) -> None:
        """Called once the services are known: from here on, ids lead to them."""
        from cascade_cli.cli.terminal.hyperlinks import hyperlinks_to  # noqa: PLC0415 - not for --help

        self.links = hyperlinks_to(settings)
        if not self.sandbox:
            self.mode = "live" if settings.livemode else "test"


@dataclass(frozen=True)
class Outcome:
    """What a command came to: `data` for --json, `show` for people."""

    data: Mapping[str, Any] | None
    show: Callable[[Session], None]
    exit_code: ExitCode = ExitCode.OK
    error: CascadeError | None = None


def run_command(
    session: Session,
    command: str,
    work: Callable[[Session], Outcome],
    *,
    json: bool = False,
    at_end: Callable[[Outcome], None] = lambda _outcome: None,
) -> int:
    """Run one command to its end and return its exit code.

    `at_end` gets the outcome however the command ended, unless it was interrupted, and gets it a
    second time if the outcome could not be shown. It must not raise.
    """
    outcome = _attempt(session, work)
    # Before the outcome is shown, so that failures to tell others are among the warnings of --json.
    at_end(outcome)
    try:
        with closed_pipe_is_silent():
            if json:
                _show_json(session, command, outcome)
            else:
                outcome.show(session)
            sys.stdout.flush()
    except OSError as error:
        outcome = failure(unwritable(error))
        at_end(outcome)
    except Exception as error:  # noqa: BLE001 - as in _attempt
        outcome = _bug(session, error)
        at_end(outcome)
    if outcome.error:
        _show_error(session, outcome.error)
        keep_error(session, command, outcome.error)
    return int(outcome.exit_code)


def _attempt(session: Session, work: Callable[[Session], Outcome]) -> Outcome:
    try:
        return work(session)
    except CascadeError as error:
        return failure(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: exit 1, no traceback
        return _bug(session, error)


def unwritable(error: OSError) -> OutputError:
    """The error for a standard output that is full, or closed to us in another way."""
    # Otherwise the rest of the buffer would fail again at exit, with a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OutputError(
        f"The result could not be written to standard output: {error.strerror}.",
        "What the command did stands; only its output was lost. Check the free disk space.",
    )


def _bug(session: Session, error: Exception) -> Outcome:
    if session.verbose:
        session.say("".join(traceback.format_exception(error)))
    return failure(_unforeseen(error))


def _unforeseen(error: Exception) -> CascadeError:
    bug = CascadeError(f"{type(error).__name__} was not foreseen.", BUG_HINT)
    bug.__context__ = error
    return bug


def keep_error(session: Session, command: str, error: Exception) -> None:
    """Keep the error for a later `doctor --bundle`, except the bundle's own errors."""
    if command == "doctor" or isinstance(error, UsageError):
        return
    from datetime import UTC, datetime  # noqa: PLC0415 - only if something failed

    from cascade_cli.adapters.bundle.last_error import keep_error as keep  # noqa: PLC0415 - as above

    # If the error cannot be kept, it was at least shown.
    with suppress(CascadeError, OSError):
        told = error if isinstance(error, CascadeError) else _unforeseen(error)
        keep(session.folder, command, told, session.redacted, datetime.now(UTC))


def failure(error: CascadeError, data: Mapping[str, Any] | None = None) -> Outcome:
    """The outcome of a command that did not finish."""
    return Outcome(data, lambda _session: None, error.exit_code, error)


def _show_json(session: Session, command: str, outcome: Outcome) -> None:
    from json import dumps  # noqa: PLC0415

    error = outcome.error
    envelope = {
        "command": command,
        "version": JSON_VERSION,
        "ok": outcome.exit_code == ExitCode.OK,
        "exit_code": int(outcome.exit_code),
        "data": outcome.data and _completed(session, outcome.data),
        "warnings": [session.completed(warning) for warning in session.warnings],
        "error": error and _completed(session, error_document(error)),
    }
    if session.profile_in_use:
        envelope["profile"] = session.profile_in_use
    print(session.redacted(dumps(envelope, indent=2)))  # noqa: T201 - the command's output


def error_document(error: CascadeError) -> dict[str, str]:
    """An error for --json."""
    return {"kind": error.kind, "message": error.message, "hint": error.hint}


def _completed(session: Session, value: Any, key: str = "") -> Any:
    """Data for scripts: commands in our own sentences are completed, what others wrote stays as it
    is."""
    if isinstance(value, Mapping):
        inner = value.items()
        return value if key in _VERBATIM else {k: _completed(session, v, k) for k, v in inner}
    if isinstance(value, list | tuple):
        return [_completed(session, item, key) for item in value]
    return session.completed(value) if isinstance(value, str) and key in _OURS else value


def _show_error(session: Session, error: CascadeError) -> None:
    # A usage error repeats an amount exactly as it was typed.
    told = str if isinstance(error, UsageError) else session.readable
    session.complain(f"error: {told(error.message)}")
    if error.hint:
        session.complain(f"  {told(error.hint)}")
    if session.verbose and error.__cause__ is not None:
        session.complain(f"  cause: {error.__cause__!r}")


@contextmanager
def closed_pipe_is_silent() -> Iterator[None]:
    """`| head -1` closes the pipe early; Python would complain about it again at exit."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
