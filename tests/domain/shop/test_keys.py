from __future__ import annotations

import pytest

from cascade_cli.domain.shop.keys import Origin, origin_of, payment_id_in, stratagem_id_for
from tests.domain.samples import a_charge

LEGACY_SOURCE = "cascade_payment_processor"


@pytest.mark.parametrize("payment", ["pi_3Ab9", "ch_3Ab9", "py_3Ab9"])
def test_a_payments_key_names_the_payment(payment: str) -> None:
    assert payment_id_in(stratagem_id_for(payment)) == payment


def test_a_charge_is_credited_under_its_payment_intent() -> None:
    assert a_charge("7").stratagem_id == "cascade_payment_pi_7"


def test_a_charge_without_intent_is_credited_under_its_own_id() -> None:
    assert a_charge("7", payment_intent=None).stratagem_id == "cascade_payment_ch_7"


@pytest.mark.parametrize(
    "stratagem_id",
    [
        *("", "pi_1", "cascade_payment_", "cascade_payment_marco_1763900000"),
        *("cascade_manual_pi_1", "cascade_payment_pi_", "cascade_payment_pi_1 ", "x_pi_1"),
        *("cascade_payment_re_1", "cascade_payment_pi_1\n", "cascade_payment_cascade_payment_pi_1"),
    ],
)
def test_other_ids_name_no_payment(stratagem_id: str) -> None:
    assert payment_id_in(stratagem_id) is None


@pytest.mark.parametrize(
    ("stratagem_id", "stripe_ids", "source", "origin"),
    [
        ("cascade_payment_pi_1", (), "", Origin.PAYMENT),
        ("anything", ("ch_1",), "", Origin.PAYMENT),
        ("cascade_manual_x", ("ch_1",), "", Origin.PAYMENT),
        ("cascade_payment_marco_1763900000", (), "", Origin.LEGACY),
        ("cascade_payment_a\nb_1763900000", (), "", Origin.LEGACY),
        ("renamed", (), LEGACY_SOURCE, Origin.LEGACY),
        ("cascade_manual_20261120", (), "cascade", Origin.MANUAL),
        ("lottery", (), "", Origin.OTHER),
        ("", (), "", Origin.OTHER),
        ("cascade_payment_marco_12", (), "", Origin.OTHER),
    ],
)
def test_a_transfers_origin_is_told_by_what_it_carries(
    stratagem_id: str, stripe_ids: tuple[str, ...], source: str, origin: Origin
) -> None:
    assert origin_of(stratagem_id, stripe_ids, source) is origin


def test_a_citizen_called_pi_does_not_make_an_older_row_a_payments() -> None:
    assert origin_of("cascade_payment_pi_1763900000", (), LEGACY_SOURCE) is Origin.LEGACY
