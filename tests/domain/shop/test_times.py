from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.domain.shop.times import (
    Window,
    format_moment,
    format_span,
    parse_duration,
    parse_moment,
    rfc3339,
)
from tests.domain.samples import NOW


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("48h", timedelta(hours=48)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("0s", timedelta(0)),
        (" 1h ", timedelta(hours=1)),
    ],
)
def test_a_number_with_a_unit_is_a_duration(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "m",
        "1.5h",
        "-1h",
        "1h30m",
        "15 m",
        "1y",
        "1M",
        "٣d",
        "9999999999s",
        "999999999w",
        "9999999d",
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|longer than any calendar"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("45m", NOW - timedelta(minutes=45)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T08:00:00Z", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("2026-11-01T08:00:00+01:00", datetime(2026, 11, 1, 7, tzinfo=UTC)),
    ],
)
def test_spans_dates_and_zoned_times_are_moments_in_utc(text: str, moment: datetime) -> None:
    parsed = parse_moment(text, NOW)
    assert (parsed, parsed.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "7", "1h30m", "2026-13-01", "2026-11-31", "2026-11-01T25:00:00Z"),
        *("01.11.2026", "1763900000", "99999999w", "0001-01-01T00:00:00+14:00"),
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_anything_else_is_no_moment_and_the_forms_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="45m, 36h, 7d, 2w, 2026-11-01 or 2026-11-01T08:00:00Z"):
        parse_moment(text, NOW)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks its time zone"):
        parse_moment("2026-11-01T08:00:00", NOW)


def test_a_window_holds_its_beginning_and_not_its_end() -> None:
    window = Window(NOW, NOW + timedelta(hours=1))
    assert NOW in window
    assert window.until not in window
    assert window.until - timedelta(microseconds=1) in window


def test_moments_are_shown_in_utc_whatever_their_zone() -> None:
    moment = datetime.fromisoformat("2026-11-20T15:02:31+01:00")
    assert format_moment(moment) == "2026-11-20 14:02 UTC"
    assert rfc3339(moment) == "2026-11-20T14:02:31Z"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (45, "45s"),
        (1020, "17m"),
        (3661, "1h 1m"),
        (86400, "1d"),
        (273600, "3d 4h"),
        (86460, "1d"),
        (-45, "45s"),
    ],
)
def test_a_span_shows_its_two_largest_units(seconds: int, text: str) -> None:
    assert format_span(timedelta(seconds=seconds)) == text
