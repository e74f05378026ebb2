"""What is new is told at once, and not at the next look."""

import pytest

from service.runtime.bells import Bells


@pytest.fixture
async def shop(closed_shop):
    async with closed_shop.open(webhook_private=True, webhook_look_s=3600) as shop:
        yield shop


async def test_a_receiver_is_told_of_all_without_a_look_in_between(shop, run_server):
    told: list[bytes] = []

    async def receiver(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
                if kind == "lifespan.shutdown":
                    return
        told.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with run_server(receiver) as url:
        wish = {"text": "Hello there, my dear friend.", "webhook_url": url}
        quote = (await shop.http.post("/lightning/request-video/text", json=wish)).json()
        shop.node.pay(quote["bolt11_invoice"])
        await shop.eventually(lambda: len(told) == 1)
        await shop.video(quote["bolt11_invoice"])
        await shop.eventually(lambda: len(told) == 3)

    assert [b"payment.settled" in told[0], b"video.ready" in told[2]] == [True, True]


async def test_who_watches_hears_every_ring_and_who_has_gone_none():
    bells = Bells()
    with bells.watch() as first, bells.watch() as second:
        bells.ring(1)
        assert first.is_set()
        assert second.is_set()
        first.clear()
        bells.ring_all_here()
        assert first.is_set()

    first.clear()
    bells.ring(2)
    assert not first.is_set()
