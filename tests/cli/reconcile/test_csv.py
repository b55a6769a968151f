"""What the columns of `reconcile --csv` hold, item by item."""

from __future__ import annotations

import csv
import io

from tests.harness.counter import Counter

ALL = ("reconcile", "--since", "10d", "--all")


def listed(counter: Counter) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(counter.type(*ALL, "--csv").out)))


def test_what_is_plain_in_the_json_is_the_same_in_the_csv(counter: Counter) -> None:
    counter.paid()
    delivered = counter.paid()
    counter.sandboxed.transfer(f"cascade_payment_{delivered}", counter.now())
    documents = counter.type(*ALL, "--json").data["items"]
    rows = listed(counter)
    assert len(rows) == len(documents) == 2
    for row, document in zip(rows, documents, strict=True):
        plain = {
            name: "" if document[name] is None else str(document[name])
            for name in row
            if name in document and not isinstance(document[name], (list, dict))
        }
        assert plain.items() <= row.items()
        assert len(plain) > 10


def test_lists_are_text_and_what_is_not_there_is_empty(counter: Counter) -> None:
    intent = counter.paid()
    (missing,) = listed(counter)
    assert missing["repair_command"].startswith("cascade credit marco 100 --payment")
    assert (missing["repair_automatic"], missing["stratagem_ids"]) == ("true", "")
    assert (missing["portion"], missing["period_since"], missing["decision"]) == ("", "", "")
    for _ in range(2):
        counter.sandboxed.transfer(f"cascade_payment_{intent}", counter.now())
    (duplicate,) = listed(counter)
    assert duplicate["stratagem_ids"] == " ".join([f"cascade_payment_{intent}"] * 2)
