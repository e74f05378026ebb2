"""A preimage is kept as long as anybody might pay for it."""

import pytest
import sqlalchemy as sa

from lightning import NodeUnavailable
from lightning.memory import MemoryBackend
from service.assembly.stores import open_database, open_kept
from service.retention.preimages import UnusedPreimages
from service.storage.schema import preimages

pytestmark = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)

HOLD = {"hold": True, "avatar": "arab_woman", "emotion": "happy", "language": "en"}


class DeafNode(MemoryBackend):
    """A node whose answers to who wants a hold invoice are lost, some of which it has made."""

    lost = False

    async def add_hold_invoice(self, *asked, **terms):
        made = await super().add_hold_invoice(*asked, **terms)
        if self.lost:
            raise NodeUnavailable("the line was cut")
        return made


async def kept_preimages(shop) -> int:
    async with open_database(shop.settings()) as database:
        count = sa.select(sa.func.count()).select_from(preimages)
        return await database.read(lambda connection: connection.execute(count).scalar_one())


async def test_a_preimage_of_an_invoice_that_nobody_got_is_deleted_at_the_second_look(closed_shop):
    closed_shop.node = DeafNode()
    async with closed_shop.open() as shop, open_kept(shop.settings()) as kept:
        invoice = await shop.quote(**HOLD)
        shop.node.lost = True
        refused = await shop.http.post("/lightning/request-video/text", json={"text": "Hello.", **HOLD})
        assert refused.status_code == 503
        unused = UnusedPreimages(kept.preimages)

        await unused.look()
        assert await kept_preimages(shop) == 2  # a payment may be on its way
        await unused.look()
        assert await kept_preimages(shop) == 1

        await shop.node.pay_held(invoice)
        await shop.until(invoice, lambda payment: payment["status"] == "paid")


async def test_a_preimage_whose_payment_came_meanwhile_stays(closed_shop):
    async with closed_shop.open() as shop, open_kept(shop.settings()) as kept:
        await shop.quote(**HOLD)
        before = await kept.preimages.unused(limit=9)
        async with open_database(shop.settings()) as database:
            rows = sa.select(preimages.c.payment_hash)
            known = await database.read(lambda connection: connection.execute(rows).scalars().all())

        assert before == set()
        assert await kept.preimages.delete_unused(known) == 0
        assert await kept_preimages(shop) == 1
