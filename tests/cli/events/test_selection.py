"""Which events are meant, and what is said when not all of them can be had."""

from __future__ import annotations

import pytest

from tests.cli.events.test_replay import results
from tests.harness.shop_day import ShopDay


def test_a_malformed_line_refuses_the_whole_file_before_any_request(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    raw = day.events("payment_intent.succeeded")[0].raw
    day.sandboxed.recorder.requests.clear()
    file = day.save("saved.jsonl", raw, b'{"object": "charge"}', raw, b"{", b"null")
    ended = day.cascade("events", "replay", "--file", file, "--yes")
    assert (ended.code, day.sandboxed.recorder.requests) == (2, [])
    for line in ("line 2", "line 4", "line 5"):
        assert line in ended.err
    assert "line 1:" not in ended.err
    assert "line 3" not in ended.err


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_file_without_events_is_refused(day: ShopDay, content: bytes) -> None:
    file = day.save("saved.jsonl", content)
    ended = day.cascade("events", "replay", "--file", file, "--yes")
    assert (ended.code, day.sandboxed.recorder.requests) == (2, [])


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--until", "1h"),
        ("evt_1", "--since", "1d"),
        ("evt_1", "--file", "saved.jsonl"),
        ("pi_1",),
        ("evt_1'",),
        ("--since", "yesterday"),
        ("--since", "1d", "--type", "charge succeeded"),
        ("--since", "1d", "--limit", "0"),
        ("--since", "1d", "--forward-to", "shop.example/webhook"),
        ("--file", "absent.json"),
    ],
)
def test_a_command_line_that_names_no_clear_set_of_events_is_refused(
    day: ShopDay, arguments: tuple[str, ...]
) -> None:
    ended = day.cascade("events", "replay", *arguments, "--yes")
    assert (ended.code, day.sandboxed.recorder.requests) == (2, [])


def test_a_window_beyond_thirty_days_is_incomplete_and_credits_what_it_has(day: ShopDay) -> None:
    day.open("marco")
    old, new = day.sandboxed.pay(day.ago(days=35)), day.sandboxed.pay(day.ago(days=2))
    ended = day.cascade("events", "replay", "--since", "40d", "--yes", "--json")
    assert (ended.code, ended.data["complete"]) == (5, False)
    assert results(ended.data) == {new["payment_intent"]: "credited"}
    assert old["payment_intent"] not in ended.out
    assert "30 days" in ended.err
    assert "cascade reconcile --repair --since 2026-10-11T15:00:" in ended.err


def test_a_window_within_thirty_days_is_complete(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(days=29))
    ended = day.cascade("events", "list", "--since", "29d", "--json")
    assert (ended.code, ended.data["complete"], len(ended.data["events"])) == (0, True, 4)


def test_a_listing_beyond_thirty_days_says_that_it_is_incomplete(day: ShopDay) -> None:
    day.sandboxed.pay(day.ago(days=2))
    ended = day.cascade("events", "list", "--since", "40d", "--json")
    assert (ended.code, ended.data["complete"], len(ended.data["events"])) == (5, False, 4)


def test_an_event_that_stripe_has_no_longer_does_not_hold_up_the_others(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(days=2))
    (event,) = day.events("payment_intent.succeeded")
    ended = day.cascade("events", "replay", "evt_3gone", event.id, "--yes", "--json")
    assert (ended.code, ended.data["unknown_events"]) == (5, ["evt_3gone"])
    assert results(ended.data) == {charge["payment_intent"]: "credited"}


def test_a_file_may_be_narrowed_by_time_and_type(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(days=5))
    recent = day.sandboxed.pay(day.ago(days=2))
    file = day.save("saved.jsonl", *(event.raw for event in day.events()))
    narrow = ("--since", "3d", "--type", "charge.*")
    ended = day.cascade("events", "replay", "--file", file, *narrow, "--dry-run", "--json")
    assert results(ended.data) == {recent["payment_intent"]: "due"}
    assert ended.data["events"] == 2


def test_events_are_listed_oldest_first_and_limit_keeps_the_newest(day: ShopDay) -> None:
    for hours in (9, 5, 7):
        day.sandboxed.pay(day.ago(hours=hours))
    told = ("--since", "1d", "--type", "charge.succeeded", "--json")
    every = day.cascade("events", "list", *told).data
    times = [event["created_at"] for event in every["events"]]
    assert times == sorted(times)
    assert len(times) == 3
    newest = day.cascade("events", "list", *told, "--limit", "2").data
    assert (newest["events"], newest["left"]) == (every["events"][1:], 1)


@pytest.mark.parametrize(
    "types",
    [("charge.succeeded",), ("charge.succeeded", "payment_intent.succeeded"), ("charge.*",)],
)
def test_types_are_the_only_ones_listed(day: ShopDay, types: tuple[str, ...]) -> None:
    day.sandboxed.pay(day.ago(hours=9))
    options = [word for name in types for word in ("--type", name)]
    ended = day.cascade("events", "list", "--since", "1d", *options, "--json")
    listed = {event["type"] for event in ended.data["events"]}
    assert listed
    assert all(name in types or "charge.*" in types for name in listed)
    assert all(name.startswith(("charge.", "payment_intent.succeeded")) for name in listed)


def test_every_page_of_events_is_read(day: ShopDay) -> None:
    for minutes in range(60):
        day.sandboxed.pay(day.ago(minutes=minutes + 1))
    ended = day.cascade("events", "list", "--since", "1d", "--json")
    assert len(ended.data["events"]) == 240
