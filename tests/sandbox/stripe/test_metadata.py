"""Metadata has limits, and an empty value removes a key."""

from __future__ import annotations

import pytest

from tests.sandbox.stripe.purchases import V1, code, refusal, ten_dollars


def test_the_largest_metadata_is_kept_as_it_is(client: V1) -> None:
    largest = {f"{n:040}": "ü" * 500 for n in range(50)}
    intent = client.payment_intents.create(ten_dollars(metadata=largest))
    assert client.payment_intents.retrieve(intent.id).metadata.to_dict() == largest


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"k" * 41: "v"}, "Metadata keys can have up to 40 characters"),
        ({"k": "v" * 501}, "Metadata values can have up to 500 characters"),
        ({f"k{n}": "v" for n in range(51)}, "Metadata can have up to 50 keys"),
    ],
)
def test_metadata_beyond_a_limit_is_refused(
    client: V1, metadata: dict[str, str], message: str
) -> None:
    error = refusal(client.payment_intents.create, ten_dollars(metadata=metadata))
    assert error.http_status == 400
    assert message in str(error)
    assert client.payment_intents.list().data == []


def test_the_fifty_keys_are_counted_after_merging(client: V1) -> None:
    full = {f"k{n}": "v" for n in range(50)}
    intent = client.payment_intents.create(ten_dollars(metadata=full))
    error = refusal(client.payment_intents.update, intent.id, {"metadata": {"one": "more"}})
    assert error.http_status == 400
    swapped = client.payment_intents.update(intent.id, {"metadata": {"k0": "", "one": "more"}})
    assert len(swapped.metadata.to_dict()) == 50


def test_an_update_merges_and_an_empty_value_removes_its_key(client: V1) -> None:
    intent = client.payment_intents.create(ten_dollars(metadata={"a": "1", "b": "2"}))
    changed = client.payment_intents.update(intent.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


def test_empty_metadata_removes_every_key(client: V1) -> None:
    intent = client.payment_intents.create(ten_dollars(metadata={"a": "1"}))
    assert client.payment_intents.update(intent.id, {"metadata": ""}).metadata.to_dict() == {}


def test_metadata_that_is_no_hash_is_refused(client: V1) -> None:
    params = ten_dollars(metadata="text")
    assert code(client.payment_intents.create, params) == (400, None, "metadata")
