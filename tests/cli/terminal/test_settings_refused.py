"""Missing, empty, wrong or powerless keys; bases without what cascade needs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.terminal.conftest import Cascade
from tests.harness.commands import Answer
from tests.harness.sandboxed import Sandboxed


def is_plain(finished: Answer) -> bool:
    """Exit 4, one line what, one line what to do, and no traceback."""
    lines = finished.err.splitlines()
    return (
        finished.code == 4
        and finished.out == ""
        and len(lines) == 2
        and lines[0].startswith("error: ")
        and lines[1].startswith("  ")
    )


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "AIRTABLE_API_KEY", "AIRTABLE_BASE_ID"])
@pytest.mark.parametrize(("value", "state"), [(None, "is not set"), ("", "is empty"), (" ", "is")])
def test_a_missing_or_empty_key_is_named(
    cascade: Cascade, name: str, value: str | None, state: str
) -> None:
    finished = cascade("reconcile", **{name: value})
    assert is_plain(finished)
    assert f"{name} {state}" in finished.err


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("pk_test_x", "begins with 'pk_', so it is not a secret key"),
        ("whsec_x", "begins with 'whs'"),
        ("sk_live_x", "A live Stripe key was not sent anywhere"),
        ("rk_live_x", "A live Stripe key was not sent anywhere"),
        ("sk_test_a b", "holds a space"),
        ("sk_test_é", "holds a space or a character that no key has"),
    ],
)
def test_a_stripe_key_that_cannot_be_right_is_refused_before_it_is_sent(
    cascade: Cascade, sandboxed: Sandboxed, key: str, said: str
) -> None:
    finished = cascade("reconcile", STRIPE_SECRET_KEY=key)
    assert is_plain(finished)
    assert said in finished.err
    assert sandboxed.recorder.requests == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"STRIPE_SECRET_KEY": "rk_test_none"}, "Stripe forbids this to the key"),
        ({"AIRTABLE_API_KEY": "patWrong.token"}, "Airtable refused the token"),
        ({"AIRTABLE_API_KEY": "patSandboxNothing"}, "Airtable forbids this"),
        ({"AIRTABLE_BASE_ID": "appSomebodyElses1"}, "base or table does not exist"),
    ],
)
def test_a_key_that_the_service_refuses_is_told(
    cascade: Cascade, settings: dict[str, str], said: str
) -> None:
    finished = cascade("reconcile", **settings)
    assert is_plain(finished)
    assert said in finished.err


def test_stripe_refusing_the_key_is_told(cascade: Cascade) -> None:
    finished = cascade("reconcile", STRIPE_SECRET_KEY="sk_test_not-one")
    assert is_plain(finished)
    assert "Stripe refused the key" in finished.err


def test_restricted_keys_that_may_only_read_are_enough(cascade: Cascade) -> None:
    finished = cascade(
        "reconcile", STRIPE_SECRET_KEY="rk_test_readonly", AIRTABLE_API_KEY="patSandboxReadOnly"
    )
    assert finished.code == 0


@pytest.mark.parametrize("table", ["STRATAGEMS", "CITIZENS"])
def test_a_base_without_a_table_is_told(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime, table: str
) -> None:
    sandboxed.pay(recently)
    sandboxed.app.airtable.tables.drop_table(table)
    assert is_plain(cascade("reconcile"))


@pytest.mark.parametrize("field", ["StratagemId", "ExecutedBy", "Type", "Notes", "ExpiresAt"])
def test_a_base_without_a_field_is_told(cascade: Cascade, sandboxed: Sandboxed, field: str) -> None:
    sandboxed.app.airtable.tables.drop_field("STRATAGEMS", field)
    finished = cascade("reconcile")
    assert is_plain(finished)
    assert "field" in finished.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CASCADE_GRACE", "soon"),
        ("CASCADE_ENGINE_SCHEDULE", "now and then"),
        ("CASCADE_ENGINE_SCHEDULE", "11:00 Europe"),
        ("CASCADE_STRIPE_RATE", "fast"),
        ("CASCADE_AIRTABLE_RATE", "-1"),
        ("CASCADE_AIRTABLE_RATE", "nan"),
        ("STRIPE_API_BASE", "api.stripe.com"),
        ("AIRTABLE_ENDPOINT_URL", "ftp://x"),
        ("AIRTABLE_BASE_ID", "tblX"),
        ("CASCADE_SANDBOX", "yes"),
    ],
)
def test_a_malformed_setting_is_named(cascade: Cascade, name: str, value: str) -> None:
    finished = cascade("reconcile", **{name: value})
    assert is_plain(finished)
    assert name in finished.err


def test_an_env_file_that_is_not_there_is_told(cascade: Cascade) -> None:
    finished = cascade("--env-file", "nowhere.env", "reconcile")
    assert is_plain(finished)
    assert "nowhere.env" in finished.err


def test_an_env_file_that_is_no_text_is_told(cascade: Cascade, no_settings: Path) -> None:
    (no_settings / "binary.env").write_bytes(b"\xff\xfe\x00A=1\n")
    assert is_plain(cascade("--env-file", "binary.env", "reconcile"))


class TestPrecedence:
    def grace(self, finished: Answer) -> int:
        seconds: int = finished.document["data"]["window"]["grace_seconds"]
        return seconds

    def test_the_default_holds_where_nothing_else_is_said(self, cascade: Cascade) -> None:
        assert self.grace(cascade("reconcile", "--json")) == 15 * 60

    def test_a_file_named_on_the_command_line_is_over_the_default(
        self, cascade: Cascade, no_settings: Path
    ) -> None:
        (no_settings / "my.env").write_text("CASCADE_GRACE=20m\n")
        assert self.grace(cascade("--env-file", "my.env", "reconcile", "--json")) == 20 * 60

    def test_a_dot_env_in_the_working_folder_is_read(
        self, cascade: Cascade, no_settings: Path
    ) -> None:
        (no_settings / ".env").write_text("CASCADE_GRACE=25m\n")
        assert self.grace(cascade("reconcile", "--json")) == 25 * 60

    def test_a_file_named_on_the_command_line_replaces_the_dot_env(
        self, cascade: Cascade, no_settings: Path
    ) -> None:
        (no_settings / ".env").write_text("CASCADE_GRACE=25m\n")
        (no_settings / "my.env").write_text("")
        assert self.grace(cascade("--env-file", "my.env", "reconcile", "--json")) == 15 * 60

    def test_the_environment_is_over_the_file(self, cascade: Cascade, no_settings: Path) -> None:
        (no_settings / ".env").write_text("CASCADE_GRACE=25m\n")
        assert self.grace(cascade("reconcile", "--json", CASCADE_GRACE="30m")) == 30 * 60

    def test_an_option_is_over_all(self, cascade: Cascade) -> None:
        finished = cascade("reconcile", "--json", "--grace", "35m", CASCADE_GRACE="30m")
        assert self.grace(finished) == 35 * 60

    def test_a_dollar_in_a_file_is_a_dollar(self, cascade: Cascade, no_settings: Path) -> None:
        (no_settings / ".env").write_text("CASCADE_GRACE=${HOME}\n")
        assert "'${HOME}' is not a duration" in cascade("reconcile").err
