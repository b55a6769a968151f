"""`python -m cascade_cli` and the script `cascade`."""

import io
import os
import sys

from cascade_cli import __version__

_INTERRUPTED = 130
# These commands read much and nobody waits for each second of them, so they leave the processor to
# the webhook and to what a person types beside them.
_BULK_COMMANDS = frozenset({"reconcile", "status", "events"})
_BULK_NICENESS = 10


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Asked for in scripts, and answered before Typer is imported.
        print(f"cascade {__version__}")  # noqa: T201 - the command's output
        return
    if "_CASCADE_COMPLETE" in os.environ:
        # A shell asks what may be typed next, and a person waits for it.
        from cascade_cli.cli.completion.answer import main as complete  # noqa: PLC0415 - see below

        complete(os.environ)
        return
    try:
        # Before anything is imported: half of a short command's work is that.
        _give_way(sys.argv[1:])
        _leave(_run(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before the command line is there to hear it, or when it has ended.
        sys.exit(_INTERRUPTED)


def _give_way(arguments: list[str]) -> None:
    """Lower this process's priority for a bulk command, where the system knows priorities."""
    if _BULK_COMMANDS.intersection(arguments) and hasattr(os, "nice"):
        os.nice(_BULK_NICENESS)


def _run(arguments: list[str]) -> int:
    from cascade_cli.cli.app import run  # noqa: PLC0415 - see main

    if sys.stdout is None:
        # Closed by whoever started it: nobody wants to read the result.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal or cron job without UTF-8 gets \u… for a name, not half a report.
        sys.stdout.reconfigure(errors="backslashreplace")
    _forget_no_size()
    return run(arguments)


def _forget_no_size() -> None:
    """A terminal of no width is one whose width is not known: some programs export it as 0."""
    for name in ("COLUMNS", "LINES"):
        if os.environ.get(name, "").strip() == "0":
            del os.environ[name]


def _leave(code: int) -> None:
    """Exit, and leave the taking apart of a thousand modules to the operating system: Python takes
    a fifth of a second for it. What has to be closed has been closed by now."""
    import atexit  # noqa: PLC0415 - as above
    import threading  # noqa: PLC0415

    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if all(thread.daemon for thread in others) and _is_said():
        atexit._run_exitfuncs()
        os._exit(code)
    sys.exit(code)


def _is_said() -> bool:
    """Nothing is left in the streams' buffers; if that can't be written, Python says why."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream:
                stream.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
