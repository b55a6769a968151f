"""`python -m cascade_cli` and the script `cascade`."""

import io
import sys

from cascade_cli import __version__


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        # Asked for in scripts, and answered before Typer is imported.
        print(f"cascade {__version__}")  # noqa: T201 - the command's output
        return
    from cascade_cli.cli.app import run  # noqa: PLC0415 - as above

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal or cron job without UTF-8 gets \u… for a name, not half a report.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
