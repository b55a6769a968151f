"""`--verify` proves that what is remembered as settled is."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.domain.history.verification import Depth, VerificationSample
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.services.reconcile.since_last import SAMPLE_SIZE
from tests.cli.reconcile.since_last.shop import NightShop


def test_a_sample_of_a_right_memory_takes_two_requests_and_finds_nothing(
    shop: NightShop,
) -> None:
    shop.history(300, days=50)
    shop.begin()
    plain = shop.night()
    verified = shop.night("--verify", "sample", after_hours=24)
    assert verified.code == 0
    assert verified.data["verified"]["depth"] == "sample"
    assert 0 < verified.data["verified"]["checked"] <= 50
    assert verified.data["verified"]["wrong"] == []
    more = [b - a for a, b in zip(plain.requests, verified.requests, strict=True)]
    assert more in ([1, 1], [2, 1])


def test_the_full_proof_reads_all_that_is_covered_and_nothing_contradicts_it(
    shop: NightShop,
) -> None:
    shop.history(250, days=50)
    missing = shop.sandboxed.pay(shop.day.ago(days=30))
    shop.begin()
    night = shop.night("--verify", "full")
    assert night.data["verified"] == {"depth": "full", "checked": 250, "wrong": []}
    assert night.data["window"]["since"] == night.data["coverage"]["covered_since"]
    assert night.kinds == {missing["payment_intent"]: "missing"}


@pytest.mark.parametrize("depth", ["sample", "full"])
def test_a_transfer_that_was_taken_away_contradicts_the_memory(shop: NightShop, depth: str) -> None:
    day = shop.day
    # At one moment: no sample holds one of them without the other.
    kept = shop.sell(day.ago(days=40))
    row = shop.credit(shop.sandboxed.pay(day.ago(days=40)), day.ago(days=40))
    shop.begin()
    assert shop.night().code == 0
    shop.sandboxed.app.airtable.tables.delete("STRATAGEMS", row)
    assert shop.night().code == 0
    night = shop.night("--verify", depth)
    assert night.code == 3
    (wrong,) = night.data["verified"]["wrong"]
    assert night.kinds == {wrong: "missing"}
    assert night.data["verified"]["checked"] == 2
    assert wrong != kept["payment_intent"]
    assert shop.night().kinds == {wrong: "missing"}


def test_what_was_contradicted_is_said_in_plain_words(shop: NightShop) -> None:
    row = shop.credit(shop.sandboxed.pay(shop.day.ago(days=40)), shop.day.ago(days=40))
    shop.begin()
    shop.sandboxed.app.airtable.tables.delete("STRATAGEMS", row)
    shop.day.clock.advance(hours=3)
    told = shop.day.cascade("reconcile", "--since", "last", "--verify", "full")
    assert "Verified: 1 of 1 payment remembered as settled turned out not to be." in told.out


def test_what_has_changed_since_is_no_contradiction(shop: NightShop) -> None:
    account, day = shop.sandboxed.app.stripe.account, shop.day
    refunded, credited, authorised = (
        shop.sell(day.ago(days=40)),
        shop.sell(day.ago(days=30)),
        account.pay(
            amount=1000,
            currency="usd",
            metadata=shop.sell(day.ago(days=9))["metadata"],
            at=day.ago(days=3),
            capture=False,
        ),
    )
    shop.begin()
    day.clock.advance(hours=2)
    account.refund(refunded["id"], at=day.clock())
    shop.credit(credited)
    account.capture(authorised["payment_intent"], at=day.clock())
    night = shop.night("--verify", "full")
    assert night.kinds == {
        refunded["payment_intent"]: "refunded",
        credited["payment_intent"]: "duplicate",
        authorised["payment_intent"]: "missing",
    }
    assert night.data["verified"] == {"depth": "full", "checked": 2, "wrong": []}


def test_an_orphan_that_nobody_remembers_contradicts_the_memory(shop: NightShop) -> None:
    shop.sell(shop.day.ago(days=20))
    shop.begin()
    shop.sandboxed.transfer("strange", shop.day.clock() - timedelta(days=5))
    night = shop.night("--verify", "full")
    assert night.kinds == {"strange": "orphan"}
    assert len(night.data["verified"]["wrong"]) == 1


def test_a_settled_payment_of_the_older_connector_is_no_contradiction(shop: NightShop) -> None:
    """Without its neighbours its row could be anybody's: suspicion alone proves nothing."""
    day = shop.day
    for hours in range(60):
        shop.sandboxed.pay(day.ago(days=20, hours=hours))
        shop.older(day.ago(days=20, hours=hours - 5))
    shop.begin()
    night = shop.night("--verify", "sample")
    assert (night.code, night.data["verified"]["wrong"]) == (0, [])
    assert night.data["verified"]["checked"] > 0


def test_the_same_seed_chooses_the_same_sample(shop: NightShop) -> None:
    shop.history(300, days=50)
    shop.begin()
    shop.day.clock.advance(hours=3)
    asked = {_sampled(shop, seed) for seed in (1, 1, 2)}
    assert len(asked) == 2


def _sampled(shop: NightShop, seed: int) -> str:
    """Which moment's charges are asked for."""
    now, requests = shop.day.clock(), shop.sandboxed.recorder.to("stripe")
    with closing(sqlite3.connect(shop.day.journal)) as journal:
        ((body,),) = journal.execute("SELECT body FROM cascade_marks")
    with shop.sandboxed.wired() as wiring:
        terms = Terms(now, wiring.settings.grace, wiring.settings.engine, wiring.prices)
        check = VerificationSample(Depth.SAMPLE, seed)
        wiring.since_last.run(Checkpoint.of(json.loads(body)), now, terms, check=check)
    sent = shop.sandboxed.recorder.to("stripe")[len(requests) :]
    return next(r.query for r in sent if f"limit={SAMPLE_SIZE}" in r.query.split("&"))


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "7d", "--verify", "full"),
        ("--since", "last", "--verify", "half"),
        ("--since", "last", "--until", "1h", "--verify", "full"),
    ],
)
def test_there_is_nothing_to_verify_without_a_memory(
    shop: NightShop, words: tuple[str, ...]
) -> None:
    assert shop.day.cascade("reconcile", *words).code == 2
    assert shop.sandboxed.recorder.requests == []
