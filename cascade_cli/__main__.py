"""`python -m cascade_cli` and the script `cascade`."""

import sys

from cascade_cli.cli.app import run


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
