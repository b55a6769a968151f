from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from tests.domain.samples import NOW, PAID, TERMS, a_charge, a_snapshot, keyed, older, the_item


def test_the_kind_with_most_ducats_at_risk_names_the_item_and_the_other_is_evidence() -> None:
    # 50 ducats of a half refund against 20 that too many were transferred.
    charge = a_charge(refunded_cents=500)
    item = the_item(charge, keyed(charge, ducats=Decimal(120)))
    assert (item.kind, item.at_risk) == (Kind.REFUNDED, Decimal(50))
    assert item.evidence[-1].startswith("also amount_mismatch: transferred 120 ducats")


def test_in_a_tie_the_graver_kind_names_the_item() -> None:
    charge = a_charge(disputed=True, refunded_cents=1000)
    item = the_item(charge, keyed(charge))
    assert item.kind is Kind.DISPUTED
    assert item.evidence[-1].startswith("also refunded: ")


def test_a_charge_of_one_kind_has_no_other_in_its_evidence() -> None:
    assert not [line for line in the_item(a_charge()).evidence if line.startswith("also ")]


def test_all_that_is_outstanding_is_at_risk_where_a_small_transfer_is_doubtful() -> None:
    charge = a_charge()
    stratagem = keyed(charge, ducats=Decimal(5), status="error")
    item = the_item(charge, stratagem, citizens={"marco": False})
    assert (item.kind, item.at_risk) == (Kind.DOUBTFUL, Decimal(100))


def test_a_duplicate_risks_what_goes_out_beyond_what_was_sold() -> None:
    charge = a_charge()
    again = older(ducats=Decimal(100))
    assert the_item(charge, keyed(charge), again).at_risk == Decimal(100)


def test_a_wrong_citizen_risks_what_went_astray_and_what_is_still_owed() -> None:
    charge = a_charge()
    assert the_item(charge, keyed(charge, citizen="polo")).at_risk == Decimal(200)


def test_an_unattributable_charge_without_amount_is_ranked_by_its_money() -> None:
    item = the_item(a_charge(ducats=None, ducats_text="abc", captured_cents=2500))
    assert item.at_risk == Decimal(250)
    assert "no usable ducat_amount ('abc')" in item.verdict


def test_an_unattributable_charge_is_ranked_by_the_rate_of_its_own_day() -> None:
    dearer = replace(TERMS.prices, rate=Decimal("0.20"))
    prices = replace(TERMS.prices, changes=((PAID.date() + timedelta(days=1), dearer),))
    terms = replace(TERMS, prices=prices)

    def at_risk(paid: datetime) -> Decimal:
        charge = a_charge(ducats=None, captured_cents=2500, created_at=paid)
        (item,) = reconcile(a_snapshot([charge]), terms).items
        return item.at_risk

    assert (at_risk(PAID), at_risk(NOW - timedelta(hours=1))) == (Decimal(250), Decimal(125))


def test_a_stalled_item_says_when_its_stratagem_expired() -> None:
    charge = a_charge()
    expires_at = NOW - timedelta(hours=1)
    item = the_item(charge, keyed(charge, status="active", expires_at=expires_at))
    assert item.verdict.endswith("active, expired 2026-11-20 14:00 UTC")


def test_a_failed_item_says_what_the_engine_said() -> None:
    charge = a_charge()
    text = "Insufficient funds: 3 < 100"
    stratagem = keyed(charge, status="failed", failure=Failure.NO_FUNDS, failure_text=text)
    assert text in the_item(charge, stratagem).verdict


def test_an_unknown_citizens_near_namesake_is_named() -> None:
    item = the_item(a_charge(), citizens={"marco": False}, similar={"marco": ("Marco",)})
    hint = "there is a 'Marco', which differs in upper and lower case"
    assert item.verdict == f"Venice has no citizen 'marco'; {hint}"


def test_evidence_tells_payment_stratagem_expiry_and_next_run() -> None:
    charge = a_charge(created_at=NOW - timedelta(hours=2))
    stratagem = keyed(charge, status="active", expires_at=NOW + timedelta(hours=6))
    assert the_item(charge, stratagem).evidence == (
        "paid 2026-11-20 13:00 UTC, 10.00 USD for 100 ducats (pi_1)",
        "stratagem cascade_payment_pi_1 active, expires 2026-11-20 21:00 UTC, "
        "next engine run 19:00 Europe/Rome, though the engine should have taken it by now",
    )


def test_evidence_warns_when_the_next_run_comes_after_the_expiry() -> None:
    charge = a_charge()
    expires_at = NOW + timedelta(minutes=5)
    stratagem = keyed(charge, status="active", created_at=NOW, expires_at=expires_at)
    assert the_item(charge, stratagem).evidence[-1].endswith("which comes too late for it")


