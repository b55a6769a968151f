"""`python -m cascade_cli` and the script `cascade`."""

import io
import sys

from cascade_cli import __version__

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Asked for in scripts, and answered before Typer is imported.
        print(f"cascade {__version__}")  # noqa: T201 - the command's output
        return
    try:
        sys.exit(_run(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before the command line is there to hear it, or when it has ended.
        sys.exit(_INTERRUPTED)


def _run(arguments: list[str]) -> int:
    from cascade_cli.cli.app import run  # noqa: PLC0415 - see main

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal or cron job without UTF-8 gets \u… for a name, not half a report.
        sys.stdout.reconfigure(errors="backslashreplace")
    return run(arguments)


if __name__ == "__main__":
    main()
