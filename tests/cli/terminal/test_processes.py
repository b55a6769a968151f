"""cascade as a process of its own: signals, pipes, imports, the sandbox on the first day."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import serving, state_path
from cascade_cli.sandbox.seed import seed
from tests.benchmarks.startup import TWO_COMMANDS
from tests.harness.commands import COMMAND, Answer, environment, in_a_process
from tests.harness.sandboxed import Recorder, Sandboxed, served

HEAVY = (
    *("stripe", "pyairtable", "requests", "rich", "sqlalchemy", "http.server"),
    "currency_converter",
)
# By a reconciliation of a window that is too short to be remembered.
UNUSED = (
    *("sqlalchemy", "cascade_cli.adapters.journal", "cascade_cli.domain.records.journal_entries"),
    *(
        "cascade_cli.adapters.stripe.checkout_sessions",
        "cascade_cli.adapters.stripe.payment_history",
    ),
    *(
        "cascade_cli.cli.reconcile.alerting",
        "cascade_cli.cli.reconcile.run_metrics",
        "jinja2",
        "fastapi",
    ),
    *("cascade_cli.services.selling.price_quotes", "currency_converter"),
)
SANDBOX = ("cascade_cli.sandbox", "lark")


CASCADE = "from cascade_cli.__main__ import main; main()"


def modules_after(
    folder: Path, *arguments: str, script: str = CASCADE, **settings: str
) -> set[str]:
    """What a process has imported when the command line has ended."""
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr))\n" + script
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return set(done.stderr.decode().split())


def test_the_version_is_told_without_importing_the_command_line(tmp_path: Path) -> None:
    assert modules_after(tmp_path, "--version") & {"typer", "click", "cascade_cli.cli.app"} == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("reconcile", "--help"),
        ("help",),
        ("help", "refunds"),
        ("help", "pricing"),
    ],
)
def test_help_imports_none_of_the_heavy_parts(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    imported = modules_after(tmp_path, *arguments)
    assert imported & {*HEAVY, *SANDBOX} - {"rich"} == set()


def test_a_topic_in_a_pipe_is_read_without_what_renders_it(tmp_path: Path) -> None:
    imported = modules_after(tmp_path, "help", "refunds")
    assert imported & {"rich.markdown", "markdown_it", "pygments"} == set()


def test_a_topic_on_a_terminal_imports_none_of_the_heavy_parts(tmp_path: Path) -> None:
    script = f"import sys; sys.stdout.isatty = lambda: True; {CASCADE}"
    imported = modules_after(tmp_path, "help", "refunds", script=script, PAGER="cat")
    assert imported & {*HEAVY, *SANDBOX} - {"rich"} == set()
    assert "rich.markdown" in imported


def test_help_imports_what_any_typer_app_does_and_no_command(tmp_path: Path) -> None:
    # One letter of a help text that is not of the plainest brings rich's table of all letters.
    smallest = modules_after(tmp_path, "--help", script=TWO_COMMANDS)
    own = {name for name in modules_after(tmp_path, "--help") if name.startswith("cascade_cli")}
    assert modules_after(tmp_path, "--help") - smallest - own == set()
    assert {name for name in own if name.count(".") > 1} == {
        "cascade_cli.cli.app",
        "cascade_cli.cli.terminal",
        "cascade_cli.cli.terminal.session",
        "cascade_cli.cli.terminal.escape",
    }


def test_a_short_window_is_reconciled_without_what_it_does_not_use(
    tmp_path: Path, empty_sandbox: Sandboxed
) -> None:
    imported = modules_after(tmp_path, "reconcile", "--since", "1h", **empty_sandbox.environment())
    assert imported & {*UNUSED, *SANDBOX, "http.server"} == set()
    assert "cascade_cli.services.reconcile.gather" in imported


@pytest.fixture
def empty_sandbox() -> Iterator[Sandboxed]:
    with (
        closing(SandboxApp(":memory:", random=random.Random(1))) as app,  # noqa: S311
        served(app) as sandboxed,
    ):
        yield sandboxed


def test_the_price_list_in_us_dollars_imports_no_exchange_rates(tmp_path: Path) -> None:
    assert "currency_converter" not in modules_after(tmp_path, "pricing")


def test_a_live_command_imports_nothing_of_the_sandbox(tmp_path: Path) -> None:
    imported = modules_after(tmp_path, "reconcile", "--since", "yesterday")
    assert imported & {*SANDBOX, "http.server"} == set()


def test_the_first_sandboxed_run_ever_shows_every_kind_and_exits_3(tmp_path: Path) -> None:
    finished = in_a_process(tmp_path, "--sandbox", "reconcile", "--since", "7d", "--json")
    counts = finished.document["data"]["counts"]
    assert finished.code == 3
    assert set(counts) == {kind.value for kind in Kind}
    assert min(counts.values()) >= 3
    assert finished.document["data"]["ducats"]["residual"] == "0"


def test_the_sandbox_keeps_its_state_from_command_to_command(tmp_path: Path) -> None:
    seeded = in_a_process(tmp_path, "sandbox", "seed", "--scenario", "quiet", "--payments", "60")
    assert (seeded.code, seeded.err) == (0, "")
    again = in_a_process(tmp_path, "sandbox", "seed", "--scenario", "quiet", "--payments", "60")
    assert again.code == 2
    assert in_a_process(tmp_path, "--sandbox", "reconcile").code == 0
    assert in_a_process(tmp_path, "sandbox", "reset").code == 0


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state file that holds the usual week."""
    folder = tmp_path_factory.mktemp("seeded")
    with closing(SandboxApp(state_path(folder))) as app:
        seed(app, until=datetime.now(UTC))
    return state_path(folder)


