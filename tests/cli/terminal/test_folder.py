"""What a folder may decide: where keys are sent, and where the journal is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.cli.review.walk import plan_lines
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.reconcile.repair_plan import RepairPlan
from tests.cli.terminal.conftest import Cascade
from tests.cli.terminal.test_settings_refused import is_plain
from tests.harness.commands import COMMAND, Answer, ended, environment
from tests.harness.sandboxed import Sandboxed

# It leads to this machine, and is no loopback address.
ANYWHERE = "0.0.0.0"  # noqa: S104
LIVE = {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": None}
NAMES = {"AIRTABLE_ENDPOINT_URL": "AIRTABLE_API_KEY", "VENICE_API_URL": "VENICE_API_KEY"}


class Elsewhere:
    """A host that is neither a service's own nor loopback, and what it was sent."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{ANYWHERE}:{port}"
        self.received: list[str] = []


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            found.received.append(self.rfile.readline().decode())
            self.wfile.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            self.close_connection = True

    with ThreadingHTTPServer((ANYWHERE, 0), Handler) as server:
        found = Elsewhere(server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield found
        server.shutdown()


def dot_env(folder: Path, *lines: str) -> Path:
    file = folder / ".env"
    file.write_text("".join(f"{line}\n" for line in lines))
    file.chmod(0o600)
    return file


class TestKeys:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
    def test_a_file_that_lies_there_sends_no_live_key_to_another_host(
        self, cascade: Cascade, no_settings: Path, elsewhere: Elsewhere, name: str, key: str
    ) -> None:
        file = dot_env(no_settings, f"{name}={elsewhere.url}")
        settings = {**LIVE, "STRIPE_SECRET_KEY": key, name: None, NAMES[name]: "patLive.token"}
        for command in (("reconcile",), ("citizen", "show"), ("credit", "marco", "5")):
            finished = cascade(*command, *_reason(command), **settings)
            assert is_plain(finished)
            assert (
                f"{name} in {file} leads to another host, or does not use https: no key was sent"
                in finished.err
            )
            assert f"--env-file {file}" in finished.err
        assert elsewhere.received == []

    @pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
    def test_a_live_stripe_key_goes_to_stripe_alone(
        self, cascade: Cascade, no_settings: Path, elsewhere: Elsewhere, key: str
    ) -> None:
        dot_env(no_settings, f"STRIPE_API_BASE={elsewhere.url}")
        finished = cascade("reconcile", STRIPE_SECRET_KEY=key, STRIPE_API_BASE=None)
        assert is_plain(finished)
        assert "A live Stripe key was not sent anywhere" in finished.err
        assert elsewhere.received == []

    def test_a_test_key_in_the_file_does_not_make_a_test_of_the_token_in_the_environment(
        self, cascade: Cascade, no_settings: Path, elsewhere: Elsewhere
    ) -> None:
        dot_env(
            no_settings, f"AIRTABLE_ENDPOINT_URL={elsewhere.url}", "STRIPE_SECRET_KEY=sk_test_x"
        )
        settings = {"STRIPE_SECRET_KEY": None, "AIRTABLE_ENDPOINT_URL": None}
        assert is_plain(cascade("citizen", "show", **settings))
        assert elsewhere.received == []

    @pytest.mark.parametrize("how", ["named", "environment", "test key"])
    def test_somebody_s_own_choice_and_a_test_key_may_go_there(
        self, cascade: Cascade, no_settings: Path, elsewhere: Elsewhere, how: str
    ) -> None:
        file = dot_env(no_settings, f"AIRTABLE_ENDPOINT_URL={elsewhere.url}")
        words = ["--env-file", str(file)] if how == "named" else []
        address = elsewhere.url if how == "environment" else None
        live = {} if how == "test key" else LIVE
        finished = cascade(*words, "citizen", "show", **live, AIRTABLE_ENDPOINT_URL=address)
        assert "Airtable refused the token" in finished.err
        assert elsewhere.received

    @pytest.mark.parametrize(
        "address",
        [
            "http://api.airtable.com",
            "https://api.airtable.com.evil.example",
            "https://api.airtable.com@evil.example",
            r"https://evil.example\@api.airtable.com",
            r"https://api.airtable.com\@evil.example",
            "http://localhost.evil.example",
            "http://127.0.0.1@evil.example",
            "http://127.0.0.1.evil.example",
        ],
    )
    def test_what_only_looks_like_the_service_or_this_machine_is_another_host(
        self, cascade: Cascade, no_settings: Path, address: str
    ) -> None:
        dot_env(no_settings, f"AIRTABLE_ENDPOINT_URL={address}")
        finished = cascade("citizen", "show", **LIVE, AIRTABLE_ENDPOINT_URL=None)
        assert is_plain(finished)
        assert "leads to another host" in finished.err
        assert "evil" not in finished.err

    @pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
    def test_this_machine_is_no_other_host(
        self, cascade: Cascade, no_settings: Path, sandboxed: Sandboxed, name: str
    ) -> None:
        url = sandboxed.environment()["AIRTABLE_ENDPOINT_URL"].replace("127.0.0.1", name)
        dot_env(no_settings, f"AIRTABLE_ENDPOINT_URL={url}")
        cascade("citizen", "show", **LIVE, AIRTABLE_ENDPOINT_URL=None)
        assert sandboxed.recorder.requests

    def test_the_sandbox_has_addresses_of_its_own(
        self, cascade: Cascade, no_settings: Path, elsewhere: Elsewhere
    ) -> None:
        dot_env(no_settings, *(f"{name}={elsewhere.url}" for name in NAMES))
        assert cascade("--sandbox", "citizen", "show", **LIVE, **dict.fromkeys(NAMES)).code == 0
        assert elsewhere.received == []

    def test_doctor_tells_it_and_sends_nothing_there(
        self, cascade: Cascade, no_settings: Path, elsewhere: Elsewhere
    ) -> None:
        """The token is no token, so that the service's own address is not asked either."""
        dot_env(no_settings, *(f"{name}={elsewhere.url}" for name in NAMES))
        settings = {**LIVE, **dict.fromkeys(NAMES), "AIRTABLE_API_KEY": " ", "VENICE_API_KEY": " "}
        finished = cascade("doctor", **{**settings, "STRIPE_SECRET_KEY": "sk_live_"})
        assert finished.code == 4
        for name in NAMES:
            assert name in finished.out
        assert "another host" in " ".join(finished.out.split())
        assert elsewhere.received == []


def _reason(command: tuple[str, ...]) -> list[str]:
    return ["--reason", "gift", "--yes"] if command[0] == "credit" else []


class TestSettingsFile:
    @pytest.mark.parametrize("words", [("reconcile",), ("status",)])
    def test_the_headline_names_the_file_that_is_read(
        self, cascade: Cascade, no_settings: Path, sandboxed: Sandboxed, words: tuple[str, ...]
    ) -> None:
        inhabit(sandboxed)
        assert "(settings: " not in cascade(*words).out
        file = dot_env(no_settings, "CASCADE_GRACE=20m")
        assert f"(settings: {file})" in cascade(*words, COLUMNS="300").out.splitlines()[0]
        named = cascade("--env-file", str(file), *words, COLUMNS="300", HOME=str(no_settings))
        assert "(settings: ~/.env)" in named.out.splitlines()[0]

    def test_so_does_the_page_s(self, cascade: Cascade, no_settings: Path) -> None:
        file = dot_env(no_settings, "CASCADE_GRACE=20m")
        page = no_settings / "page.html"
        cascade("reconcile", "--report", str(page))
        headline = page.read_text().partition("<h1>")[2].partition("</h1>")[0]
        assert f"(settings: {file})" in headline

    def test_so_does_the_question_of_a_review(
        self, no_settings: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file, session = dot_env(no_settings), Session(no_color=True)
        monkeypatch.setenv("COLUMNS", "300")
        lines = plan_lines(session.console(), [], RepairPlan((), ()), with_repairs=False)
        assert f"(settings: {file})  b back" in lines[-1].plain


class TestStateFolder:
    @pytest.mark.parametrize("words", [[], ["--sandbox"]])
    def test_it_may_be_named_in_the_file(
        self, cascade: Cascade, no_settings: Path, sandboxed: Sandboxed, words: list[str]
    ) -> None:
        inhabit(sandboxed)
        dot_env(no_settings, f"CASCADE_STATE_DIR={no_settings / 'shop'}")
        credited(cascade, *words, CASCADE_STATE_DIR=None, HOME=str(no_settings / "home"))
        made = {path.name for path in (no_settings / "shop").iterdir() if path.is_file()}
        assert made == ({"journal.sqlite3"} if not words else SANDBOX_FILES & made)
        assert ("sandbox.sqlite3" in made) == bool(words)
        assert not (no_settings / "home").exists()

    def test_home_is_meant_by_its_sign_in_a_file(
        self, cascade: Cascade, no_settings: Path, sandboxed: Sandboxed
    ) -> None:
        inhabit(sandboxed)
        dot_env(no_settings, "CASCADE_STATE_DIR=~/shop")
        credited(cascade, CASCADE_STATE_DIR=None, HOME=str(no_settings / "home"))
        assert (no_settings / "home" / "shop" / "journal.sqlite3").is_file()

    @pytest.mark.parametrize(
        "name",
        ["a?b", "a%41b", "aAb", "a#b", "a b", "?", "%3F", "a&mode=ro", b"\xff", "~shop", "é"],
    )
    def test_one_of_any_name_has_a_journal_of_its_own(
        self, cascade: Cascade, no_settings: Path, sandboxed: Sandboxed, name: str | bytes
    ) -> None:
        inhabit(sandboxed)
        folder = no_settings / os.fsdecode(name)
        credited(cascade, CASCADE_STATE_DIR=str(folder))
        assert (folder / "journal.sqlite3").is_file()
        assert [path.name for path in no_settings.iterdir()] == [folder.name]
        listed = cascade("journal", "list", "--json", CASCADE_STATE_DIR=str(folder))
        assert "gift" in listed.out
        assert cascade("journal", "verify", CASCADE_STATE_DIR=str(folder)).code == 0
        found = cascade("doctor", "--json", CASCADE_STATE_DIR=str(folder)).document["data"]
        assert {check["code"] for check in found["checks"]} & {"journal.intact", "journal.good"}

    def test_two_shops_do_not_share_what_only_looks_the_same(
        self, cascade: Cascade, no_settings: Path, sandboxed: Sandboxed
    ) -> None:
        inhabit(sandboxed)
        folders = [str(no_settings / name) for name in ("a", "a?b", "a?c", "a%41", "aA")]
        credited(cascade, CASCADE_STATE_DIR=folders[0])
        for folder in folders[1:]:
            listed = cascade("journal", "list", "--json", CASCADE_STATE_DIR=folder)
            assert listed.document["data"]["entries"] == []


SANDBOX_FILES = {
    f"{name}{end}"
    for name in ("sandbox.sqlite3", "sandbox-journal.sqlite3")
    for end in ("", "-wal", "-shm")
}
EVERY_KIND = [
    ("reconcile",),
    ("status",),
    ("credit", "marco", "5", "--reason", "gift", "--yes"),
    ("journal", "list"),
    ("journal", "verify"),
    ("events", "list"),
    ("citizen", "show"),
    ("schedule", "cron"),
    ("schedule", "systemd"),
    ("--sandbox", "reconcile"),
    ("sandbox", "seed"),
]


@pytest.mark.parametrize("command", EVERY_KIND, ids=" ".join)
@pytest.mark.parametrize("place", ["/proc/cascade/state", "file/state", "file"])
def test_a_state_folder_that_cannot_be_made_is_a_wrong_setting(
    cascade: Cascade, no_settings: Path, command: tuple[str, ...], place: str
) -> None:
    (no_settings / "file").write_text("in the way")
    finished = cascade(*command, CASCADE_STATE_DIR=str(no_settings / place))
    assert is_plain(finished)
    assert "The state folder " in finished.err
    assert "belongs to " in finished.err
    assert "mode 0" in finished.err
    assert "Set CASCADE_STATE_DIR to a folder that" in finished.err


NAMELESS = 54321
# It may read everything, since Python itself may lie in somebody's home, and write nothing.
READS = "+dac_read_search"
BECOME = (
    *("setpriv", f"--reuid={NAMELESS}", f"--regid={NAMELESS}", "--clear-groups"),
    *(f"--inh-caps={READS}", f"--ambient-caps={READS}"),
)
needs_root = pytest.mark.skipif(
    os.getuid() != 0 or not which("setpriv"), reason="only root may become somebody else"
)


def as_nobody(folder: Path, *arguments: str, **settings: str) -> Answer:
    """Run by a user who has neither name nor home, as in a container."""
    values = {**environment(folder), "CASCADE_STATE_DIR": "", **settings}
    del values["HOME"]
    return ended([*BECOME, *COMMAND, *arguments], Path("/"), values)


@needs_root
@pytest.mark.parametrize("command", EVERY_KIND, ids=" ".join)
def test_a_user_without_name_and_home_is_told_what_to_set(
    no_settings: Path, sandboxed: Sandboxed, command: tuple[str, ...]
) -> None:
    finished = as_nobody(no_settings, *command, **sandboxed.environment())
    assert is_plain(finished)
    assert f"uid {NAMELESS} has no name and no home folder" in finished.err
    assert "Set CASCADE_STATE_DIR to a folder that this user may write" in finished.err


@needs_root
@pytest.mark.parametrize("command", EVERY_KIND, ids=" ".join)
def test_a_state_folder_of_somebody_else_is_told_with_its_owner_and_mode(
    no_settings: Path, sandboxed: Sandboxed, command: tuple[str, ...]
) -> None:
    shop = no_settings / "shop"
    shop.mkdir(mode=0o755)
    finished = as_nobody(
        no_settings, *command, **sandboxed.environment(), CASCADE_STATE_DIR=str(shop)
    )
    assert is_plain(finished)
    assert f"'{shop}' belongs to root, mode 0755; this is uid {NAMELESS}." in finished.err


@needs_root
def test_a_user_without_a_name_works_where_there_is_a_folder(
    no_settings: Path, sandboxed: Sandboxed
) -> None:
    inhabit(sandboxed)
    shop = no_settings / "shop"
    shop.mkdir()
    os.chown(shop, NAMELESS, NAMELESS)
    for place in (no_settings, *no_settings.parents[:-2]):
        place.chmod(place.stat().st_mode | 0o011)
    here = {**sandboxed.environment(), "CASCADE_STATE_DIR": str(shop)}
    credit = ("credit", "marco", "5", "--reason", "gift", "--yes")
    assert as_nobody(no_settings, *credit, **here).code == 0
    assert f"User={NAMELESS}\n" in as_nobody(no_settings, "schedule", "systemd", **here).out


def inhabit(sandboxed: Sandboxed) -> None:
    """The processor and marco live in Venice."""
    for name in ("CASCADE_PAYMENT_PROCESSOR", "marco"):
        sandboxed.move_in(name, utc_now() - timedelta(days=9))


def credited(cascade: Cascade, *words: str, **settings: str | None) -> Answer:
    """A credit, which makes a journal."""
    whom = "marco"
    if words:
        cascade("--sandbox", "sandbox", "seed", "--scenario", "settled", **settings)
        rows = cascade(*words, "reconcile", "--all", "--json", **settings).document["data"]["items"]
        whom = rows[0]["citizen"]
    finished = cascade(*words, "credit", whom, "5", "--reason", "gift", "--yes", **settings)
    assert finished.code == 0, finished.err
    return finished
