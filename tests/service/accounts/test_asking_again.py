"""Top-ups that are asked for again, waited for, and listed."""

import asyncio

import pytest

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


async def ask(shop, seconds=600, **headers):
    return await shop.http.post("/lightning/top-up", json={"seconds": seconds}, headers=headers)


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_request_that_is_sent_again_gets_the_same_top_up_and_the_same_key(shop):
    once, again = await asyncio.gather(*(ask(shop, **{"Idempotency-Key": KEY}) for _ in range(2)))
    other = await ask(shop, **{"Idempotency-Key": KEY.replace("8", "9")})
    changed = await ask(shop, 601, **{"Idempotency-Key": KEY})
    malformed = await ask(shop, **{"Idempotency-Key": "mine"})

    assert once.json() == again.json()
    assert other.json()["bolt11_invoice"] != once.json()["bolt11_invoice"]
    assert other.json()["api_key"] != once.json()["api_key"]
    assert (changed.status_code, malformed.status_code) == (422, 400)
    shown = await shop.http.get("/account", headers={"X-API-Key": again.json()["api_key"]})
    assert shown.json()["account_id"] == once.json()["account_id"]


async def test_an_idempotency_key_of_one_account_is_nobody_elses(shop):
    first = (await ask(shop)).json()
    keys = [{"X-API-Key": first["api_key"]}, {"X-API-Key": (await ask(shop)).json()["api_key"]}, {}]

    asked = [(await ask(shop, **{"Idempotency-Key": KEY, **key})).json() for key in keys]

    assert len({each["bolt11_invoice"] for each in asked}) == 3
    assert [each["api_key"] is None for each in asked] == [True, True, False]


async def test_an_idempotency_key_is_free_again_once_its_quote_has_run_out(shop):
    first = (await ask(shop, **{"Idempotency-Key": KEY})).json()

    shop.clock.pass_by(hours=1)
    second = await ask(shop, 60, **{"Idempotency-Key": KEY})

    assert second.status_code == 200
    assert second.json()["bolt11_invoice"] != first["bolt11_invoice"]


async def test_who_waits_for_a_top_up_is_told_when_it_is_paid(shop):
    quote = (await ask(shop)).json()
    path = f"/lightning/top-up/{quote['bolt11_invoice']}"
    assert (await shop.http.get(path)).json()["status"] == "pending"

    waiting = asyncio.create_task(shop.http.get(path, params={"wait": 30}))
    await shop.until_waiting()
    shop.node.pay(quote["bolt11_invoice"])

    assert (await waiting).json()["status"] == "paid"
    assert (await shop.http.get(path, params={"wait": 30})).json()["status"] == "paid"
    assert (await shop.http.get(path, params={"wait": -1})).status_code == 400


async def test_an_account_lists_its_top_ups_and_nobody_elses(shop):
    first = (await ask(shop, 5)).json()
    key = {"X-API-Key": first["api_key"]}
    for seconds in (6, 7):
        await ask(shop, seconds, **key)
    await ask(shop, 8)
    shop.node.pay(first["bolt11_invoice"])
    await shop.http.get(f"/lightning/top-up/{first['bolt11_invoice']}", params={"wait": 30})

    told, path = [], "/account/top-ups?limit=2"
    while path:
        page = await shop.http.get(path, headers=key)
        told += page.json()["top_ups"]
        path = page.links["next"]["url"] if "next" in page.links else ""

    assert [(each["seconds"], each["status"]) for each in told] == [
        (7, "pending"),
        (6, "pending"),
        (5, "paid"),
    ]
    assert (await shop.http.get("/account/top-ups")).status_code == 401
