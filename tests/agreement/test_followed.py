"""Whoever types what is printed closes the case, in every state that it can be in."""

from __future__ import annotations

import json
import os

import pytest

from tests.agreement.lines import words_of
from tests.agreement.states import STATES
from tests.agreement.states.making import engine, enrich
from tests.credit.counter import Counter

SINCE = ("--since", "10d")
MOST_ROUNDS = 4
KNOWN = {"CITIZEN": "lucia", "DUCATS": "50"}


@pytest.mark.parametrize("name", STATES, ids=lambda name: name.replace(" ", "_"))
def test_every_printed_line_leads_on(name: str, counter: Counter) -> None:
    _, make = STATES[name]
    enrich(counter)
    make(counter)
    chain, bad = [], []
    seen = set()
    for turn in range(MOST_ROUNDS):
        answer = counter.type("reconcile", *SINCE, "--json")
        items = answer.data["items"]
        lines = {}
        for item in items:
            if not item["repair"]:
                if answer.code == 3:
                    bad.append(f"no repair {item['kind']} {item['verdict']}")
                continue
            lines[item["repair"]["command"]] = item["kind"]
        if answer.code == 0:
            break
        for line, kind in lines.items():
            words = [KNOWN.get(w, w) for w in words_of(line)]
            if os.environ.get("NOT_MOVED") and "--moved" in words:
                words[words.index("--moved")] = "--not-moved"
            before = counter.rows()
            a = counter.type(*(words[:1] + ["--yes"] + words[1:] if words[0] != "citizen" else words + ["--yes"]))
            ok = a.code == 0 or (a.code == 3 and words[0] == "reconcile")
            mark = "" if ok else f" !! {a.code} {a.err.strip()}"
            chain.append(f"{turn} {kind}: {' '.join(words)}{mark}")
            if not ok:
                bad.append(mark)
            if line in seen:
                bad.append("again")
            if words[0] == "explain":
                bad.append("explain")
            seen.add(line)
        engine(counter)
        counter.pass_time(minutes=20)
    else:
        bad.append(f"open still: {[(i['kind'], i['repair'], i['evidence']) for i in items]}")
    with open("/tmp/chains.jsonl", "a") as f:
        f.write(json.dumps({"name": name, "chain": chain, "bad": bad}) + "\n")
