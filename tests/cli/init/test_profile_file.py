"""What `init` writes into a profile is what is read from it."""

from __future__ import annotations

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.errors import SettingsError
from cascade_cli.settings import AIRTABLE_BASE, STRIPE_KEY, WEBHOOK_SECRET
from cascade_cli.settings.profile_draft import draft_of, rewritten
from cascade_cli.settings.settings_file import read_profile
from tests.harness.profiles import Machine

LETTERS = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("'\"\\#$ `=\n\t")


@given(value=st.text(LETTERS, max_size=30))
def test_every_value_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    file = tmp_path_factory.mktemp("profile") / "one.env"
    file.write_text(rewritten("", {"KEY": value, "NEXT": "1"}, ["KEY", "NEXT"]), encoding="utf-8")
    assert dotenv_values(file, interpolate=False) == {"KEY": value, "NEXT": "1"}


@pytest.fixture
def here(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine whose profiles this process has."""
    for name, value in machine.places.items():
        monkeypatch.setenv(name, value)
    return machine


def test_what_a_person_wrote_into_the_file_stays(here: Machine) -> None:
    file = here.write("rialto", {})
    old = "# of the shop\nexport STRIPE_SECRET_KEY = old # May\nOTHER=1\nSTRIPE_SECRET_KEY=older"
    file.write_text(old)
    draft = draft_of("rialto")
    draft.put(STRIPE_KEY, "it's new")
    draft.put(WEBHOOK_SECRET, "")
    draft.put(AIRTABLE_BASE, "appVenice")
    assert draft.changed == ["STRIPE_SECRET_KEY", "AIRTABLE_BASE_ID"]
    draft.write()
    assert file.read_text() == (
        "# of the shop\nSTRIPE_SECRET_KEY='it\\'s new'\nOTHER=1\nAIRTABLE_BASE_ID=appVenice\n"
    )
    assert read_profile("rialto").written["STRIPE_SECRET_KEY"] == "it's new"


def test_a_write_that_fails_leaves_the_profile_and_no_draft(here: Machine) -> None:
    file = here.write("rialto", {"OTHER": "1"})
    before = file.read_bytes()
    draft = draft_of("rialto")
    draft.put(STRIPE_KEY, "\ud800")
    with pytest.raises(SettingsError, match="not UTF-8"):
        draft.write()
    assert [path.name for path in file.parent.iterdir()] == ["rialto.env"]
    assert file.read_bytes() == before
