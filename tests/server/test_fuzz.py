"""Whatever a stranger sends is answered, and with what the OpenAPI page promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.server.conftest import TOKEN, shop_in
from tests.server.forge import REFUSED, attack

EXAMPLES = 25
BODIES = 3000


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_requests_made_from_the_description_are_answered_as_it_says(
    tmp_path: Path, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with shop_in(tmp_path) as shop:
        description = schemathesis.openapi.from_url(f"{shop.client.url}/openapi.json")
        for found in description.get_all_operations():
            operation = found.ok()  # type: ignore[union-attr] # a broken description fails here
            if mode is GenerationMode.NEGATIVE and not takes_anything(operation):
                continue

            @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
            @given(operation.as_strategy(mode))
            def ask(case: schemathesis.Case[Any]) -> None:
                if isinstance(case.body, dict) and mode is GenerationMode.POSITIVE:
                    case.body["citizen_id"] = "marco"
                # No description tells which signatures are good, or what is sold today.
                case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

            ask()


def takes_anything(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    """There is something to get wrong."""
    return bool(list(operation.iter_parameters()) or operation.body)


def test_forged_mangled_recorded_or_oversized_bodies_neither_act_nor_crash(tmp_path: Path) -> None:
    found = attack(tmp_path, bodies=BODIES, seed=2)
    assert found.total() == BODIES
    assert {status for _, status in found} == REFUSED
