"""A service that has sold in every way, for tests that ask it for whatever somebody thought of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from service.assembly.stores import open_accounts


async def fail(shop) -> tuple[str, dict[str, str]]:
    """Sell what the worker refuses: the invoice, and what proves whose the money is."""
    quote = (await shop.http.post("/lightning/request-video/text", json={"text": "Hello."})).json()
    invoice, preimage = quote["bolt11_invoice"], shop.node.pay(quote["bolt11_invoice"])
    await shop.video(invoice)
    assert (await shop.payment(invoice))["refund"]["state"] == "offered"
    return invoice, {"refund_token": quote["refund_token"], "preimage": preimage.hex()}


async def hold(shop, payers: contextlib.AsyncExitStack) -> str:
    """Sell in one step to somebody whose payment is held from now on."""
    invoice = await shop.quote(hold=True, avatar="arab_woman", emotion="happy", language="en")
    paying = asyncio.create_task(shop.node.pay_held(invoice))
    paying.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may come back
    payers.callback(paying.cancel)
    return invoice


async def top_up(shop) -> str:
    """Sell video time that nobody pays: the invoice."""
    return (await shop.http.post("/lightning/top-up", json={"seconds": 9})).json()["bolt11_invoice"]


async def account_key(shop) -> dict[str, str]:
    """Make a key of an account that has some moves."""
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create("app")
        account = await holders.accounts.get(number)
        assert account is not None
        for n in range(5):
            await holders.video_time.grant(account, 10_000 + n)
        return {"Authorization": f"Bearer {await holders.keys.create('app', account_id=number)}"}


async def inferences(shop, key: dict[str, str]) -> list[str]:
    """Have an account's videos made, or promised, or refused: their ids."""
    wish = {"text": "Hello.", "avatar": "arab_woman", "emotion": "happy"}
    ids = [
        (await shop.http.post("/inference", json={**wish, **more}, headers=key)).json()["id"]
        for more in ({}, {"delayed": True}, {"delayed": True})
    ]
    shop.worker.answer = (400, "Nobody can say that.")
    await shop.http.get(f"/inference/{ids[2]}/video.mp4")
    shop.worker.answer = None
    return ids


async def upload(shop, key: dict[str, str]) -> str:
    """Put a picture into the library of an account: what its link ends with."""
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    answer = await shop.http.post("/media", content=picture, headers=key)
    return str(answer.json()["url"].rpartition("/")[2])


@pytest.fixture(scope="module")
def known(tmp_path_factory, make_shop):
    """A service in a thread of its own, since the requests block theirs; its URL, and invoices in every state."""

    @contextlib.asynccontextmanager
    async def stage(folder: Path) -> AsyncIterator[dict[str, Any]]:
        async with (
            make_shop(folder, payment_wait_s=0.01, status_wait_s=0.01, hold_renders=1) as shop,
            contextlib.AsyncExitStack() as payers,
        ):
            expired = await shop.quote()
            shop.clock.pass_by(hours=1)
            await shop.payment(expired)
            sold, ready = await shop.paid(), await shop.paid()
            holder = await account_key(shop)
            videos = await inferences(shop, holder)
            await shop.video(ready)
            shop.worker.answer = (400, "Nobody can say that.")
            failed, proof = await fail(shop)
            private = await shop.quote(private=True)
            canceled = await hold(shop, payers)
            await shop.until(canceled, lambda payment: payment["status"] == "canceled")
            shop.worker.answer, shop.worker.hold_after = None, 1
            await shop.until(await hold(shop, payers), lambda payment: payment["video"]["frames"] > 0)
            shop.worker.hold_after = None
            held = await hold(shop, payers)  # waits for the turn of the one before
            await shop.until(held, lambda payment: payment["status"] == "held")
            yield {
                "url": shop.url,
                "over": [ready, expired, canceled],
                "invoices": [
                    await shop.quote(),
                    sold,
                    ready,
                    expired,
                    failed,
                    held,
                    canceled,
                    await top_up(shop),
                ],
                "private": private,
                "proofs": {failed: proof},
                "key": (await shop.key())["Authorization"],
                "holders": holder["Authorization"],
                "videos": videos,
                "media": [await upload(shop, holder) for _ in range(3)],
            }

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(stage(tmp_path_factory.mktemp("known"))) as known,
    ):
        yield known
