"""What people decided about single rows, as a server reads it all day."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from cascade_cli.domain.records.rulings import RowRuling
from cascade_cli.domain.records.stratagems import Ruling
from cascade_cli.sandbox.instance import Connection
from cascade_cli.settings import Settings
from cascade_cli.wiring import Invocation, journal_memory, this_worker
from cascade_cli.wiring.journal import ShopJournal
from cascade_cli.wiring.journal_memory import RulingsKnown


def test_a_server_reads_rulings_again_after_a_moment_or_when_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invocation = Invocation(environ={"CASCADE_STATE_DIR": str(tmp_path)})
    settings = Settings.read(Connection("http://127.0.0.1:9").settings())
    with closing(ShopJournal(invocation, settings)) as shop:
        known = RulingsKnown(shop, invocation.warn)
        assert known() == {}
        ruling = RowRuling("rec1", "as it was seen", Ruling.MOVED)
        journal = shop.used_by(this_worker("serve"))
        journal.keep_decision("case", {}, {"rec1": ruling.document()}, seen=None)
        assert known() == {}, "it was read a moment ago"
        known.forget()
        assert known() == {"rec1": ruling}
        later = RowRuling("rec2", "as it was seen", Ruling.MOVED)
        journal.keep_decision("other", {}, {"rec2": later.document()}, seen=None)
        assert set(known()) == {"rec1"}
        monkeypatch.setattr(journal_memory, "_FRESH_SECONDS", 0)
        assert set(known()) == {"rec1", "rec2"}
        assert invocation.warnings == []
