"""Test payments never move ducats in the base of live ones, nor the reverse."""

from __future__ import annotations

from tests.harness.counter import Counter

STRIPE = "https://api.stripe.com"
LIVE = {"STRIPE_SECRET_KEY": "rk_live_x", "STRIPE_API_BASE": STRIPE}
TEST = {"STRIPE_SECRET_KEY": "rk_test_x", "STRIPE_API_BASE": STRIPE}


def test_a_base_written_for_test_payments_takes_no_live_ones(counter: Counter) -> None:
    assert counter.credit("marco", "5", **TEST).code == 0
    answer = counter.credit("marco", "6", **LIVE)
    assert answer.code == 7
    assert "has been written for test-mode payments" in answer.err
    assert len(counter.rows()) == 1


def test_a_base_written_for_live_payments_takes_no_test_ones(counter: Counter) -> None:
    assert counter.credit("marco", "5", **LIVE).code == 0
    answer = counter.credit("marco", "6", **TEST)
    assert answer.code == 7
    assert "has been written for live-mode payments" in answer.err
    assert len(counter.rows()) == 1


def test_a_journal_that_does_not_know_the_base_asks_the_base(counter: Counter) -> None:
    counter.credit("marco", "5", **LIVE)
    elsewhere = counter.environment()["CASCADE_STATE_DIR"] + "-elsewhere"
    answer = counter.credit("marco", "6", **TEST, CASCADE_STATE_DIR=elsewhere)
    assert answer.code == 7
    assert "holds transfers for live payments, and the Stripe key is a test key" in answer.err
    assert len(counter.rows()) == 1


def test_a_repair_is_bound_to_the_mode_as_well(counter: Counter) -> None:
    counter.credit("lucia", "5", **LIVE)
    counter.paid()
    answer = counter.type("reconcile", "--repair", "--yes")
    assert answer.code == 7
    assert len(counter.rows()) == 1


def test_a_dry_run_binds_no_base(counter: Counter) -> None:
    counter.credit("marco", "5", "--dry-run", **LIVE)
    assert counter.credit("marco", "5", **TEST).code == 0
