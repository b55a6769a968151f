"""Every test that takes `journaled` runs over a journal on SQLite and over one on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.journal.shared_journal import SharedJournal
from tests.harness.shop_day import ShopDay


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, day: ShopDay) -> Iterator[SharedJournal]:
    """The day's journal as somebody with full rights in its database reaches it."""
    if request.param == "postgresql":
        day.settings["CASCADE_JOURNAL_URL"] = request.getfixturevalue("postgresql").new_url()
    shared = SharedJournal(day.settings.get("CASCADE_JOURNAL_URL", f"sqlite:///{day.journal}"))
    yield shared
    shared.close()


@pytest.fixture
def credited(day: ShopDay) -> ShopDay:
    """One payment, credited by a replay, in the journal that the day's settings name."""
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=5))
    assert day.cascade("events", "replay", "--since", "1d", "--yes").code == 0
    day.sandboxed.recorder.requests.clear()
    return day


@pytest.fixture
def journaled(shared: SharedJournal, credited: ShopDay) -> ShopDay:
    """The same in either database."""
    assert shared.is_sqlite == credited.journal.exists()
    return credited
