"""What `init` writes into a profile is what is read from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.settings import AIRTABLE_BASE, STRIPE_KEY, WEBHOOK_SECRET
from cascade_cli.settings.profile_draft import draft_of, rewritten
from cascade_cli.settings.settings_file import read_profile
from tests.harness.profiles import Machine

VALUES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("'\"\\#$ `=\n\t"), max_size=30
)


@given(value=VALUES)
def test_every_value_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    file = tmp_path_factory.mktemp("profile") / "one.env"
    file.write_text(rewritten("", {"KEY": value, "NEXT": "1"}, ["KEY", "NEXT"]), encoding="utf-8")
    from dotenv import dotenv_values

    assert dotenv_values(file, interpolate=False) == {"KEY": value, "NEXT": "1"}


def test_what_a_person_wrote_into_the_file_stays(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in machine.places.items():
        monkeypatch.setenv(name, value)
    file = machine.write("rialto", {})
    file.write_text(
        "# of the shop\nexport STRIPE_SECRET_KEY = old # May\nOTHER=1\nSTRIPE_SECRET_KEY=older"
    )
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


def test_a_write_that_fails_leaves_the_profile_and_no_draft(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in machine.places.items():
        monkeypatch.setenv(name, value)
    file = machine.write("rialto", {"OTHER": "1"})
    before = file.read_bytes()
    draft = draft_of("rialto")
    draft.put(STRIPE_KEY, "\ud800")
    with pytest.raises(UnicodeEncodeError):
        draft.write()
    assert [path.name for path in file.parent.iterdir()] == ["rialto.env"]
    assert file.read_bytes() == before
