"""Every refusal and failure as one JSON shape: `{"error": {kind, message, hint, …}}`."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from cascade_cli.adapters.stripe.client import KeyReusedError
from cascade_cli.adapters.stripe.signature import RefusedEventError
from cascade_cli.errors import (
    AnswerError,
    CascadeError,
    GuardError,
    NotFoundError,
    ServiceError,
    SettingsError,
    UsageError,
)
from cascade_cli.server.api.public_status import TooManyLookupsError
from cascade_cli.services.selling.payment_sales import PriceMismatchError
from cascade_cli.services.selling.price_quotes import NoRateError

RETRY_AFTER_SECONDS = {429: 5, 503: 30}
MOST_SHOWN = 5
_OUR_TROUBLE = 500

# The first class that fits decides.
_STATUSES: tuple[tuple[type[CascadeError], int], ...] = (
    (RefusedEventError, 400),
    (KeyReusedError, 409),
    (TooManyLookupsError, 429),
    (NoRateError, 503),
    (GuardError, 400),
    (UsageError, 400),
    (NotFoundError, 404),
    (AnswerError, 502),
    (ServiceError, 503),
    (SettingsError, 503),
    (CascadeError, 500),
)


class Trouble(BaseModel):
    """What went wrong, and what to do; `amount_cents` is the right price after a wrong one."""

    kind: str
    message: str
    hint: str = ""
    amount_cents: int | None = None
    currency: str | None = None


class Problem(BaseModel):
    """The body of every answer that is not a success."""

    error: Trouble = Field()


def problem(status: int, kind: str, message: str, hint: str = "", **more: Any) -> JSONResponse:
    """An answer of that shape."""
    trouble = Trouble(kind=kind, message=message, hint=hint, **more)
    body = {"error": trouble.model_dump(exclude_none=True)}
    seconds = RETRY_AFTER_SECONDS.get(status)
    retry = {"Retry-After": str(seconds)} if seconds else {}
    return JSONResponse(body, status, headers=retry)


def answer_to(error: CascadeError, complete: Callable[[str], str] = str) -> JSONResponse:
    """The answer that an error of ours becomes.

    Callers do not learn what is wrong with the shop's own keys and settings.
    """
    status = next(status for ours, status in _STATUSES if isinstance(error, ours))
    if isinstance(error, SettingsError):
        return problem(status, error.kind, "The shop is not set up to do this at the moment.")
    if isinstance(error, NoRateError):
        return problem(status, error.kind, error.message)
    if isinstance(error, PriceMismatchError):
        more = {"amount_cents": error.quote.amount_cents, "currency": error.quote.currency}
        return problem(status, error.kind, error.message, error.hint, **more)
    return problem(status, error.kind, complete(error.message), complete(error.hint))


def install(
    app: FastAPI,
    complete: Callable[[str], str] = str,
    hear: Callable[[Exception], None] = lambda _error: None,
) -> None:
    """Let the app answer all errors in this shape. `hear` is told of those that are not the
    caller's."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CascadeError)  # noqa: S101 - registered for nothing else
        answer = answer_to(error, complete)
        if answer.status_code >= _OUR_TROUBLE:
            hear(error)
        return answer

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
        return problem(422, "invalid_request", _sentence(error))

    async def http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - as above
        kind = HTTPStatus(error.status_code).name.lower()
        answer = problem(error.status_code, kind, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    app.add_exception_handler(CascadeError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    # Starlette's class, so that an unknown path and a wrong method get this shape too.
    app.add_exception_handler(HTTPException, http)


def _sentence(error: RequestValidationError) -> str:
    """Which fields are wrong, and why; not their values, which may be anything."""
    found = [(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()[:MOST_SHOWN]]
    return "; ".join(f"{where}: {why}" for where, why in found)
