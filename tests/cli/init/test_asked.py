"""`cascade init` with a person at a terminal: what goes wrong, and what a second run keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.init.asked import Person
from tests.harness.other_shop import OTHER_BASE
from tests.harness.profiles import Machine
from tests.harness.sandboxed import Sandboxed

KEY, TOKEN = "sk_test_sandbox", "patSandbox.sandbox"


@pytest.fixture
def people() -> Iterator[list[Person]]:
    """Whoever sat down; they leave."""
    seated: list[Person] = []
    yield seated
    for person in seated:
        person.close()


def addresses(shop: Sandboxed) -> dict[str, str]:
    given = shop.environment()
    kept = ("STRIPE_API_BASE", "AIRTABLE_ENDPOINT_URL", "VENICE_API_URL", "CASCADE_STRIPE_RATE")
    return {name: given[name] for name in (*kept, "CASCADE_AIRTABLE_RATE")}


def seat(people: list[Person], machine: Machine, settings: dict[str, str], *words: str) -> Person:
    places = {n: v for n, v in machine.places.items() if n.startswith("XDG")}
    people.append(Person(machine.home, {**places, **settings}, *words))
    return people[-1]


@pytest.mark.usefixtures("several_bases")
def test_a_wrong_answer_is_told_and_asked_again(
    machine: Machine, shop: Sandboxed, people: list[Person], tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    browser.chmod(0o700)
    person = seat(people, machine, {**addresses(shop), "BROWSER": str(browser)}, "init", "rialto")
    person.answer("STRIPE_SECRET_KEY (hidden; Enter opens that page)")
    person.answer("STRIPE_SECRET_KEY (hidden; Enter opens that page)", "pk_test_public")
    assert opened.read_text() == "https://dashboard.stripe.com/apikeys/create"
    # A public key is of no use: it is neither kept nor offered.
    person.answer("STRIPE_SECRET_KEY (hidden; Enter opens that page)", "rk_test_without_dispute")
    person.answer("Keep it nevertheless? [y/N]", "n")
    person.answer("STRIPE_SECRET_KEY (hidden; Enter tries rk_test_… again)", KEY)
    person.answer("AIRTABLE_API_KEY (hidden; Enter opens that page)", "patUnknown")
    person.answer("Keep it nevertheless? [y/N]", "n")
    person.answer("AIRTABLE_API_KEY (hidden; Enter opens that page)", TOKEN)
    person.until(f"2 {OTHER_BASE} Venice's copy")
    person.answer("AIRTABLE_BASE_ID, or its number", "3")
    person.answer("AIRTABLE_BASE_ID, or its number", "1")
    person.answer("STRIPE_WEBHOOK_SECRET (hidden; Enter: none)", "nonsense")
    assert not machine.profiles.exists()
    assert person.interrupt("STRIPE_WEBHOOK_SECRET (hidden; Enter: none)") == 130
    assert "Nothing was written." in person.shown
    assert not machine.profiles.exists()


def test_a_second_run_with_enter_alone_changes_nothing(
    machine: Machine, shop: Sandboxed, people: list[Person]
) -> None:
    file = machine.write("rialto", shop.environment(), mode=0o644)
    before = file.read_text()
    person = seat(people, machine, {}, "--profile", "rialto", "init")
    person.answer("STRIPE_SECRET_KEY (hidden; Enter keeps sk_test_…)")
    person.answer("AIRTABLE_API_KEY (hidden; Enter keeps …)")
    person.answer("STRIPE_WEBHOOK_SECRET (hidden; Enter keeps whsec_…)")
    person.answer("CASCADE_JOURNAL_URL (hidden; Enter: a file on this machine)")
    person.answer("Reconcile now? [Y/n]", "n")
    person.answer("Print which (cron, systemd, none) [cron]", "never")
    person.answer("Print which (cron, systemd, none) [cron]", "n")
    assert person.ended() == 0
    assert "Nothing new in: " in person.shown
    assert (file.read_text(), file.stat().st_mode & 0o777) == (before, 0o600)


def test_the_dot_env_of_the_folder_is_offered_with_its_journal(
    machine: Machine, shop: Sandboxed, people: list[Person]
) -> None:
    env = machine.home / ".env"
    env.write_text("".join(f"{n}={v}\n" for n, v in shop.environment().items()))
    person = seat(people, machine, {}, "init", "rialto")
    person.answer("Take them over? [Y/n]")
    person.answer("STRIPE_SECRET_KEY (hidden; Enter keeps sk_test_…)")
    person.answer("AIRTABLE_API_KEY (hidden; Enter keeps …)")
    person.answer("STRIPE_WEBHOOK_SECRET (hidden; Enter keeps whsec_…)")
    assert person.interrupt("Reconcile now?") == 130
    assert "uses the journal that served this base so far" in person.shown
    written = (machine.profiles / "rialto.env").read_text()
    assert f"CASCADE_STATE_DIR={machine.state}" in written
    assert "Nothing was written" not in person.shown


def test_a_dot_env_that_runs_something_is_not_offered(
    machine: Machine, shop: Sandboxed, people: list[Person]
) -> None:
    (machine.home / ".env").write_text("STRIPE_SECRET_KEY_COMMAND='touch ran'\n")
    person = seat(people, machine, addresses(shop), "init", "rialto")
    person.interrupt("STRIPE_SECRET_KEY (hidden; Enter opens that page)")
    assert "cascade --env-file .env init rialto" in person.shown
    assert not (machine.home / "ran").exists()
