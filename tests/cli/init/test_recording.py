"""The first evening, as a terminal shows it: from a fresh machine to the line for every night.

`python -m tests.cli.init.test_recording` writes the recording again. With the path of an installed
`cascade` it plays the same evening with that one, and compares.
"""

from __future__ import annotations

import re
import stat
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.cli.init.asked import Person
from tests.harness.commands import in_a_process
from tests.sandbox.webhooks.test_serving import cascade_serving

RECORDING = Path(__file__).parent / "recording.txt"
STRIPE_KEY, TOKEN, SIGNING = (
    "sk_test_ofRialto",
    "patSandboxOfRialto.0123",
    "whsec_ofRialto0123456789",
)


OURS = (sys.executable, "-m", "cascade_cli")


def evening(home: Path, url: str, program: Sequence[str] = OURS) -> Person:
    """One person, one evening."""
    services = {
        "STRIPE_API_BASE": f"{url}/stripe",
        "AIRTABLE_ENDPOINT_URL": f"{url}/airtable",
        "VENICE_API_URL": f"{url}/venice",
    }
    person = Person(home, services, "init", program=program)
    person.answer("Name of the profile", "rialto")
    person.answer("STRIPE_SECRET_KEY (hidden", STRIPE_KEY)
    person.answer("AIRTABLE_API_KEY (hidden", TOKEN)
    person.answer("STRIPE_WEBHOOK_SECRET (hidden", SIGNING)
    person.answer("CASCADE_JOURNAL_URL (hidden")
    person.answer("Create this citizen in the base now?", "y")
    person.answer("Reconcile now?")
    person.answer("Print which")
    assert person.ended() == 0, person.shown
    return person


def neutral(person: Person, home: Path, url: str) -> str:
    """Without what is another in every run and on every machine."""
    text = person.shown.replace(url, "(url)")
    # A long path is folded anywhere, but never over an empty line.
    text = re.sub(r"write makes.*?(?=\n\n)", "write makes (the journal)", text, flags=re.S)
    text = re.sub(r"^30 3 .*?(?=\n\n)", "(the line for cron)", text, flags=re.M | re.S)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "(time)", text)
    return "$ cascade init\n" + text.replace(str(home), "(home)")


def test_ten_answers_lead_from_a_fresh_machine_to_the_nightly_line(tmp_path: Path) -> None:
    home = tmp_path / "h"
    home.mkdir()
    with cascade_serving(tmp_path / "live") as url:
        person = evening(home, url)
        assert person.answers <= 10
        (cron,) = re.findall(r"^30 3 \* \* \* .*?(?=\n\n)", person.shown, re.M | re.S)
        line = cron.replace("\n", "")
        assert line.endswith("--profile rialto reconcile --since last --verify sample")
        assert neutral(person, home, url) == RECORDING.read_text(encoding="utf-8")
        for secret in (STRIPE_KEY, TOKEN, SIGNING):
            assert secret.encode() not in person.raw
        profile = home / ".config" / "cascade" / "profiles" / "rialto.env"
        assert stat.S_IMODE(profile.stat().st_mode) == 0o600
        # Venice's API repeats an old answer for five minutes; nothing else is left to do.
        doctor = in_a_process(home, "doctor", "--json", CASCADE_STATE_DIR="")
        assert doctor.data["counts"]["red"] == 0
        assert doctor.code == 0


def play(program: Sequence[str]) -> str:
    """The evening on a machine where nothing is set up, with that program."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "h"
        home.mkdir()
        with cascade_serving(Path(name) / "live") as url:
            return neutral(evening(home, url, program), home, url)


if __name__ == "__main__":
    if sys.argv[1:]:
        assert play(sys.argv[1:]) == RECORDING.read_text(encoding="utf-8")
    else:
        RECORDING.write_text(play(OURS), encoding="utf-8")
