"""`cascade init --no-input`: a machine sets a shop up from its environment."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.harness.commands import Answer
from tests.harness.other_shop import OTHER_BASE
from tests.harness.profiles import Machine
from tests.harness.sandboxed import Sandboxed

WHOSE = ("STRIPE_SECRET_KEY", "AIRTABLE_API_KEY", "AIRTABLE_BASE_ID")


def init(machine: Machine, *words: str, **settings: str | None) -> Answer:
    return machine.typed("init", "rialto", "--no-input", *words, **settings)


def profile(machine: Machine) -> Path:
    return machine.profiles / "rialto.env"


def test_the_profile_that_it_writes_is_private_and_leaves_doctor_without_red(
    machine: Machine, shop: Sandboxed
) -> None:
    given = shop.environment(AIRTABLE_BASE_ID="")
    answer = init(machine, "--json", **given)
    assert (answer.code, answer.data["base"]) == (0, "appSandboxVenice01")
    assert stat.S_IMODE(profile(machine).stat().st_mode) == 0o600
    for name in (*WHOSE[:2], "STRIPE_WEBHOOK_SECRET"):
        assert given[name] not in answer.out + answer.err
    # The first profile is the default, and needs nothing else.
    doctor = machine.typed("doctor", "--json")
    assert (doctor.code, doctor.document["profile"]) == (0, "rialto")
    assert doctor.data["counts"]["red"] == 0


def test_a_second_run_changes_what_is_given_and_keeps_all_else(
    machine: Machine, shop: Sandboxed
) -> None:
    file = machine.write("rialto", shop.environment(CASCADE_GRACE="20m"), mode=0o644)
    file.write_text("# our shop\n" + file.read_text() + "OTHER='its own'\n")
    assert init(machine, "--json").data["changed"] == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    changed = init(machine, "--json", CASCADE_GRACE="30m").data["changed"]
    assert changed == ["CASCADE_GRACE"]
    assert file.read_text() == before.replace("CASCADE_GRACE='20m'", "CASCADE_GRACE=30m")


@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        ({"STRIPE_SECRET_KEY": None}, 4, "STRIPE_SECRET_KEY is not set"),
        ({"STRIPE_SECRET_KEY": "pk_test_public"}, 4, "it is not a secret key"),
        ({"STRIPE_SECRET_KEY": "sk_live_real"}, 4, "STRIPE_API_BASE is not Stripe's own"),
        ({"STRIPE_SECRET_KEY": "rk_test_without_dispute"}, 4, "read Disputes"),
        ({"AIRTABLE_API_KEY": "patNobody"}, 4, "Airtable refused the token"),
        ({"AIRTABLE_BASE_ID": "appElsewhere"}, 4, "read STRATAGEMS"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:9"}, 5, "connection"),
        ({"CASCADE_GRACE": "soon"}, 4, "CASCADE_GRACE"),
    ],
)
def test_what_would_not_work_is_refused_and_nothing_is_written(
    machine: Machine, shop: Sandboxed, changed: dict[str, str | None], code: int, told: str
) -> None:
    answer = init(machine, **{**shop.environment(), **changed})
    assert answer.code == code
    assert told in answer.err
    assert "o profile was written" in answer.err
    assert not machine.profiles.exists()


def test_what_stands_in_nobody_s_way_saves_no_key_from_being_tried(
    machine: Machine, shop: Sandboxed, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('currencies = ["BHD"]')  # whose exchange rate nobody gave
    answer = init(
        machine, **{**shop.environment(AIRTABLE_API_KEY="patNobody"), "CASCADE_PRICES": str(prices)}
    )
    assert (answer.code, "Airtable refused the token" in answer.err) == (4, True)
    assert not machine.profiles.exists()


def test_a_missing_right_that_only_a_part_needs_is_shown_and_does_not_stop_it(
    machine: Machine, shop: Sandboxed
) -> None:
    answer = init(machine, **shop.environment(STRIPE_SECRET_KEY="rk_test_without_invoice"))
    assert answer.code == 0
    assert "AMBER read Invoices" in answer.err


def test_a_key_that_is_elsewhere_stays_there(machine: Machine, shop: Sandboxed) -> None:
    given = shop.environment()
    key = machine.home / "stripe.key"
    key.write_text(given.pop("STRIPE_SECRET_KEY"))
    answer = init(machine, **given, STRIPE_SECRET_KEY_FILE="stripe.key")
    assert answer.code == 0, answer.err
    lines = profile(machine).read_text().splitlines()
    assert f"STRIPE_SECRET_KEY_FILE={key}" in lines
    assert key.read_text() not in profile(machine).read_text()


@pytest.mark.usefixtures("several_bases")
def test_several_bases_are_named_and_none_is_guessed(machine: Machine, shop: Sandboxed) -> None:
    answer = init(machine, **shop.environment(AIRTABLE_BASE_ID=""))
    assert answer.code == 4
    assert f"{OTHER_BASE} (Venice's copy)" in answer.err
    assert not machine.profiles.exists()


def test_a_file_that_is_taken_over_goes_on_with_its_journal(
    machine: Machine, shop: Sandboxed
) -> None:
    env = machine.home / ".env"
    settings = {**shop.environment(), "PORT": "8000", "CASCADE_PRICES": ""}
    env.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    answer = machine.typed("--env-file", ".env", "init", "rialto", "--no-input")
    assert answer.code == 0, answer.err
    lines = profile(machine).read_text().splitlines()
    assert f"CASCADE_STATE_DIR={machine.state}" in lines
    assert not [line for line in lines if line.startswith("PORT")]
    assert "In this folder the .env still counts" in answer.out
    assert machine.typed("--profile", "rialto", "config", "check").code == 0


def test_two_profiles_of_one_base_share_its_journal(machine: Machine, shop: Sandboxed) -> None:
    machine.write("lido", shop.environment())
    answer = init(machine, **shop.environment())
    assert "the journal of profile lido, which has the same base" in answer.err
    shown = {one: machine.typed("--profile", one, "config", "show", "--json") for one in PAIR}
    folders = {answer.data["state_folder"] for answer in shown.values()}
    assert len(folders) == 1


PAIR = ("rialto", "lido")


def test_the_journal_that_moved_ducats_without_a_profile_stays_in_use(
    machine: Machine, shop: Sandboxed
) -> None:
    given = shop.environment()
    credit = ("credit", "marco", "5", "--reason", "gift", "--yes")
    assert machine.typed(*credit, **given).code == 0
    assert init(machine, **given).code == 0
    assert f"CASCADE_STATE_DIR={machine.state}" in profile(machine).read_text()


@pytest.mark.parametrize(
    ("words", "settings", "code", "told"),
    [
        (("--sandbox", "init"), {}, 2, "needs no set-up"),
        (("init",), {"CASCADE_SANDBOX": "1"}, 2, "needs no set-up"),
        (("init",), {}, 7, "there is no terminal"),
        (("init", "--json"), {}, 2, ""),
        (("--profile", "lido", "init", "rialto"), {}, 2, "are two profiles"),
        (("init", "a/b"), {}, 4, "is not a name for a profile"),
        (("init", "sk_live_typedhere"), {}, 4, "That is a key"),
        (("--env-file", "none.env", "init"), {}, 4, "There is no file"),
    ],
)
def test_a_wrong_beginning_is_told_before_anything_happens(
    machine: Machine, words: tuple[str, ...], settings: dict[str, str], code: int, told: str
) -> None:
    answer = machine.typed(*words, **settings)
    assert answer.code == code
    assert told in answer.err
    assert "typedhere" not in answer.out + answer.err
    assert not machine.profiles.exists()
