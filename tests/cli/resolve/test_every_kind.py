"""For each kind, which decisions fit, and what each comes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from tests.cli.resolve.cases import (
    BROKE_OFF,
    doubtful,
    orphan,
    reconciled,
    resolve,
    run_engine,
    the_item,
    too_few,
    too_many,
    transferred,
    twice,
    wrong_citizen,
)
from tests.harness.commands import Answer
from tests.harness.counter import Counter


@dataclass(frozen=True)
class State:
    """How a case is made, of which kind it is, and what may be typed about it; `words` are what a
    decision needs besides."""

    make: Callable[[Counter], str]
    kind: str
    fits: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _wrong_and_live(counter: Counter) -> str:
    payment = counter.paid()
    expiry = counter.now().replace(year=2027).isoformat()
    transferred(counter, payment, citizen="lucia", Status="active", ExpiresAt=expiry)
    return payment


def _orphan_live(counter: Counter) -> str:
    expiry = counter.now().replace(year=2027).isoformat()
    return transferred(counter, citizen="lucia", StratagemId="x", Status="active", ExpiresAt=expiry)


def _orphan_doubtful(counter: Counter) -> str:
    return transferred(counter, citizen="lucia", StratagemId="x", Status="failed", log=BROKE_OFF)


def _nobody(counter: Counter) -> str:
    return counter.paid(citizen="")


def _stranger(counter: Counter) -> str:
    return counter.paid(citizen="nobody_of_that_name")


def _missing(counter: Counter) -> str:
    return counter.paid()


def _failed(counter: Counter) -> str:
    payment = counter.paid()
    log = "[ERROR] Insufficient funds: 1 < 100"
    transferred(counter, payment, Status="failed", log=log)
    return payment


def _stalled(counter: Counter) -> str:
    payment = counter.paid()
    transferred(counter, payment, Status="cancelled")
    return payment


def _underpaid(counter: Counter) -> str:
    return counter.paid(cents=500)


def _underpaid_delivered(counter: Counter) -> str:
    payment = counter.paid(cents=500)
    transferred(counter, payment)
    return payment


def _disputed(counter: Counter) -> str:
    payment = counter.paid()
    transferred(counter, payment)
    counter.sandboxed.app.stripe.account.dispute(charge_of(counter, payment), at=counter.now())
    return payment


def _refunded(counter: Counter) -> str:
    payment = counter.paid()
    transferred(counter, payment)
    counter.sandboxed.app.stripe.account.refund(charge_of(counter, payment), at=counter.now())
    return payment


def _by_hand(counter: Counter) -> str:
    notes = json.dumps({"amount": 100.0, "reason": "prize"}) + f"\n{BROKE_OFF}"
    fields = {"StratagemId": "cascade_manual_prize", "Status": "failed", "Notes": notes}
    at = counter.now()
    record = counter.sandboxed.transfer(fields.pop("StratagemId"), at, "marco", **fields)
    counter.pass_time(hours=1)
    return str(record["id"])


def charge_of(counter: Counter, payment: str) -> str:
    with counter.sandboxed.app.stripe.account.writing(counter.now()) as writer:
        return str(writer.get("payment_intent", payment)["latest_charge"])


_BUYER = {"--credit": ("--citizen", "marco")}
_LACKS = ("--credit", "--settled-by", "--snooze", "--accept")
_SURPLUS = ("--take-back", "--snooze", "--accept")
_FOUND_OUT = ("--moved", "--not-moved", "--snooze")
STATES = {
    "duplicate": State(twice, "duplicate", _SURPLUS),
    "doubtful": State(doubtful, "doubtful", (*_FOUND_OUT, "--settled-by", "--accept")),
    "wrong": State(
        wrong_citizen,
        "wrong_citizen",
        ("--credit", "--take-back", "--settled-by", "--snooze", "--accept"),
    ),
    "wrong and live": State(_wrong_and_live, "wrong_citizen", ("--take-back", "--snooze")),
    "too few": State(too_few, "amount_mismatch", _LACKS),
    "too many": State(too_many, "amount_mismatch", _SURPLUS),
    "nobody": State(_nobody, "unattributable", _LACKS, _BUYER),
    "stranger": State(_stranger, "unknown_citizen", _LACKS, _BUYER),
    "missing": State(_missing, "missing", _LACKS),
    "failed": State(_failed, "failed", _LACKS),
    "cancelled": State(_stalled, "stalled", _LACKS),
    "not delivered, underpaid": State(
        _underpaid, "missing", _LACKS, {"--credit": ("--although-underpaid",)}
    ),
    "underpaid": State(_underpaid_delivered, "underpaid", _SURPLUS),
    "disputed": State(_disputed, "disputed", ("--snooze", "--accept")),
    "refunded": State(_refunded, "refunded", ("--snooze", "--accept")),
    "orphan": State(orphan, "orphan", _SURPLUS),
    "orphan, live": State(_orphan_live, "orphan", _SURPLUS),
    "orphan, doubtful": State(_orphan_doubtful, "orphan", (*_FOUND_OUT, "--accept")),
    "by hand": State(_by_hand, "doubtful", (*_FOUND_OUT, "--accept")),
}
ALL = (
    *("--credit", "--take-back", "--settled-by", "--moved", "--not-moved", "--accept"),
    "--snooze",
)
FITTING = [(name, how) for name, state in STATES.items() for how in state.fits]
UNFIT = [(name, how) for name, state in STATES.items() for how in ALL if how not in state.fits]


def decide(counter: Counter, name: str, case: str, how: str) -> Answer:
    """Typed with what the decision needs."""
    words: tuple[str, ...] = STATES[name].words.get(how, ())
    if how == "--snooze":
        words = ("2d",)
    if how == "--settled-by":
        ducats = "10" if name == "too few" else "100"
        assert counter.credit("marco", ducats, "--reference", "good").code == 0
        words = ("cascade_manual_good",)
    return resolve(counter, case, how, *words)


@pytest.mark.parametrize(("name", "how"), FITTING)
def test_a_decision_that_fits_is_carried_out_once(counter: Counter, name: str, how: str) -> None:
    case = STATES[name].make(counter)
    assert the_item(counter)["kind"] == STATES[name].kind
    assert decide(counter, name, case, how).code == 0
    held = counter.ducats_of("marco"), counter.ducats_of("lucia")
    data = reconciled(counter, "--all")
    decided = [i["decision"]["how"] for i in data["items"] if i["decision"]]
    # A credit by hand that has arrived is in no report.
    gone = (name, how) == ("by hand", "--moved")
    assert decided == ([] if gone else [how[2:].replace("-", "_")])
    assert decide_again(counter, name, case, how).code == 7
    run_engine(counter)
    after = counter.ducats_of("marco"), counter.ducats_of("lucia")
    assert abs(sum(after) - sum(held)) <= 200
    assert decide_again(counter, name, case, how).code == 7 or "live" in name
    run_engine(counter)
    assert (counter.ducats_of("marco"), counter.ducats_of("lucia")) == after
    ducats = {k: Decimal(v) for k, v in reconciled(counter)["ducats"].items()}
    assert ducats["residual"] == 0


def decide_again(counter: Counter, name: str, case: str, how: str) -> Answer:
    words = STATES[name].words.get(how, ())
    if how == "--snooze":
        # Another time is another decision.
        return Answer(7, "", "")
    return resolve(counter, case, how, *(("cascade_manual_good",) if "by" in how else words))


@pytest.mark.parametrize(("name", "how"), UNFIT)
def test_one_that_does_not_fit_names_those_that_do(counter: Counter, name: str, how: str) -> None:
    case = STATES[name].make(counter)
    number = len(counter.writes)
    answer = decide(counter, name, case, how)
    assert answer.code == 7, answer
    hint = answer.document["error"]["hint"]
    assert all(option in hint for option in STATES[name].fits), hint
    writes = [r for r in counter.writes[number:] if how != "--settled-by"]
    assert writes == []


def test_of_two_doubtful_transfers_the_one_that_is_meant_has_to_be_named(counter: Counter) -> None:
    payment = doubtful(counter)
    other = transferred(counter, payment, hours_ago=3, Status="failed", log=BROKE_OFF)
    answer = resolve(counter, payment, "--not-moved")
    assert answer.code == 7
    assert other in answer.document["error"]["hint"]
    assert resolve(counter, other, "--not-moved").code == 0
    assert resolve(counter, payment, "--not-moved").code == 0
    run_engine(counter)
    assert counter.ducats_of("marco") == 100
    assert reconciled(counter)["items"] == []


def test_one_that_surely_moved_its_ducats_cannot_have_moved_nothing(counter: Counter) -> None:
    payment = counter.paid()
    log = "[2026-11-20 11:00] Successfully transferred 100 ducats"
    transferred(counter, payment, Status="failed", log=log)
    answer = resolve(counter, payment, "--not-moved")
    assert answer.code == 7
    assert "--moved" in answer.document["error"]["hint"]
    assert resolve(counter, payment, "--moved").code == 0
    assert reconciled(counter)["items"] == []


def test_what_is_accepted_of_a_refund_is_written_off(counter: Counter) -> None:
    payment = _refunded(counter)
    assert resolve(counter, payment, "--accept").code == 0
    ducats = reconciled(counter)["ducats"]
    assert (ducats["refund_exposure"], ducats["residual"]) == ("0", "0")


def test_a_decision_about_a_portion_concerns_that_citizen_alone(counter: Counter) -> None:
    payment = guild(counter)
    transferred(counter, "", citizen="lucia", StratagemId=f"cascade_payment_{payment}.1")
    assert resolve(counter, payment, "--accept").code == 7
    answer = resolve(counter, f"{payment}.1", "--credit")
    assert answer.code == 0, answer
    assert counter.row(f"cascade_correction_{payment}.1")["TargetCitizen"] == "marco"
    run_engine(counter)
    kinds = {i["portion"]["number"]: i["kind"] for i in reconciled(counter)["items"]}
    assert kinds == {1: "wrong_citizen", 2: "missing"}


def guild(counter: Counter) -> str:
    """50 ducats for marco and 50 for lucia."""
    from cascade_cli.adapters.stripe.purchase_parser import allocation_metadata  # noqa: PLC0415
    from cascade_cli.domain.selling.allocation import Allocation, Share  # noqa: PLC0415

    shares = (Share("marco", Decimal(100)), Share("lucia", Decimal(50)))
    metadata = {
        **allocation_metadata(Allocation(shares)),
        "exchange_rate": "0.1",
        "platform": "cascade",
        "type": "ducat_purchase",
    }
    account = counter.sandboxed.app.stripe.account
    charge = account.pay(amount=1500, currency="usd", metadata=metadata, at=counter.now())
    counter.pass_time(hours=2)
    return str(charge["payment_intent"])
