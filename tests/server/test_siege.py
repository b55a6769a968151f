"""The siege in small; the long version is a command: siege.py."""

from __future__ import annotations

import sys
from math import inf
from pathlib import Path

import pytest

from tests.server.siege import PROMISED_MEGABYTES, besiege, crowds

CONNECTIONS, MEGABYTES, FILES = 240, 4, 256
SHORTLY = ("idle connections", "MB of headers", "unknown payments")


@pytest.mark.skipif(sys.platform != "linux", reason="memory and files are read from /proc")
@pytest.mark.long
def test_strangers_hold_nobody_up_and_fill_no_memory(tmp_path: Path) -> None:
    tried = [c for c in crowds(CONNECTIONS, MEGABYTES) if c.what.endswith(SHORTLY)]
    seen = {one.what: one for one in besiege(tmp_path, tried, seconds=1, files=FILES)}
    # How quickly is for the command to say: here the machine may be anybody's.
    unanswered = [one for one in seen.values() if max(one.worst_seconds.values()) == inf]
    assert not unanswered
    assert not [one for one in seen.values() if one.grown_megabytes > PROMISED_MEGABYTES]
    told = {what: (one.cut_off > 0, one.put_off > 0) for what, one in seen.items()}
    assert told[f"{CONNECTIONS} idle connections"] == (True, False)
    assert told[f"{MEGABYTES} MB of headers"] == (True, False)
    assert told["100 clients, unknown payments"][1]
