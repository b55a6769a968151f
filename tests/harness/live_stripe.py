"""A shop with a live key: api.stripe.com, reached through a proxy of the test's own.

cascade sends a live key to Stripe's own address alone. So the proxy answers for that address, with
a certificate that REQUESTS_CA_BUNDLE names, and hands each request to a sandbox in live mode.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from cascade_cli.sandbox.server import _Connection
from cascade_cli.sandbox.wire import Handler, Request

STRIPE = "api.stripe.com"


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    handler: Handler
    certificate: ssl.SSLContext


class _Tunnel(_Connection):
    server: Any

    def do_CONNECT(self) -> None:  # noqa: N802 - so is the method called
        """Become that address, and hear what is said to it."""
        if self.path != f"{STRIPE}:443":
            self.send_error(403, f"nobody may ask {self.path}")
            return
        self.send_response_only(200)
        self.end_headers()
        self.request = self.server.certificate.wrap_socket(self.request, server_side=True)
        self.setup()
        self.close_connection = False

    def finish(self) -> None:
        """The server closes the socket that it gave, not the one that became of it."""
        super().finish()
        self.request.close()


@contextmanager
def live_stripe(handler: Handler, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which a live key reaches that sandbox, and nothing else."""

    def answer(request: Request) -> Any:
        answer = handler(replace(request, path=f"/stripe{request.path}"))
        return replace(answer, body=answer.body.replace(b'"livemode":false', b'"livemode":true'))

    authority = trustme.CA()
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    proxy = _Proxy(("127.0.0.1", 0), _Tunnel)
    proxy.handler, proxy.certificate = answer, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(STRIPE).configure_cert(proxy.certificate)
    thread = threading.Thread(target=proxy.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{proxy.server_address[1]}"
        yield {"HTTPS_PROXY": address, "NO_PROXY": "", "REQUESTS_CA_BUNDLE": str(file)}
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