@pytest.fixture
def week(tmp_path: Path, seeded: Path) -> Path:
    """A home whose sandbox holds that week already."""
    (tmp_path / "state").mkdir()
    shutil.copy(seeded, state_path(tmp_path / "state"))
    return tmp_path


def test_stdout_is_one_json_object_and_stderr_silent(week: Path) -> None:
    finished = in_a_process(week, "--sandbox", "reconcile", "--json")
    assert json.loads(finished.out)["command"] == "reconcile"
    assert (finished.out[0], finished.out[-2:], finished.err) == ("{", "}\n", "")


def in_a_shell(folder: Path, script: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script of bash in which `$cascade` is the command."""
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(folder, cascade=" ".join(COMMAND)),
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("output", ["--json", "--csv", "--all"])
def test_a_closed_pipe_is_silent_and_keeps_the_exit_code(week: Path, output: str) -> None:
    script = f"$cascade --sandbox reconcile {output} | head -1; exit ${{PIPESTATUS[0]}}"
    done = in_a_shell(week, script)
    assert (done.returncode, done.stderr) == (3, b"")
    assert len(done.stdout.splitlines()) == 1


def test_a_closed_stdout_is_nobody_who_wants_to_read_and_no_bug(week: Path) -> None:
    done = in_a_shell(week, "$cascade --sandbox reconcile >&-")
    assert (done.returncode, done.stderr) == (3, b"")


def test_help_whose_reader_has_gone_is_no_failure(tmp_path: Path) -> None:
    done = in_a_shell(tmp_path, "$cascade --help | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_of_no_width_is_one_whose_width_is_unknown(tmp_path: Path) -> None:
    done = in_a_shell(tmp_path, "COLUMNS=0 LINES=0 $cascade --sandbox pricing")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"100.00 USD" in done.stdout


def test_a_help_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    done = in_a_shell(tmp_path, "$cascade --help >/dev/full")
    message = b"error: The result could not be written to standard output: No space left on device."
    assert (done.returncode, done.stderr.splitlines()[0]) == (5, message)


def test_python_takes_nothing_apart_when_a_command_has_ended(tmp_path: Path) -> None:
    """What was registered to happen at the end happens."""
    script = (
        "import atexit, sys\n"
        "class Module:\n"
        "    def __del__(self): print('taken apart', file=sys.stderr)\n"
        "module = Module()\n"
        "atexit.register(lambda: print('ended', file=sys.stderr))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script + CASCADE, "pricing"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr.decode().split("\n")) == (0, ["ended", ""])
    assert done.stdout


@contextmanager
def slow_sandbox(seconds: float) -> Iterator[Sandboxed]:
    chance = random.Random(1)  # noqa: S311
    with closing(SandboxApp(":memory:", latency_seconds=seconds, random=chance)) as app:
        for _ in range(3):
            app.stripe.account.pay(amount=500, currency="usd", metadata={}, at=datetime.now(UTC))
        with served(app) as sandboxed:
            yield sandboxed


@pytest.mark.parametrize("output", [(), ("--json",)])
def test_ctrl_c_while_reading_is_130_at_once(tmp_path: Path, output: tuple[str, ...]) -> None:
    with slow_sandbox(20) as sandboxed:
        process = subprocess.Popen(
            [*COMMAND, "reconcile", *output],
            cwd=tmp_path,
            env=environment(tmp_path, **sandboxed.environment()),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        while not sandboxed.recorder.requests:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert out == b""


@pytest.fixture
def running_sandbox(tmp_path: Path) -> Iterator[Recorder]:
    """A sandbox that this test serves, and that cascade finds under its state folder."""
    folder = tmp_path / "state"
    chance = random.Random(1)  # noqa: S311
    with closing(SandboxApp(state_path(folder), random=chance)) as app:
        recorder = Recorder(app.handle)
        app.handle = recorder  # type: ignore[method-assign]
        with serving(app, folder):
            yield recorder


def with_live_keys(folder: Path, *arguments: str) -> Answer:
    return in_a_process(
        folder,
        *arguments,
        STRIPE_SECRET_KEY="sk_live_notforyou",
        AIRTABLE_API_KEY="patNotForYou.atall",
        AIRTABLE_BASE_ID="appNotForYou",
        STRIPE_API_BASE="http://127.0.0.1:9",
        AIRTABLE_ENDPOINT_URL="http://127.0.0.1:9",
        CASCADE_JOURNAL_URL="postgresql://notforyou@127.0.0.1:9/x",
    )


@pytest.mark.parametrize(
    "arguments", [("--sandbox", "reconcile"), ("--sandbox", "citizen", "show")]
)
def test_live_keys_are_never_sent_to_the_sandbox(
    tmp_path: Path, running_sandbox: Recorder, arguments: tuple[str, ...]
) -> None:
    finished = with_live_keys(tmp_path, *arguments)
    sent = {r.headers.get("authorization") for r in running_sandbox.requests}
    assert finished.err.count("notforyou") == 0
    assert sent - {None} <= {"Bearer sk_test_sandbox", "Bearer patSandbox.sandbox"}
    assert sent - {None}


def test_a_window_without_sales_is_read_in_two_requests(
    tmp_path: Path, running_sandbox: Recorder
) -> None:
    finished = with_live_keys(tmp_path, "--sandbox", "reconcile", "--json")
    coverage = finished.document["data"]["coverage"]
    assert (coverage["stripe_requests"], coverage["airtable_requests"]) == (1, 1)
    assert len([r for r in running_sandbox.requests if r.path != "/healthz"]) == 2


def test_nothing_is_written_outside_the_state_folder(week: Path) -> None:
    in_a_process(week, "--sandbox", "reconcile")
    assert [entry.name for entry in week.iterdir()] == ["state"]


@pytest.mark.parametrize("output", ["--all", "--csv", "--json"])
def test_a_stream_that_cannot_spell_everything_still_gets_its_report(
    week: Path, output: str
) -> None:
    finished = in_a_process(week, "--sandbox", "reconcile", output, PYTHONIOENCODING="ascii")
    assert (finished.code, finished.err) == (3, "")


@pytest.mark.parametrize(
    ("words", "niceness"), [(("reconcile", "--since", "1d"), 10), (("explain", "pi_1"), 0)]
)
def test_a_bulk_command_gives_way_on_the_processor(
    tmp_path: Path, words: tuple[str, ...], niceness: int
) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    command = [*COMMAND, "--sandbox", *words]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path), stdout=PIPE, stderr=PIPE
    ) as process:
        seen = {os.getpriority(os.PRIO_PROCESS, process.pid)}
        while process.poll() is None:
            with suppress(ProcessLookupError):
                seen.add(os.getpriority(os.PRIO_PROCESS, process.pid))
            time.sleep(0.01)
    assert max(seen) == min(own + niceness, 19)