def test_evidence_names_the_rivals_of_a_match() -> None:
    item = the_item(a_charge(), older("a", stratagem_id="A"), older("b", stratagem_id="B"))
    assert "at the same second B would fit just as well" in item.evidence


def test_evidence_says_how_a_row_without_ids_was_matched() -> None:
    item = the_item(a_charge(), older(stratagem_id="A"))
    assert "A names no payment: matched by citizen, amount and time" in item.evidence


def test_evidence_says_that_nothing_is_owed_after_a_full_refund() -> None:
    item = the_item(a_charge(refunded_cents=1000))
    assert item.evidence[-1] == "all money went back before any ducats moved: nothing is owed"


def test_evidence_says_that_another_currencys_price_was_not_checked() -> None:
    charge = a_charge(currency="eur")
    assert "the price was not checked" in the_item(charge, keyed(charge)).evidence[-1]


def test_the_status_that_moves_ducats_tells_more_than_a_later_one_that_does_not() -> None:
    charge = a_charge()
    later = older(status="cancelled", created_at=NOW - timedelta(hours=1))
    item = the_item(charge, keyed(charge), later)
    assert item.main_row is not None
    assert item.main_row.status == "executed"


def test_a_wrong_citizen_is_named_beside_the_right_one() -> None:
    charge = a_charge()
    verdict = the_item(charge, keyed(charge, citizen="polo")).verdict
    assert verdict == "went to 'polo', but 'marco' was to receive it"


def test_a_wrong_citizen_who_looks_like_the_right_one_is_told_apart() -> None:
    charge = a_charge()
    verdict = the_item(charge, keyed(charge, citizen="Marco")).verdict
    assert verdict.startswith("went to 'Marco', which ")


def test_what_went_to_a_wrong_citizen_is_told_before_what_may_have_or_will() -> None:
    charge = a_charge()
    soon = keyed(charge, citizen="tarra", status="active", record_id="rec0")
    perhaps = keyed(charge, citizen="carlo", status="error", record_id="rec1")
    went = keyed(charge, citizen="polo", record_id="rec2")

    def told(*rows: Stratagem) -> str:
        return "; ".join(the_item(charge, *rows).evidence)

    assert "went to 'polo'" in told(soon, perhaps, went)
    assert "went, or may have gone, to 'carlo'" in told(soon, perhaps)
    assert "is to go to 'tarra'" in told(soon)


def test_of_several_dead_rows_the_last_says_why() -> None:
    charge = a_charge()
    first, last = (
        keyed(
            charge,
            status="failed",
            failure=Failure.RECEIVER_MISSING,
            failure_text=f"Receiver {name} not found",
            record_id=f"rec{name}",
        )
        for name in ("a", "b")
    )
    assert "Receiver b not found" in the_item(charge, first, last).verdict
    expired, cancelled = (
        keyed(charge, status=status, record_id=f"rec{number}")
        for number, status in enumerate(("expired", "cancelled"))
    )
    assert the_item(charge, expired, cancelled).verdict.endswith("it is cancelled")


def test_a_row_of_a_payment_made_just_now_is_not_stalled_yet() -> None:
    charge = a_charge(created_at=NOW - timedelta(minutes=1))
    planned = keyed(charge, status="planned", created_at=NOW)
    assert the_item(charge, planned).kind is Kind.IN_FLIGHT


def test_nothing_is_stalled_where_all_money_went_back() -> None:
    charge = a_charge(refunded_cents=1000)
    assert the_item(charge, keyed(charge, status="expired")).kind is Kind.SETTLED


def test_a_dispute_of_which_nothing_more_is_known_says_just_that() -> None:
    charge = a_charge(disputed=True)
    assert the_item(charge, keyed(charge)).verdict == "the payer disputes it"


def test_a_payment_without_a_citizen_says_what_it_lacks_and_no_more() -> None:
    nobody = a_charge(citizen=None, citizen_text="")
    assert the_item(nobody).verdict == "the payment names no citizen_id"
    nothing = a_charge(ducats=None, ducats_text="")
    assert the_item(nothing).verdict == "the payment names no usable ducat_amount"


def test_a_doubtful_row_says_who_pays_it_only_where_that_is_somebody_else() -> None:
    charge = a_charge()
    other = keyed(charge, status="active", other_processor="OLD_PROCESSOR")
    assert "; 'OLD_PROCESSOR' pays them, not the processor" in the_item(charge, other).verdict
    assert "pays them" not in the_item(charge, keyed(charge, status="error")).verdict


def test_a_payment_for_the_processor_itself_says_that_it_would_mint() -> None:
    minting = a_charge(citizen=None, citizen_text="CASCADE_PAYMENT_PROCESSOR")
    verdict = the_item(minting).verdict
    assert verdict.startswith("the payment names 'CASCADE_PAYMENT_PROCESSOR' itself as the citizen")
    assert "mint" in verdict
