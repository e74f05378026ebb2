"""API keys: shown once, kept as hashes, useless once revoked."""

import sqlite3

import pytest

from service.accounts.port import HOLDERS, NAMED_ONLY, OPERATORS, Scope
from service.assembly.stores import open_accounts, open_keys
from service.errors import KeyNotAllowed


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


async def test_a_key_of_the_operator_is_good_for_all_figures_and_no_desk_where_no_scope_is_named(closed_shop):
    async with open_keys(closed_shop.settings()) as keys:
        await keys.create("accounting")
        [listed] = await keys.list()

    assert (listed.account_id, listed.scopes) == (None, OPERATORS - NAMED_ONLY)


async def test_a_key_may_come_in_a_header_of_its_own(shop):
    key = await shop.key()
    header = {"X-API-Key": key["Authorization"].removeprefix("Bearer ")}

    assert (await shop.http.get("/lightning/payments", headers=header)).status_code == 200


async def test_a_key_of_an_account_shows_no_sales(shop):
    async with open_accounts(shop.settings()) as holders:
        account = await holders.video_time.create("app")
        key = await holders.keys.create("phone", account_id=account)
        [listed] = await holders.keys.list()

    assert (account, HOLDERS) == (listed.account_id, listed.scopes)
    for path in ("/lightning/payments", "/metrics"):
        assert (await shop.http.get(path, headers={"X-API-Key": key})).status_code == 403


@pytest.mark.parametrize(("scope", "of_account"), [(Scope.PAYMENTS, True), (Scope.VIDEO, False)])
async def test_no_key_is_made_for_what_its_kind_is_never_good_for(closed_shop, scope, of_account):
    async with open_accounts(closed_shop.settings()) as holders:
        account = await holders.video_time.create("app")
        with pytest.raises(KeyNotAllowed):
            await holders.keys.create("phone", [scope], account_id=account if of_account else None)
        assert await holders.keys.list() == []
