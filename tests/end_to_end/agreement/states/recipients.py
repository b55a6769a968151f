"""Who is to receive: the processor, somebody who took over a name, and names that look alike."""

from __future__ import annotations

from unicodedata import normalize

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.end_to_end.agreement.states.making import (
    DOUBTFUL,
    LIVE,
    STALLED,
    State,
    anew,
    credited,
    disputed,
    engine,
    keyed,
    keyed_to,
    later,
    legacy,
    paid,
    refunded,
    then,
)
from tests.harness.counter import Counter

MINTING = {"citizen": PROCESSOR}


def _left_before_it_arrived(counter: Counter) -> str:
    """The engine found nobody; then another came by that name."""
    intent = counter.paid()
    credited(counter, intent)
    counter.remove("marco")
    engine(counter)
    counter.pass_time(days=4)
    counter.move_in("marco", days_ago=0)
    return intent


def _arrived_after_paying(counter: Counter) -> str:
    counter.remove("marco")
    intent = counter.paid()
    counter.move_in("marco", days_ago=0)
    return intent


def _legacy_row_for_a_late_arrival(counter: Counter) -> str:
    counter.remove("marco")
    intent = counter.paid()
    legacy(counter, 4, Status="active")
    counter.move_in("marco", days_ago=0)
    return intent


def _named(venice: str, wanted: str) -> State:
    def make(counter: Counter) -> str:
        counter.move_in(venice)
        return counter.paid(citizen=wanted)

    return make


def _renamed_after_delivery(counter: Counter) -> str:
    intent = counter.paid()
    credited(counter, intent)
    engine(counter)
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("CITIZENS", "{Username} = 'marco'")
    tables.update("CITIZENS", record["id"], {"Username": "Marco"})
    refunded()(counter, intent)
    return intent


def _replaced_by_a_person(counter: Counter) -> str:
    intent = counter.paid(citizen="nobody")
    assert counter.credit("marco", "100", "--payment", intent).code == 0
    engine(counter)
    return intent


def _on_its_way_to_a_look_alike(counter: Counter) -> str:
    counter.move_in("marco\u00a0")
    return keyed_to(counter, counter.paid(), citizen="marco\u00a0", **LIVE)


def _two_look_alike(counter: Counter) -> str:
    counter.move_in("Zanetta", "ZANETTA")
    return counter.paid(citizen="zanetta")


RECIPIENTS: dict[str, tuple[str, State]] = {
    "the processor": ("unattributable", paid(**MINTING)),
    "the processor, minted": ("unattributable", keyed(MINTING, **MINTING)),
    "the processor, may mint": ("doubtful", keyed(MINTING, **MINTING, **DOUBTFUL)),
    "the processor, is to mint": ("unattributable", keyed(MINTING, **MINTING, **LIVE)),
    "the processor, stalled": ("unattributable", keyed(MINTING, **MINTING, **STALLED)),
    "the processor, given to marco": ("settled", keyed(MINTING)),
    "the processor, refunded": ("settled", then(paid(**MINTING), refunded())),
    "made anew before it arrived": ("failed", _left_before_it_arrived),
    "made anew, stalled": ("stalled", then(keyed(**STALLED), anew)),
    "made anew, delivered": ("settled", then(keyed(), anew)),
    "made anew, delivered, refunded": (
        "refunded",
        then(paid(), credited, engine, anew, refunded()),
    ),
    "made anew, delivered, refunded in part": (
        "refunded",
        then(paid(), credited, engine, anew, refunded(250)),
    ),
    "made anew, delivered, dispute lost": (
        "disputed",
        then(paid(), credited, engine, anew, disputed(lost=True)),
    ),
    "made anew, live, refunded": (
        "refunded",
        then(paid(), credited, anew, refunded()),
    ),
    "arrived after paying": ("missing", _arrived_after_paying),
    "arrived after a legacy row": ("stalled", _legacy_row_for_a_late_arrival),
    "gone, not delivered": ("unknown_citizen", then(paid(), lambda c, _: c.remove("marco"))),
    "gone, stalled": (
        "unknown_citizen",
        then(keyed(**STALLED), lambda c, _: c.remove("marco")),
    ),
    "gone, live": ("unknown_citizen", then(keyed(**LIVE), lambda c, _: c.remove("marco"))),
    "gone, delivered, refunded": (
        "refunded",
        then(keyed(), lambda c, _: c.remove("marco"), refunded()),
    ),
    "renamed after delivery, refunded": ("refunded", _renamed_after_delivery),
    "nobody, given to marco": ("settled", _replaced_by_a_person),
    "a no-break space": ("unknown_citizen", _named("zanetta", "zanetta\u00a0")),
    "a no-break space in Venice": ("unknown_citizen", _named("zan\u00a0etta", "zanetta")),
    "combining accents": ("unknown_citizen", _named("Zoë", normalize("NFD", "Zoë"))),
    "combining accents in Venice": ("unknown_citizen", _named(normalize("NFD", "Zoë"), "Zoë")),
    "a near name, refunded in part": (
        "unknown_citizen",
        then(paid(citizen="Marco"), refunded(250)),
    ),
    "two near names": ("unknown_citizen", _two_look_alike),
    "on its way to a near name": ("wrong_citizen", _on_its_way_to_a_look_alike),
    "nobody, later than now": ("unknown_citizen", then(paid(citizen="nobody"), later(days=1))),
}
