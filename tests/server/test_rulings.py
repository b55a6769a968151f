"""What people decided about single rows, as a server reads it all day."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.rulings import RowRuling
from cascade_cli.domain.records.stratagems import Ruling
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.instance import Connection
from cascade_cli.settings import Settings
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.journal_memory import RulingsKnown


def test_a_server_reads_rulings_from_the_journal_that_it_has_open(tmp_path: Path) -> None:
    """It opens none itself: where the settings say, there is no journal."""
    invocation = Invocation(environ={"CASCADE_STATE_DIR": str(tmp_path / "elsewhere")})
    known = RulingsKnown(invocation, Settings.read(Connection("http://127.0.0.1:9").settings()))
    assert known() == {}
    ruling = RowRuling("rec1", "as it was seen", Ruling.MOVED)
    url, worker = f"sqlite:///{tmp_path}/journal.sqlite3", this_worker("serve", BASE_ID)
    with closing(Journal(url, worker, now=utc_now)) as journal:
        journal.keep_decision("case", {}, {"rec1": ruling.document()}, seen=None)
        known.journal = journal
        assert known() == {}, "it was read a moment ago"
        known.forget()
        assert known() == {"rec1": ruling}
