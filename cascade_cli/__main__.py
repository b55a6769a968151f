"""`python -m cascade_cli` and the script `cascade`."""

import io
import os
import sys

from cascade_cli import __version__

_INTERRUPTED = 130
# These commands read much, and nobody waits for each second of them. So the webhook, and commands
# that a person types meanwhile, get the CPU first.
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
        # Before anything is imported: imports are half of a short command's work.
        _lower_priority(sys.argv[1:])
        _exit_fast(_run(sys.argv[1:]))
    except KeyboardInterrupt:
        # Ctrl-C before the command line could handle it, or after it has ended.
        sys.exit(_INTERRUPTED)


def _lower_priority(arguments: list[str]) -> None:
    """Lower this process's priority for a bulk command, where the system knows priorities."""
    if _BULK_COMMANDS.intersection(arguments) and hasattr(os, "nice"):
        os.nice(_BULK_NICENESS)


def _run(arguments: list[str]) -> int:
    from cascade_cli.cli.app import run  # noqa: PLC0415 - see main

    if sys.stdout is None:
        # The caller closed it: nobody wants to read the result.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal or cron job without UTF-8 gets \u… for a name, not half a report.
        sys.stdout.reconfigure(errors="backslashreplace")
    _drop_unknown_size()
    return run(arguments)


def _drop_unknown_size() -> None:
    """Some programs export 0 for a size that they do not know: drop it."""
    for name in ("COLUMNS", "LINES"):
        if os.environ.get(name, "").strip() == "0":
            del os.environ[name]


def _exit_fast(code: int) -> None:
    """Exit, and let the operating system dispose of a thousand modules: Python takes a fifth of a
    second for that. Everything that must be closed is closed by now."""
    import atexit  # noqa: PLC0415 - as above
    import threading  # noqa: PLC0415

    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    if all(thread.daemon for thread in others) and _flushed():
        atexit._run_exitfuncs()
        os._exit(code)
    sys.exit(code)


def _flushed() -> bool:
    """Flush the streams. If that fails, False: then Python says why when it exits."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream:
                stream.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
