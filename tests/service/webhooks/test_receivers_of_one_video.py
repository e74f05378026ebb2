"""Receivers that are named with one video: by L402, or at `POST /inference`."""

import json

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from service.assembly.stores import open_outbox
from tests.service.webhooks.test_account_webhooks import WISH, infer, name, new_account

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


async def challenge(shop, wish, path="/l402/video", headers=None):
    """The challenge's body, `details` of it at /inference, and the header that opens what it was paid for."""
    answer = await shop.http.post(path, json=wish, headers=headers or {})
    assert answer.status_code == 402, answer.text
    said = answer.json()
    return said.get("details", said)


def credential(shop, said) -> dict[str, str]:
    return {"Authorization": f"L402 {said['macaroon']}:{shop.node.pay(said['bolt11_invoice']).hex()}"}


def verified(receiver, secret) -> None:
    verifier = Webhook(secret)
    for headers, body in receiver.tries:
        assert verifier.verify(body, headers) == json.loads(body)


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_who_buys_by_l402_is_told_of_all(shop, receiver):
    wish = {**WISH, "webhook_url": f"{receiver.url}/hook"}
    said = await challenge(shop, wish)

    video = await shop.http.post("/l402/video", json=wish, headers=credential(shop, said))
    await shop.eventually(lambda: len(receiver.told) == 3)

    assert receiver.types == ["payment.settled", "video.started", "video.ready"]
    assert {each["data"]["bolt11_invoice"] for each in receiver.told} == {said["bolt11_invoice"]}
    assert video.headers["Webhook-Secret"] == said["webhook_secret"]
    verified(receiver, said["webhook_secret"])


async def test_an_l402_challenge_that_nobody_pays_is_told(shop, receiver):
    await challenge(shop, {**WISH, "webhook_url": receiver.url})
    shop.node._now = lambda: shop.clock.now().timestamp()
    shop.clock.pass_by(hours=1)

    await shop.eventually(lambda: receiver.types == ["payment.expired"])


async def test_the_receiver_is_no_part_of_what_a_credential_is_good_for(shop, receiver):
    said = await challenge(shop, {**WISH, "webhook_url": f"{receiver.url}/first"})
    opens = credential(shop, said)

    for other in (f"{receiver.url}/second", None):
        answer = await shop.http.post("/l402/video", json={**WISH, "webhook_url": other}, headers=opens)
        assert answer.content == shop.worker.video
    linked = await shop.http.post("/l402/video?link=true", json=WISH, headers=opens)
    await shop.eventually(lambda: len(receiver.told) == 3)

    assert linked.json()["webhook_secret"] == said["webhook_secret"]
    verified(receiver, said["webhook_secret"])


async def test_a_recording_by_l402_has_a_receiver(shop, receiver, make_wav):
    fields = {"avatar": "arab_woman", "emotion": "happy", "webhook_url": receiver.url}
    form = {"data": fields, "files": {"audio": make_wav(1.0)}}
    said = (await shop.http.post("/l402/video", **form)).json()

    await shop.http.post("/l402/video", **form, headers=credential(shop, said))
    await shop.eventually(lambda: len(receiver.told) == 3)

    verified(receiver, said["webhook_secret"])


async def test_who_has_no_key_and_pays_an_inference_is_told(shop, receiver):
    wish = {**WISH, "webhook_url": receiver.url}
    said = await challenge(shop, wish, "/inference")

    made = await shop.http.post("/inference", json=wish, headers=credential(shop, said))
    await shop.eventually(lambda: len(receiver.told) == 3)

    assert made.json()["webhook_secret"] == made.headers["Webhook-Secret"] == said["webhook_secret"]
    verified(receiver, said["webhook_secret"])


async def test_a_challenge_that_is_told_again_has_the_same_secret_and_another_receiver_is_another_request(
    shop, receiver
):
    wish = {**WISH, "webhook_url": receiver.url}
    first, second = [await challenge(shop, wish, headers=KEY) for _ in range(2)]
    other = await shop.http.post("/l402/video", json=WISH, headers=KEY)

    assert first["webhook_secret"] == second["webhook_secret"]
    assert first["bolt11_invoice"] == second["bolt11_invoice"]
    assert other.status_code == 422


async def test_who_names_no_receiver_gets_no_secret(shop):
    said = await challenge(shop, WISH)
    bought = await shop.http.post("/l402/video", json=WISH, headers=credential(shop, said))
    inferred = await infer(shop, await new_account(shop, 6))

    assert said["webhook_secret"] is None
    assert "webhook_secret" not in inferred.json()
    assert "Webhook-Secret" not in {**bought.headers, **inferred.headers}


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_an_inference_has_a_receiver_of_its_own_in_place_of_the_accounts(shop, receiver, run_server):
    key = await new_account(shop, 600)
    accounts = type(receiver)()
    async with run_server(accounts) as accounts.url:
        await name(shop, key, accounts.url)
        own = (await infer(shop, key, webhook_url=f"{receiver.url}/own")).json()
        await infer(shop, key, text="Another.")
        await shop.eventually(lambda: len(receiver.told) == len(accounts.told) == 2)

    assert receiver.types == accounts.types == ["video.started", "video.ready"]
    assert {each["data"]["id"] for each in receiver.told} == {own["id"]}
    assert own["id"] not in {each["data"]["id"] for each in accounts.told}
    verified(receiver, own["webhook_secret"])


