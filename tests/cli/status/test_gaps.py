"""What cannot be read is named, and the rest is shown."""

from __future__ import annotations

import pytest

from cascade_cli.sandbox.seed import SeedReport
from cascade_cli.sandbox.wire import Response, json_response
from tests.harness.shop_day import ShopDay

REFUSED = json_response(400, {"error": {"type": "invalid_request_error", "message": "no"}})
NO_RIGHTS = json_response(
    403, {"error": {"type": "invalid_request_error", "message": "lacks the permission"}}
)
SENSELESS = json_response(200, {"rows": "none"})
FORBIDDEN = json_response(
    403, {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "message": "no"}}
)


def _without(day: ShopDay, service: str, answer: Response) -> None:
    day.sandboxed.recorder.break_from(service, 1, answer)


def test_without_stripe_the_processor_is_still_known(day: ShopDay, quiet: SeedReport) -> None:
    assert quiet.kinds
    _without(day, "stripe", REFUSED)
    ended = day.cascade("status", "--json")
    assert ended.code == 5
    assert [gap["what"] for gap in ended.data["missing"]] == ["discrepancies"]
    assert ended.data["processor"]["ducats"] is not None
    assert (ended.data["discrepancies"], ended.data["in_flight"]) == (None, None)


def test_without_stripe_s_rights_the_exit_code_says_so(day: ShopDay) -> None:
    day.open()
    _without(day, "stripe", NO_RIGHTS)
    ended = day.cascade("status")
    assert ended.code == 4
    assert "1,000,000 ducats; nothing is due to go out" in ended.out
    assert "Not known: discrepancies." in ended.out


@pytest.mark.parametrize(("answer", "code"), [(SENSELESS, 5), (FORBIDDEN, 4)])
def test_without_airtable_what_the_journal_tells_is_shown(
    day: ShopDay, answer: Response, code: int
) -> None:
    day.open("marco")
    day.cascade("credit", "marco", "5", "--reason", "gift", "--reference", "a", "--yes")
    asked = len(day.sandboxed.recorder.to("airtable"))
    _without(day, "airtable", answer)
    ended = day.cascade("status")
    assert ended.code == code
    assert "5 of 100,000 ducats credited; 99,995 left" in ended.out
    assert "processor    not known, see above" in ended.out
    assert "Nothing is open" not in ended.out
    # Who does not answer the first question is not asked the others.
    assert len(day.sandboxed.recorder.to("airtable")) == asked + 1


def test_without_a_processor_the_rest_is_known(day: ShopDay) -> None:
    day.sandboxed.move_in("marco", day.ago(days=9))
    day.sandboxed.pay(day.ago(hours=5))
    ended = day.cascade("status", "--json")
    assert ended.code == 4
    assert ended.data["discrepancies"]["total"] == 1
    assert ended.data["processor"]["ducats"] is None
    assert "Venice has no citizen" in ended.data["missing"][0]["message"]


def test_a_journal_that_cannot_be_read_is_a_gap(day: ShopDay) -> None:
    day.open()
    day.journal.parent.mkdir()
    day.journal.write_bytes(b"no journal at all, but some other file" * 99)
    ended = day.cascade("status", "--json")
    assert ended.code == 5
    assert [gap["what"] for gap in ended.data["missing"]] == ["the journal"]
    assert (ended.data["today"], ended.data["runs"], ended.data["webhook"]) == (None, None, None)
    assert ended.data["discrepancies"]["total"] == 0


def test_an_unread_week_is_never_called_a_week_without_discrepancies(
    day: ShopDay, quiet: SeedReport
) -> None:
    assert quiet.kinds
    _without(day, "stripe", REFUSED)
    assert "Nothing is open" not in day.cascade("status").out
