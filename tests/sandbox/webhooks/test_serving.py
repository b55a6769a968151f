"""Deliveries in the background while the sandbox is served, and `sandbox serve --webhook`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import stripe

from cascade_cli.cli.app import run
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import WEBHOOK_SECRET, Connection, serving, state_path
from tests.sandbox.stripe.purchases import buy, session_params
from tests.sandbox.webhooks.receiver import Receiver, receiving


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not condition():
        time.sleep(0.01)
    return condition()


def test_events_arrive_by_themselves_while_served(tmp_path: Path) -> None:
    app = SandboxApp(state_path(tmp_path))
    with closing(app), receiving(Receiver(WEBHOOK_SECRET, tolerance=300)) as receiver:
        app.stripe.account.register_webhook(receiver.url, at=app.now(), secret=WEBHOOK_SECRET)
        receiver.statuses = [500]
        with serving(app, tmp_path):
            buy(app.stripe.account, app.now())
            # Four events, one of which comes again after a second.
            assert eventually(lambda: len(receiver.events) == 5)
        assert app.crashes == []
    assert len({event.id for event in receiver.events}) == 4


def test_events_of_another_process_over_the_same_state_arrive(tmp_path: Path) -> None:
    with (
        closing(SandboxApp(state_path(tmp_path))) as app,
        closing(SandboxApp(state_path(tmp_path))) as another,
        receiving(Receiver(WEBHOOK_SECRET, tolerance=300)) as receiver,
    ):
        app.stripe.account.register_webhook(receiver.url, at=app.now(), secret=WEBHOOK_SECRET)
        with serving(app, tmp_path):
            buy(another.stripe.account, another.now())
            assert eventually(lambda: len(receiver.events) == 4)


def test_a_waiting_courier_writes_nothing(tmp_path: Path) -> None:
    with closing(SandboxApp(state_path(tmp_path))) as app, serving(app, tmp_path):
        before = app.store.generation()
        time.sleep(0.1)
        assert app.store.generation() == before


def test_a_hundred_payments_are_told_of_within_seconds(tmp_path: Path) -> None:
    with (
        closing(SandboxApp(state_path(tmp_path))) as app,
        receiving(Receiver(WEBHOOK_SECRET, tolerance=300)) as receiver,
    ):
        app.stripe.account.register_webhook(receiver.url, at=app.now(), secret=WEBHOOK_SECRET)
        for _ in range(100):
            buy(app.stripe.account, app.now())
        with serving(app, tmp_path):
            assert eventually(lambda: len(receiver.events) == 400)
    assert len({event.id for event in receiver.events}) == 400


@contextmanager
def cascade_serving(folder: Path, *options: str) -> Iterator[str]:
    """`cascade sandbox serve` as a process of its own; its URL."""
    command = [sys.executable, "-m", "cascade_cli", "sandbox", "serve", "--port", "0", *options]
    environ = {**os.environ, "CASCADE_STATE_DIR": str(folder)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = next(line for line in process.stdout if line.startswith("STRIPE_API_BASE="))
            yield address.strip().partition("=")[2].removesuffix("/stripe")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_serve_with_a_webhook_tells_it_what_a_citizen_pays(tmp_path: Path) -> None:
    receiver = Receiver(WEBHOOK_SECRET, tolerance=300)
    with receiving(receiver), cascade_serving(tmp_path, "--webhook", receiver.url) as url:
        settings = Connection(url).settings()
        assert settings["STRIPE_WEBHOOK_SECRET"] == WEBHOOK_SECRET
        base = settings["STRIPE_API_BASE"]
        client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": base}).v1
        session = client.checkout.sessions.create(
            session_params(success_url=f"{url}/stripe/pay/thanks")
        )
        opener = stripe.RequestsClient()
        _, status, _ = opener.request("post", str(session.url), {}, "payment_method=pm_card_visa")
        assert status == 200
        assert eventually(lambda: "checkout.session.completed" in receiver.types)
        assert eventually(lambda: "payment_intent.succeeded" in receiver.types)
        opener.close()  # type: ignore[no-untyped-call]


def test_serve_with_the_engines_notices_has_their_layout(tmp_path: Path) -> None:
    def fields() -> set[str]:
        with closing(SandboxApp(state_path(tmp_path))) as app:
            return set(app.airtable.tables.catalogue.table("NOTIFICATIONS").by_name)

    with cascade_serving(tmp_path):
        assert "CitizenUsername" not in fields()
    with cascade_serving(tmp_path, "--engine-notices"):
        assert {"CitizenUsername", "RelatedEntity"} <= fields()
    # It is the base that has changed, not the serving process.
    assert "CitizenUsername" in fields()


def test_a_webhook_named_again_stays_one_endpoint_with_the_secret_named_last(
    sandbox_app: SandboxApp,
) -> None:
    account, at = sandbox_app.stripe.account, sandbox_app.now()
    with receiving(Receiver("whsec_second")) as receiver:
        first = account.register_webhook(receiver.url, at=at, secret="whsec_first")
        again = account.register_webhook(receiver.url, at=at, secret="whsec_second")
        assert first["id"] == again["id"]
        buy(account, at)
        assert sandbox_app.webhooks.deliver_due() == 4


def test_a_webhook_on_another_machine_is_wrong_usage(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cascade_cli", "sandbox", "serve", "--port", "0"]
    ended = subprocess.run(
        [*command, "--webhook", "https://hooks.example.com/"],
        env={**os.environ, "CASCADE_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "this machine only" in ended.stderr


def test_the_options_of_mischief_are_offered() -> None:
    assert run(["sandbox", "serve", "--webhook-twice", "2"]) == 2