async def test_an_inference_of_an_account_without_a_receiver_has_one(shop, receiver):
    key = await new_account(shop, 60)

    made = (await infer(shop, key, webhook_url=receiver.url)).json()
    await shop.eventually(lambda: receiver.types == ["video.started", "video.ready"])

    verified(receiver, made["webhook_secret"])


async def test_a_receiver_of_one_inference_verifies_by_the_secrets_of_its_account_too(shop, receiver):
    key = await new_account(shop, 600)
    secrets = [(await name(shop, key, "http://127.0.0.1:9/")).json()["webhook_secret"]]
    rotated = await shop.http.post("/account/webhook/secret", headers=key)
    secrets.append(rotated.json()["webhook_secret"])

    own = (await infer(shop, key, webhook_url=receiver.url)).json()["webhook_secret"]
    await shop.eventually(lambda: len(receiver.told) == 2)

    for secret in (own, *secrets):
        verified(receiver, secret)
    with pytest.raises(WebhookVerificationError):
        verified(receiver, "whsec_" + "A" * 44)


async def test_a_delayed_video_tells_its_receiver_when_it_is_opened(shop, receiver):
    key = await new_account(shop, 60)
    made = (await infer(shop, key, webhook_url=receiver.url, delayed=True)).json()

    await shop.http.get(f"/inference/{made['id']}/video.mp4")
    await shop.eventually(lambda: receiver.types == ["video.started", "video.ready"])

    verified(receiver, made["webhook_secret"])


async def test_a_stream_says_the_secret_in_its_head(shop, receiver):
    key = await new_account(shop, 60)

    streamed = await infer(shop, key, webhook_url=receiver.url, stream=True)
    await shop.eventually(lambda: len(receiver.told) == 2)

    assert streamed.content == shop.worker.video
    verified(receiver, streamed.headers["Webhook-Secret"])


async def test_an_inference_that_fails_says_the_secret_of_what_is_told(shop, receiver):
    key = await new_account(shop, 60)
    shop.worker.answer = (400, "Nobody can say that.")

    refused = await infer(shop, key, webhook_url=receiver.url)
    await shop.eventually(lambda: receiver.types == ["video.started", "video.failed"])

    verified(receiver, refused.headers["Webhook-Secret"])


async def test_an_inference_that_is_asked_for_again_has_the_same_secret(shop, receiver):
    key = {**await new_account(shop, 60), **KEY}
    first, second = [(await infer(shop, key, webhook_url=receiver.url)).json() for _ in range(2)]
    other = await infer(shop, key, webhook_url=f"{receiver.url}/other")

    assert first == second
    assert first["webhook_secret"].startswith("whsec_")
    assert other.status_code == 422


async def test_an_accounts_receiver_that_changes_or_goes_leaves_those_of_single_videos(shop, receiver):
    key = await new_account(shop, 600)
    receiver.status = 500
    await name(shop, key, "http://127.0.0.1:9/")
    made = (await infer(shop, key, webhook_url=f"{receiver.url}/own")).json()
    await shop.eventually(lambda: len(receiver.tries) > 0)

    await name(shop, key, "http://127.0.0.1:9/other")
    await shop.http.post("/account/webhook/secret", headers=key)
    assert (await shop.http.delete("/account/webhook", headers=key)).status_code == 204
    async with open_outbox(shop.settings()) as outbox:
        far = shop.clock.now().replace(year=2100)
        [letter] = await outbox.due(far, but=(), limit=9)
    assert letter.webhook.url == f"{receiver.url}/own"
    assert letter.webhook.secret == made["webhook_secret"]


@pytest.mark.parametrize("url", ["http://example.org/", "https://127.0.0.1/", "https://localhost/", ""])
async def test_a_receiver_that_nobody_on_the_internet_has_is_refused_before_anything_is_sold(
    closed_shop, url
):
    wish = {**WISH, "webhook_url": url}
    async with closed_shop.open() as shop:
        key = await new_account(shop, 60)
        by_l402 = await shop.http.post("/l402/video", json=wish)
        without_key = await shop.http.post("/inference", json=wish)
        of_account = await shop.http.post("/inference", json=wish, headers=key)
        account = (await shop.http.get("/account", headers=key)).json()

    assert (by_l402.status_code, by_l402.json()["field"]) == (400, "webhook_url")
    assert (without_key.status_code, of_account.status_code) == (400, 400)
    assert account["free_ms"] == 60_000
