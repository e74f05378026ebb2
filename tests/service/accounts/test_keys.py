"""API keys: shown once, kept as hashes, useless once revoked."""

import sqlite3

import pytest

from service.accounts.port import Scope
from service.assembly.stores import open_keys


async def test_a_key_opens_the_list_until_it_is_revoked(shop):
    key = await shop.key()
    assert (await shop.http.get("/lightning/payments", headers=key)).status_code == 200

    async with open_keys(shop.settings()) as keys:
        [listed] = await keys.list()
        assert await keys.revoke(listed.id)
        assert not await keys.revoke(listed.id)

    assert (await shop.http.get("/lightning/payments", headers=key)).status_code == 401


async def test_a_key_is_listed_by_its_first_characters_and_kept_as_a_hash(closed_shop):
    async with open_keys(closed_shop.settings()) as keys:
        key = await keys.create("accounting")
        [listed] = await keys.list()

    assert ("accounting", key[:10], None) == (listed.name, listed.prefix, listed.revoked_at)
    with sqlite3.connect(closed_shop.folder / "satspeak.sqlite3") as database:
        [row] = database.execute("select * from keys").fetchall()
    assert key not in row


async def test_the_scheme_of_the_header_is_read_in_any_case(shop):
    key = await shop.key()
    header = {"Authorization": key["Authorization"].replace("Bearer", "bearer")}

    assert (await shop.http.get("/lightning/payments", headers=header)).status_code == 200


@pytest.mark.parametrize(
    ("scope", "opens", "closed"),
    [
        (Scope.PAYMENTS, "/lightning/payments", "/metrics"),
        (Scope.METRICS, "/metrics", "/lightning/payments"),
    ],
)
async def test_a_key_opens_only_what_it_was_made_for(standing_shop, scope, opens, closed):
    key = await standing_shop.key(scope)

    assert (await standing_shop.http.get(opens, headers=key)).status_code == 200
    refused = await standing_shop.http.get(closed, headers=key)
    assert refused.status_code == 403
    assert refused.json()["error_code"] == "INSUFFICIENT_SCOPE"


async def test_a_key_is_good_for_everything_where_no_scope_is_named(closed_shop):
    async with open_keys(closed_shop.settings()) as keys:
        await keys.create("accounting")
        [listed] = await keys.list()

    assert listed.scopes == frozenset(Scope)
