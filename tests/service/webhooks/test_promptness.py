"""What is new is told at once, and not at the next look."""

import pytest

from service.runtime.bells import Bells


@pytest.fixture
async def shop(closed_shop):
    async with closed_shop.open(webhook_private=True, webhook_look_s=3600) as shop:
        yield shop


async def test_a_receiver_is_told_of_all_without_a_look_in_between(shop, receiver):
    wish = {"text": "Hello there, my dear friend.", "webhook_url": receiver.url}
    quote = (await shop.http.post("/lightning/request-video/text", json=wish)).json()
    shop.node.pay(quote["bolt11_invoice"])
    await shop.eventually(lambda: len(receiver.told) == 1)
    await shop.video(quote["bolt11_invoice"])
    await shop.eventually(lambda: len(receiver.told) == 3)

    assert (receiver.types[0], receiver.types[2]) == ("payment.settled", "video.ready")


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
