"""Who reads a video so slowly that much happens to it meanwhile."""

import httpx

from service.assembly.stores import open_objects

LONG_BYTES = 1 << 23
"""Of a segment, so that what lies between the shop and a slow reader holds no whole video."""


async def read_slowly(shop, invoice, meanwhile):
    """Read a whole video, of which something happens once its first bytes are here; what was read, if it ended."""
    received = bytearray()
    try:
        async with shop.http.stream("GET", f"/lightning/video/{invoice}") as answer:
            assert answer.status_code == 200
            async for chunk in answer.aiter_raw():
                if not received:
                    await meanwhile()
                received += chunk
    except httpx.RemoteProtocolError:
        return None
    return bytes(received)


async def unread(shop, worker):
    """Have a video made of which nobody has read the end; its invoice."""
    worker.segment_bytes = LONG_BYTES
    invoice = await shop.paid()
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)):
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
    await shop.until_joined()
    return invoice


async def test_who_reads_a_video_while_it_is_lost_and_given_up_gets_the_money_and_not_the_end(shop, worker):
    invoice = await unread(shop, worker)

    async def given_up():
        await open_objects(shop.settings()).delete("videos/")
        worker.answer = (400, "Nobody can say that.")
        assert (await shop.video(invoice)).status_code == 400
        assert (await shop.payment(invoice))["refund"]["state"] == "offered"

    assert await read_slowly(shop, invoice, given_up) is None

    assert (await shop.payment(invoice))["refund"]["state"] == "offered"


async def test_who_reads_a_video_to_its_end_while_it_is_lost_has_it_and_no_money(shop, worker):
    invoice = await unread(shop, worker)

    async def lost():
        await open_objects(shop.settings()).delete("videos/")
        assert (await shop.http.get(f"/lightning/video/{invoice}")).status_code == 409

    assert await read_slowly(shop, invoice, lost) == worker.video

    worker.answer = (400, "Nobody can say that.")
    assert (await shop.video(invoice)).status_code == 400
    payment = await shop.payment(invoice)
    assert (payment["video"]["state"], payment["refund"]) == ("failed", None)
