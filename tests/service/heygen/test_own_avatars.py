"""`POST /api/v1/avatars/create`: an account's own avatar, made of a picture in its library."""

import uuid

import pytest

from service.assembly.stores import open_kept
from service.catalogue.own import own_job
from tests.service.heygen.conftest import VOICES, holder_of
from tests.service.made import make_avatar

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "e221bc330000000049454e44ae426082"
)


@pytest.fixture
async def shop(closed_shop):
    closed_shop.worker.voices = VOICES
    async with closed_shop.open() as shop:
        yield shop


@pytest.fixture
async def holder(shop):
    return await holder_of(shop)


async def uploaded(holder) -> str:
    answer = await holder.shop.http.post("/media", content=PICTURE, headers=holder.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


async def create(holder, url, **headers):
    return await holder.post("/avatars/create", {"name": "My Custom Avatar", "image_url": url}, **headers)


async def listed(holder):
    return [avatar for avatar in (await holder.get("/avatars")).json() if avatar["is_custom"]]


async def leave(closed_shop, account_id) -> str:
    """Leave what is left when a worker has made an avatar; its name."""
    request = {"name": "Me", "gender": "female", "medium": "gone"}
    async with open_kept(closed_shop.settings()) as kept:
        return await make_avatar(kept, account_id, request=request)


async def test_it_is_one_job_by_one_key_and_its_account_alone_sees_it(shop, holder):
    url, key = await uploaded(holder), str(uuid.uuid4())
    stranger = await holder_of(shop)

    first, again = [await create(holder, url, **{"Idempotency-Key": key}) for _ in range(2)]

    assert first.status_code == 200, first.text
    told = first.json()
    assert own_job(told["avatar_id"])
    assert again.json()["avatar_id"] == told["avatar_id"]
    assert (told["name"], told["is_custom"], told["image_url"]) == ("My Custom Avatar", True, url)
    assert [avatar["avatar_id"] for avatar in await listed(holder)] == [told["avatar_id"]]
    assert await listed(stranger) == []


async def test_one_that_is_made_speaks_for_its_account_in_any_style_and_for_no_other(closed_shop):
    owner, stranger = await holder_of(closed_shop), await holder_of(closed_shop)
    avatar = await leave(closed_shop, owner.account_id)
    closed_shop.worker.voices = VOICES

    async with closed_shop.open():
        told = (await listed(owner))[0]
        made = await owner.create(avatar_id=avatar, style="casual")
        refused = await stranger.create(avatar_id=avatar)

    assert (told["avatar_id"], told["status"], told["image_url"]) == (avatar, "completed", None)
    assert (made.status_code, made.json()["status"]) == (200, "completed"), made.text
    assert (made.json()["metadata"]["emotion"], made.json()["metadata"]["avatar_id"]) == ("neutral", avatar)
    assert (refused.status_code, refused.json()["error_code"]) == (404, "AVATAR_NOT_FOUND")


async def test_an_account_without_video_time_is_told_what_is_missing(shop):
    poor = await holder_of(shop, ms=0)

    answer = await create(poor, await uploaded(poor))

    assert (answer.status_code, answer.json()["error_code"]) == (402, "INSUFFICIENT_CREDITS")


async def test_a_link_of_a_library_that_leads_nowhere_is_not_found(shop, holder):
    answer = await create(holder, f"{shop.url}/media/{'a' * 26}.png")

    assert (answer.status_code, answer.json()["error_code"]) == (404, "MEDIUM_NOT_FOUND")
