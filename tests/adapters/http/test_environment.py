"""What the environment may and may not change about the connections."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.transport import Transport, plain_session
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import SettingsError
from tests.adapters.scripted_server import ScriptedServer, answer
from tests.harness.sandboxed import Sandboxed

DEAD_PROXY = "http://127.0.0.1:9"
SINCE = datetime(2026, 11, 19, tzinfo=UTC)


def proxies_for(url: str) -> dict[str, str]:
    with closing(plain_session(url, Transport(Pacer(0), lockout_seconds=1))) as session:
        return dict(session.proxies)


def read_both(sandboxed: Sandboxed) -> None:
    """Sessions are made here, within the environment that the test has set up."""
    with sandboxed.wired() as wiring:
        wiring.payments.purchases(Window(SINCE, SINCE + timedelta(days=1)))
        wiring.transfers.transfers(SINCE)


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, DEAD_PROXY)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8421/stripe", "http://localhost:1", "http://[::1]:1/airtable"]
)
def test_a_proxy_is_never_asked_for_loopback(url: str) -> None:
    assert proxies_for(url) == {}


@pytest.mark.usefixtures("proxied")
def test_a_proxy_is_used_for_the_live_services() -> None:
    assert proxies_for("https://api.stripe.com")["https"] == DEAD_PROXY


@pytest.mark.usefixtures("proxied")
def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "api.stripe.com")
    assert proxies_for("https://api.stripe.com") == {}


@pytest.mark.usefixtures("proxied")
def test_both_sdks_reach_the_sandbox_past_a_dead_proxy(sandboxed: Sandboxed) -> None:
    read_both(sandboxed)
    assert sandboxed.recorder.to("stripe")
    assert sandboxed.recorder.to("airtable")


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("default login somebody password else\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
def test_a_netrc_entry_does_not_replace_our_key(sandboxed: Sandboxed) -> None:
    read_both(sandboxed)
    sent = {request.headers["authorization"] for request in sandboxed.recorder.requests}
    assert sent == {"Bearer sk_test_sandbox", "Bearer patSandbox.sandbox"}


@pytest.mark.usefixtures("netrc")
def test_requests_left_alone_would_follow_that_netrc() -> None:
    with ScriptedServer(answer(200)) as server:
        requests.get(server.url, headers={"Authorization": "Bearer ours"}, timeout=5)
        assert b"Bearer ours" not in server.requests[0]


def test_a_file_of_certificates_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with pytest.raises(SettingsError, match=r"REQUESTS_CA_BUNDLE names .*ca.pem"):
        plain_session("https://example.com", Transport(Pacer(0), lockout_seconds=1))
