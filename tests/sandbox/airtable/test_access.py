from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cascade_cli.sandbox.airtable import BASE_ID
from tests.sandbox.airtable.answers import error_type, refused
from tests.sandbox.airtable.conftest import Client

FORBIDDEN = (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


@pytest.fixture
def with_token(url: str) -> Iterator[Callable[[str], Client]]:
    made: list[Client] = []

    def connect(token: str) -> Client:
        made.append(Client(url, token))
        return made[-1]

    yield connect
    for client in made:
        client.close()


def test_an_unknown_token_is_401(with_token: Callable[[str], Client]) -> None:
    status, document = refused(with_token("patOther").citizens.all)
    assert status == 401
    assert document["error"]["type"] == "AUTHENTICATION_REQUIRED"


def test_no_token_is_401(client: Client) -> None:
    del client.api.session.headers["Authorization"]
    assert refused(client.citizens.all)[0] == 401


def test_a_read_only_token_reads_and_does_not_write(with_token: Callable[[str], Client]) -> None:
    client = with_token("patSandboxReadOnly1")
    assert client.citizens.all() == []
    assert client.api.base(BASE_ID).schema().tables
    assert error_type(client.citizens.create, {"Username": "m"}) == FORBIDDEN


def test_a_token_without_the_schema_right_reads_and_writes_records(
    with_token: Callable[[str], Client],
) -> None:
    client = with_token("patSandboxNoSchema1")
    record = client.citizens.create({"Username": "m"})
    assert client.citizens.get(record["id"])["fields"]["Username"] == "m"
    assert error_type(client.api.base(BASE_ID).schema) == FORBIDDEN


def test_a_token_without_rights_still_knows_who_it_is(with_token: Callable[[str], Client]) -> None:
    client = with_token("patSandboxNothing1")
    assert client.api.whoami()["id"].startswith("usr")
    assert error_type(client.citizens.all) == FORBIDDEN


def test_a_listing_by_post_needs_only_the_right_to_read(
    with_token: Callable[[str], Client],
) -> None:
    client = with_token("patSandboxReadOnly1")
    assert client.api.post(client.citizens.urls.records_post, json={}) == {"records": []}


def test_an_unknown_base_or_table_looks_like_a_missing_right(client: Client) -> None:
    assert error_type(client.api.table("appNoSuchBase0000", "CITIZENS").all) == FORBIDDEN
    assert error_type(client.table("GUILDS").all) == FORBIDDEN
    assert error_type(client.api.base("appNoSuchBase0000").schema) == FORBIDDEN


@pytest.mark.parametrize(
    "path", [("meta", "nonsense"), (BASE_ID,), (BASE_ID, "CITIZENS", "x", "y")]
)
def test_an_unknown_path_is_404_with_a_bare_string(client: Client, path: tuple[str, ...]) -> None:
    url = client.api.build_url(*path)
    assert refused(client.api.get, url) == (404, {"error": "NOT_FOUND"})
