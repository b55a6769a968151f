"""Files as the European Central Bank publishes them, with the days that a test needs."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

# The bank has no rials: whatever the library ships, only these files have their rate.
HEADER = "Date,USD,JPY,TRY,ISK,OMR,"


def today() -> date:
    return datetime.now(UTC).date()


def write(file: Path, *rows: tuple[date, str]) -> Path:
    """A row is a day and the rates of the header's currencies for one euro, with commas between."""
    lines = [HEADER, *(f"{day},{rates}," for day, rates in sorted(rows, reverse=True))]
    text = "\n".join(lines) + "\n"
    if file.suffix == ".zip":
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("eurofxref-hist.csv", text)
    else:
        file.write_text(text)
    return file


RATES = "1.25,200,50,140,0.48"
"""Of one euro: so one dollar is 0.8 euros, 160 yen, 40 lira, 112 krónur, 0.384 rials."""

EVERYTHING = """
currencies = ["EUR", "JPY", "KWD", "ISK", "OMR"]
own_rates.KWD.{day} = 0.3067
"""


def open_shop(folder: Path, day: date | None = None, more: str = "") -> dict[str, str]:
    """Settings of a shop that sells in five other currencies, by rates of that day."""
    day = day or today()
    prices = folder / "prices.toml"
    prices.write_text(EVERYTHING.format(day=day) + more)
    rates = write(folder / "eurofxref-hist.zip", (day, RATES))
    return {"CASCADE_PRICES": str(prices), "CASCADE_RATES_FILE": str(rates)}
