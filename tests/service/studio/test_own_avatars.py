"""An avatar that an account has made is shown in its own videos alone, by whichever worker renders."""

import pytest

from service.assembly.stores import open_kept, open_keys
from service.catalogue.own import pack_object
from service.runtime.clock import utc_now
from tests.service.made import PACK, make_avatar

WISH = {"text": "This is my own face.", "emotion": "neutral", "language": "en"}


class Holder:
    """Who has an account with a minute of video time."""

    def __init__(self, shop, number, headers):
        self.shop = shop
        self.number = number
        self.headers = headers

    async def ask(self, **wish):
        return await self.shop.http.post("/inference", json={**WISH, **wish}, headers=self.headers)

    async def free_ms(self):
        return (await self.shop.http.get("/account", headers=self.headers)).json()["free_ms"]


@pytest.fixture
async def kept(closed_shop):
    async with open_kept(closed_shop.settings()) as kept:
        yield kept


@pytest.fixture
def holder(closed_shop, kept):
    async def make(shop, name):
        number = await kept.accounts.create(name, most_open=None, now=utc_now())
        await kept.accounts.grant(number, 60_000, ref=name, now=utc_now())
        async with open_keys(closed_shop.settings()) as keys:
            key = await keys.create("test", account_id=number)
        return Holder(shop, number, {"Authorization": f"Bearer {key}"})

    return make


async def test_who_made_it_is_shown_it_and_a_worker_is_lent_it_once(closed_shop, kept, holder, worker):
    async with closed_shop.open() as shop:
        owner = await holder(shop, "owner")
        avatar = await make_avatar(kept, owner.number)

        answers = [await owner.ask(avatar=avatar) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert worker.lent == {avatar: PACK}
        assert [request["avatar"] for request in worker.requests] == [avatar] * 2


async def test_nobody_else_can_choose_it(closed_shop, kept, holder, worker):
    async with closed_shop.open() as shop:
        owner, stranger = await holder(shop, "owner"), await holder(shop, "stranger")
        avatar = await make_avatar(kept, owner.number)

        refused = [
            await stranger.ask(avatar=avatar),
            await shop.http.post("/lightning/request-video/text", json={"text": "Hi.", "avatar": avatar}),
            await owner.ask(avatar="own_ffffffffffffffffffffffff"),
        ]

        assert [answer.status_code for answer in refused] == [400] * 3
        assert await stranger.free_ms() == 60_000
        assert worker.requests == []
        feels_otherwise = await owner.ask(avatar=avatar, emotion="happy")
        assert feels_otherwise.status_code == 400
        assert "neutral" in feels_otherwise.text


async def test_a_video_whose_avatar_was_deleted_is_paid_back(closed_shop, kept, holder, worker):
    async with closed_shop.open() as shop:
        owner = await holder(shop, "owner")
        avatar = await make_avatar(kept, owner.number)
        await kept.objects.delete(pack_object("0123456789abcdef01234567"))
        before = await owner.free_ms()

        refused = await owner.ask(avatar=avatar)

        assert refused.status_code == 400
        assert "deleted" in refused.text
        assert await owner.free_ms() == before
        assert worker.requests == []
