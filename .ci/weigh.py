"""Fails if what is installed for cascade has grown well beyond what the topic setup says.

Counted in blocks of 4 KiB as a disk does, without compiled files and what every environment has.
"""

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

MOST_GROWTH = 1.15
BLOCK = 4096
SETUP = Path(__file__).parents[1] / "cascade_cli" / "manual" / "setup.md"


def size(package: Distribution) -> int:
    """Of the package's files, in bytes."""
    files = [Path(package.locate_file(file)) for file in package.files or []]
    return sum(
        -(-file.stat().st_size // BLOCK) * BLOCK
        for file in files
        if file.suffix != ".pyc" and file.is_file()
    )


def main() -> int:
    """Print the largest packages, and compare the sum."""
    said = re.search(r"\*\*(\d+) MB\*\*", SETUP.read_text(encoding="utf-8"))
    if not said:
        sys.stdout.write("the topic setup does not say how many MB an installation takes\n")
        return 1
    sizes = {package.metadata["Name"]: size(package) / 1e6 for package in distributions()}
    sizes = {name: mb for name, mb in sizes.items() if name not in {"pip", "setuptools"}}
    total, largest = sum(sizes.values()), sorted(sizes, key=lambda name: -sizes[name])[:6]
    parts = ", ".join(f"{name} {sizes[name]:.1f}" for name in largest)
    sys.stdout.write(f"installed: {total:.1f} MB in {len(sizes)} packages: {parts}\n")
    if total > int(said[1]) * MOST_GROWTH:
        sys.stdout.write(f"that is more than the {said[1]} MB of the topic setup allow\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
