"""Inferences and video time for a credential, over HTTP, with a node in memory."""

import asyncio
import re

import pytest

from lightning.reading import read_invoice
from service.assembly.stores import open_orders

CHALLENGE = re.compile(r'L402 macaroon="(.*?)", invoice="(.*?)", version="0", token="(.*?)"')

WISH = {"text": "Hello there, my dear friend.", "avatar": "arab_woman", "emotion": "happy"}

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def challenged(answer):
    """The macaroon and the invoice of a challenge."""
    assert answer.status_code == 402, answer.text
    found = CHALLENGE.fullmatch(answer.headers["WWW-Authenticate"])
    assert found
    return found[1], found[2]


def pay(shop, answer, *, node=None):
    """Pay a challenge; the header that shows its receipt."""
    macaroon, invoice = challenged(answer)
    return {"Authorization": f"L402 {macaroon}:{(node or shop.node).pay(invoice).hex()}"}


@pytest.fixture
def shop(standing_shop):
    standing_shop.worker.segments = 4
    standing_shop.worker.requests.clear()
    return standing_shop


@pytest.fixture
async def own_shop(closed_shop):
    async with closed_shop.open() as own:
        yield own


async def infer(shop, headers=None, **changes):
    return await shop.http.post("/inference", json={**WISH, **changes}, headers=headers or {})


async def test_who_has_no_key_pays_for_the_inference_and_gets_its_answer(shop):
    asked = await infer(shop)
    body = asked.json()
    assert (body["status"], body["error_code"]) == ("error", "CREDENTIAL_REQUIRED")
    assert challenged(asked) == (body["details"]["macaroon"], body["details"]["bolt11_invoice"])
    receipt = pay(shop, asked)

    made, again = await infer(shop, receipt), await infer(shop, receipt)

    told = made.json()
    assert (made.status_code, told["status"], told["credits_consumed"]) == (200, "success", 0)
    assert told == again.json()
    assert (await shop.http.get(told["mp4_url"])).content == shop.worker.video
    assert (await shop.http.get(told["captions_url"])).text.startswith("WEBVTT")
    assert "#claim=" in told["html_url"]
    assert made.headers["Refund-Token"] == body["details"]["refund_token"]
    assert (await shop.http.get(made.links["status"]["url"])).json()["status"] == "paid"
    assert len(shop.worker.requests) == 1


async def test_a_paid_inference_streams_where_that_is_asked_for(shop):
    receipt = pay(shop, await infer(shop, text="Streamed."))

    streamed = await infer(shop, receipt, text="Streamed.", stream=True)

    assert streamed.content == shop.worker.video
    assert (await shop.http.get(streamed.headers["Content-Location"])).content == shop.worker.video


async def test_a_receipt_is_good_for_its_own_inference_alone(shop):
    receipt = pay(shop, await infer(shop, text="Mine."))

    challenged(await infer(shop, receipt, text="Another."))
    challenged(await infer(shop, receipt, text="Mine.", emotion="serious"))
    challenged(await shop.http.post("/l402/video", json={**WISH, "text": "Mine."}, headers=receipt))
    assert not shop.worker.requests


async def test_what_cannot_be_made_is_refused_before_there_is_anything_to_pay(shop):
    for change in ({"text": ""}, {"avatar": "nobody"}, {"emotion": ""}, {"delayed": True}):
        refused = await infer(shop, **change)
        assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETERS")
        assert "WWW-Authenticate" not in refused.headers


async def test_a_key_that_is_wrong_is_refused_and_not_sold_to(shop):
    assert (await infer(shop, {"X-API-Key": "sk_no"})).status_code == 401


async def test_a_bought_inference_that_fails_can_be_refunded(own_shop):
    asked = await infer(own_shop)
    receipt = pay(own_shop, asked)
    own_shop.worker.answer = (400, "Nobody can say that.")

    refused = await infer(own_shop, receipt)

    assert refused.status_code in (400, 500)
    state = (await own_shop.http.get(refused.links["status"]["url"])).json()
    assert (state["video"]["state"], state["refund"]["state"]) == ("failed", "offered")


async def top_up(shop, headers=None, seconds=600):
    return await shop.http.post("/l402/top-up", json={"seconds": seconds}, headers=headers or {})


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_who_has_no_account_buys_one_by_l402(own_shop):
    asked = await top_up(own_shop)
    problem = asked.json()
    assert problem["amount"] * 1000 == read_invoice(challenged(asked)[1]).amount
    receipt = pay(own_shop, asked)

    first, again = await asyncio.gather(*(top_up(own_shop, receipt) for _ in range(2)))

    told = first.json()
    assert told == again.json()
    assert (told["seconds"], told["account_id"]) == (600, problem["account_id"])
    account = (await own_shop.http.get("/account", headers={"X-API-Key": told["api_key"]})).json()
    assert (account["free_ms"], [each["move"] for each in account["ledger"]]) == (600_000, ["top-up"])


async def test_a_key_tops_up_its_own_account_by_l402(own_shop):
    mine = (await top_up(own_shop, pay(own_shop, await top_up(own_shop)))).json()
    key = {"X-API-Key": mine["api_key"]}
    receipt = pay(own_shop, await top_up(own_shop, key, 30))

    told = (await top_up(own_shop, {**key, **receipt}, 30)).json()

    assert (told["account_id"], told["api_key"], told["seconds"]) == (mine["account_id"], None, 30)
    challenged(await top_up(own_shop, {**key, **receipt}, 31))
    challenged(await top_up(own_shop, receipt, 30))
    account = (await own_shop.http.get("/account", headers=key)).json()
    assert account["free_ms"] == 630_000


async def test_the_video_time_is_there_though_the_answer_was_never_fetched(own_shop):
    asked = await top_up(own_shop, KEY)
    pay(own_shop, asked)
    invoice = challenged(asked)[1]
    await own_shop.http.get(f"/lightning/top-up/{invoice}", params={"wait": 30})

    # The same request again has the same invoice, whose receipt still tells the key.
    repeated = await top_up(own_shop, KEY)

    assert challenged(repeated)[1] == invoice


async def test_a_revoked_credential_tells_no_key(own_shop):
    asked = await top_up(own_shop)
    receipt = pay(own_shop, asked)
    assert (await top_up(own_shop, receipt)).status_code == 200

    async with open_orders(own_shop.settings()) as kept:
        assert await kept.top_ups.revoke(challenged(asked)[1])

    challenged(await top_up(own_shop, receipt))


async def test_a_receipt_of_a_silent_node_is_answered_later_and_not_challenged(closed_shop, silent_node):
    closed_shop.node = silent_node
    async with closed_shop.open() as shop:
        receipt = pay(shop, await top_up(shop))

        assert (await top_up(shop, receipt)).status_code == 200, (
            "the node is asked where its stream is silent"
        )
