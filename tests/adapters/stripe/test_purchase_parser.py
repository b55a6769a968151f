"""Whose sale it is, by the metadata of a payment or a subscription: one rule for both."""

from __future__ import annotations

import pytest

from cascade_cli.adapters.stripe.purchase_parser import is_ducat_purchase, is_not_ours


@pytest.mark.parametrize(
    ("metadata", "is_ours", "is_theirs"),
    [
        ({}, False, False),
        ({"order": "7"}, False, False),
        ({"platform": "cascade"}, True, False),
        ({"type": "ducat_purchase"}, True, False),
        ({"citizen_id": "marco"}, True, False),
        ({"ducat_amount": "100"}, True, False),
        ({"platform": "rialto", "citizen_id": "marco"}, False, True),
        ({"type": "gondola", "ducat_amount": "100"}, False, True),
        ({"platform": "rialto", "type": "ducat_purchase"}, False, True),
        ({"platform": "cascade", "type": "gondola"}, False, True),
    ],
)
def test_platform_and_type_say_whose_sale_it_is(
    metadata: dict[str, str], is_ours: bool, is_theirs: bool
) -> None:
    assert (is_ducat_purchase(metadata), is_not_ours(metadata)) == (is_ours, is_theirs)
