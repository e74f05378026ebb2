"""An order that only its claim token opens."""

import hashlib
import sqlite3

import pytest


@pytest.fixture
async def private(shop):
    """A private quote, paid."""
    answer = await shop.http.post("/lightning/request-video/text", json={"text": "Hush.", "private": True})
    quote = answer.json()
    shop.node.pay(quote["bolt11_invoice"])
    return quote["bolt11_invoice"], quote["claim_token"]


def resources(shop, invoice):
    """What shows an order: how to ask for each."""
    body = shop.order(invoice)
    return {
        "payment": ("GET", f"/lightning/payment/{invoice}", None),
        "events": ("GET", f"/lightning/payment/{invoice}/events", None),
        "qr": ("GET", f"/lightning/qr/{invoice}", None),
        "video": ("GET", f"/lightning/video/{invoice}", None),
        "delivery": ("POST", "/lightning/generate-video", body),
    }


async def ask(shop, resource, headers=None, claim=None):
    method, path, body = resource
    if claim is None:
        return await shop.http.request(method, path, json=body, headers=headers)
    if body is None:
        return await shop.http.request(method, path, params={"claim_token": claim}, headers=headers)
    return await shop.http.request(method, path, json={**body, "claim_token": claim}, headers=headers)


@pytest.mark.parametrize("name", ["payment", "events", "qr", "video", "delivery"])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"Claim-Token": "wrong"}]
)
async def test_without_its_token_a_private_order_is_as_unknown(shop, private, worker, name, headers):
    invoice, _ = private
    refused = await ask(shop, resources(shop, invoice)[name], headers)
    # Not ours, but it begins alike: messages show the beginning.
    unknown = await ask(shop, resources(shop, invoice[:-1])[name], headers)

    assert (404, unknown.content) == (refused.status_code, refused.content)
    assert set(unknown.headers) == set(refused.headers)
    assert worker.requests == []


@pytest.mark.parametrize("where", ["own header", "beside an API key", "header", "field"])
async def test_its_token_opens_a_private_order(shop, private, worker, where):
    invoice, token = private
    given = {
        "own header": {"headers": {"Claim-Token": token}},
        "beside an API key": {"headers": {"Claim-Token": token, "Authorization": "Bearer another"}},
        "header": {"headers": {"Authorization": f"Bearer {token}"}},
        "field": {"claim": token},
    }[where]
    asked = resources(shop, invoice)

    assert worker.video == (await ask(shop, asked["delivery"], **given)).content
    assert worker.video == (await ask(shop, asked["video"], **given)).content
    assert (await ask(shop, asked["payment"], **given)).json()["status"] == "paid"
    assert '"ready"' in (await ask(shop, asked["events"], **given)).text
    code = await ask(shop, asked["qr"], **given)
    assert (code.status_code, code.headers["Cache-Control"]) == (200, "private, max-age=86400, immutable")


async def test_the_token_of_another_order_opens_nothing(shop, private):
    invoice, _ = private
    answer = await shop.http.post("/lightning/request-video/text", json={"text": "Me.", "private": True})
    other = answer.json()["claim_token"]

    assert (await ask(shop, resources(shop, invoice)["payment"], claim=other)).status_code == 404


async def test_a_head_and_a_range_need_the_token_too(shop, private):
    invoice, token = private
    await ask(shop, resources(shop, invoice)["delivery"], claim=token)

    assert (await shop.http.head(f"/lightning/video/{invoice}")).status_code == 404
    part = await shop.http.get(
        f"/lightning/video/{invoice}", headers={"Range": "bytes=0-3", "Authorization": f"bearer {token}"}
    )
    assert (part.status_code, part.content) == (206, b"init")


async def test_the_claim_token_is_kept_as_a_hash_only(shop, private):
    _, token = private

    with sqlite3.connect(shop.folder / "satspeak.sqlite3") as database:
        [row] = database.execute("select * from orders").fetchall()
    assert hashlib.sha256(token.encode()).digest() in row
    assert token not in row


async def test_recorded_speech_can_be_private_too(shop, make_wav):
    async def upload(private):
        return await shop.http.post(
            "/lightning/request-video/audio", files={"audio": ("a", make_wav(0.5))}, data={"private": private}
        )

    quote = (await upload("true")).json()
    assert (await shop.http.get(f"/lightning/payment/{quote['bolt11_invoice']}")).status_code == 404
    assert (await upload("false")).json()["claim_token"] is None
    assert (await upload("perhaps")).status_code == 400


async def test_an_order_that_is_not_private_needs_no_token_and_minds_none(shop):
    invoice = await shop.quote()

    for given in ({}, {"claim": "anything"}, {"headers": {"Authorization": "Bearer anything"}}):
        assert (await ask(shop, resources(shop, invoice)["payment"], **given)).status_code == 200
