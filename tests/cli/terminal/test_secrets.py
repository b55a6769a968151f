"""Keys never appear in any output, whatever goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade_cli.sandbox.wire import Response
from tests.cli.terminal.conftest import Cascade
from tests.harness.commands import Answer
from tests.harness.sandboxed import Sandboxed

STRIPE_KEY = "sk_test_Zw7distinctive"
# Nothing but its being a setting marks it as a key.
AIRTABLE_KEY = "patSandboxQx9distinctive"
KEYS = {"STRIPE_SECRET_KEY": STRIPE_KEY, "AIRTABLE_API_KEY": AIRTABLE_KEY}
DEAD = "http://127.0.0.1:9"


def leaks(finished: Answer) -> list[str]:
    text = finished.out + finished.err
    parts = (STRIPE_KEY, AIRTABLE_KEY, STRIPE_KEY[8:], AIRTABLE_KEY[3:])
    return [secret for secret in parts if secret in text]


def echo(service: str) -> bytes:
    """An answer that repeats the keys, as a debugging proxy might."""
    said = f"Bearer {STRIPE_KEY} and Bearer {AIRTABLE_KEY}"
    quoted = {"stripe": '{"error": {"message": "%s"}}', "airtable": '{"error": "%s"}'}
    return (quoted[service] % said).encode()


@pytest.mark.parametrize("output", ["", "--json"])
@pytest.mark.parametrize("service", ["stripe", "airtable"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_not_when_a_service_repeats_them(
    cascade: Cascade, sandboxed: Sandboxed, service: str, status: int, output: str
) -> None:
    sandboxed.recorder.break_from(service, 1, Response(status, echo(service)))
    arguments = [argument for argument in ("-v", "reconcile", output) if argument]
    finished = cascade(*arguments, **KEYS)
    assert finished.code in {4, 5}
    assert leaks(finished) == []


@pytest.mark.parametrize("service", ["stripe", "airtable"])
@pytest.mark.parametrize("body", [b"{}", b"null", b"<html>", b""])
def test_not_when_an_answer_makes_no_sense(
    cascade: Cascade, sandboxed: Sandboxed, service: str, body: bytes
) -> None:
    sandboxed.recorder.break_from(service, 1, Response(200, body))
    finished = cascade("-v", "reconcile", **KEYS)
    assert finished.code == 5
    assert leaks(finished) == []


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "AIRTABLE_API_KEY"])
@pytest.mark.parametrize("mangled", ["{key} ", " {key}", "{key}\n", "x{key}", "{key} x", "{key}é"])
def test_not_when_a_key_is_mangled(cascade: Cascade, name: str, mangled: str) -> None:
    key = mangled.format(key=KEYS[name])
    assert leaks(cascade("-v", "reconcile", **{**KEYS, name: key})) == []


@pytest.mark.parametrize(
    "name", ["AIRTABLE_BASE_ID", "CASCADE_GRACE", "CASCADE_ENGINE_SCHEDULE", "CASCADE_STRIPE_RATE"]
)
@pytest.mark.parametrize("key", [STRIPE_KEY, AIRTABLE_KEY])
def test_not_when_a_key_stands_where_another_setting_should(
    cascade: Cascade, name: str, key: str
) -> None:
    finished = cascade("-v", "reconcile", **{**KEYS, name: key})
    assert finished.code == 4
    assert leaks(finished) == []


@pytest.mark.parametrize("key", [STRIPE_KEY, "patSandboxQx9.distinctive", "whsec_Zw7distinctive"])
def test_not_when_a_key_stands_only_where_it_should_not(cascade: Cascade, key: str) -> None:
    finished = cascade("-v", "reconcile", AIRTABLE_BASE_ID=key)
    assert finished.code == 4
    assert "distinctive" not in finished.err


def test_not_in_what_a_run_reports(cascade: Cascade) -> None:
    for output in ("--json", "--csv", "--all"):
        assert leaks(cascade("-v", "reconcile", output, **KEYS)) == []


def test_not_when_a_file_of_settings_is_broken(cascade: Cascade, no_settings: Path) -> None:
    (no_settings / ".env").write_text(f"STRIPE_SECRET_KEY {STRIPE_KEY}\n= '{AIRTABLE_KEY}\n")
    finished = cascade("-v", "reconcile", STRIPE_SECRET_KEY=None)
    assert leaks(finished) == []
