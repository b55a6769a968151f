"""What the sandbox refused, as a client of pyairtable sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, Any]:
    """The status and the JSON body of the HTTPError that the call raises."""
    with pytest.raises(requests.HTTPError) as caught:
        call(*args, **kwargs)
    response = caught.value.response
    return response.status_code, response.json()


def error_type(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[int, str]:
    """The status and the type of error, where the body has an error object."""
    status, document = refused(call, *args, **kwargs)
    return status, document["error"]["type"]
