"""An avatar of an account is seen in its own live sessions and calls, by whichever worker shows them."""

import pytest

from service.assembly.stores import open_kept
from service.catalogue.own import own_name
from tests.live.viewer import Viewer
from tests.service.made import JOB, make_avatar
from tests.worker.conftest import write_avatar
from tests.worker.test_lent import packed

MINE = own_name(JOB)


@pytest.fixture
async def owner(live_shop, holder_of, tmp_path):
    """Who has an avatar, as the studio leaves it."""
    holder = await holder_of(live_shop)
    write_avatar(tmp_path / MINE, MINE, {"neutral": "pingpong"})
    async with open_kept(live_shop.settings()) as kept:
        await make_avatar(kept, holder.id, pack=packed(tmp_path / MINE), held_ms=0)
    return holder


async def offered(holder, viewer):
    offer = {"sdp": await viewer.offer(), "type": "offer", "avatar": MINE}
    answer = await holder.shop.http.post("/offer", json=offer, headers=holder.headers, timeout=60)
    return answer.json()


async def test_its_account_sees_it_live_and_nobody_else_does(live_shop, owner, holder_of):
    stranger, theirs = await holder_of(live_shop), Viewer()
    refused = await offered(stranger, theirs)
    await theirs.close()
    viewer = Viewer()
    answer = await offered(owner, viewer)
    await viewer.accept(answer["sdp"])
    await viewer.until(lambda: len(viewer.light) > 10, "picture")
    await viewer.close()
    async with owner.connect(avatar=MINE) as client:
        await client.send("Hello.", "!!!Close!!!")
        assert await client.closed() == (1000, "")

    assert (refused["code"], "avatar" in refused["msg"]) == (-1, True)
    assert client.frames > 10
    assert sum(await owner.settled()) == 60_000
