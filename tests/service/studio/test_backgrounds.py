"""Pictures and films behind people: fetched and judged before they are sold, and kept as long as their videos."""

import hashlib
from datetime import timedelta

import pytest

from service.accounts.port import Scope
from service.assembly.stores import open_kept
from service.jobs.names import background_name
from service.retention.orphans import Orphans
from tests.media_files import film, picture

WISH = {"text": "Hello there.", "avatar": "arab_woman", "emotion": "happy", "language": "en"}
HD = {"width": 1280, "height": 720}


@pytest.fixture
async def buyer(shop, make_holder):
    return await make_holder(shop, Scope.VIDEO, Scope.MEDIA, Scope.ACCOUNT, seconds=600)


async def order(buyer, key=None, **stage):
    headers = buyer.headers | ({"Idempotency-Key": key} if key else {})
    return await buyer.shop.http.post("/inference", json={**WISH, "stage": {**HD, **stage}}, headers=headers)


def kept_objects(shop):
    folder = shop.folder / "objects" / "backgrounds"
    return {file.name: file.read_bytes() for file in folder.iterdir()} if folder.exists() else {}


@pytest.mark.parametrize("content", [picture("png"), film("mp4", "libx264")], ids=["picture", "film"])
@pytest.mark.parametrize("by", ["url", "token"])
async def test_what_stands_in_the_library_stands_behind_a_person(shop, buyer, content, by):
    medium = await buyer.upload(content, **({"kind": "film"} if content != picture("png") else {}))
    name = medium["url"] if by == "url" else medium["url"].rsplit("/", 1)[1].split(".")[0]

    answer = await order(buyer, background=name, fit="contain")

    assert answer.status_code == 200, answer.text
    digest = hashlib.sha256(content).hexdigest()
    assert shop.worker.lent == {digest: content}
    [request] = shop.worker.requests
    assert (request["stage"]["background"], request["stage"]["fit"]) == (digest, "contain")
    assert kept_objects(shop) == {digest: content}


async def test_what_cannot_be_had_or_shown_is_refused_before_it_is_sold(shop, buyer):
    speech = await buyer.upload(b"RIFF\x24\0\0\0WAVEfmt " + bytes(400))
    shop.worker.unfit = [picture("png")]
    unfit = await buyer.upload(picture("png"))
    digest = hashlib.sha256(picture("png")).hexdigest()
    for background in (
        unfit["url"],
        speech["url"],
        "https://127.0.0.1/x.png",
        "a" * 26,
        digest,
        "blue",
        "http://",
    ):
        answer = await order(buyer, background=background)
        assert answer.status_code == 400, (background, answer.text)
    assert "decoded" in (await order(buyer, background=unfit["url"])).text

    assert shop.worker.requests == []
    account = (await shop.http.get("/account", headers=buyer.headers)).json()
    assert account["reserved_ms"] == 0
    assert kept_objects(shop) == {}


async def test_without_an_account_a_colour_is_all_there_is(shop, buyer):
    medium = await buyer.upload(picture("png"))

    answer = await shop.http.post(
        "/lightning/request-video/text", json={**WISH, "stage": {**HD, "background": medium["url"]}}
    )

    assert answer.status_code == 400
    assert "accounts" in answer.text


async def test_the_same_wish_is_the_same_order_and_its_background_outlives_the_library(shop, buyer):
    key = "0190b0f0-0000-7000-8000-000000000001"
    medium = await buyer.upload(picture("png"))
    first = await order(buyer, key, background=medium["url"])
    assert first.status_code == 200, first.text
    token = medium["url"].rsplit("/", 1)[1].split(".")[0]
    assert (await shop.http.delete(f"/media/{token}", headers=buyer.headers)).status_code == 204

    again = await order(buyer, key, background=medium["url"])

    assert again.content == first.content
    assert len(shop.worker.requests) == 1
    assert len(kept_objects(shop)) == 1


async def test_a_background_goes_once_no_order_shows_it(shop, buyer):
    medium = await buyer.upload(picture("png"))
    assert (await order(buyer, background=medium["url"])).status_code == 200
    name = background_name(hashlib.sha256(picture("png")).hexdigest())
    async with open_kept(shop.settings()) as kept:
        orphans = Orphans(kept.uploads, kept.objects)
        for _ in range(3):
            await orphans.look()
        assert await kept.objects.size(name)

        await shop.until_joined()
        [made] = await kept.prepaid.of_account(buyer.account_id, limit=5)
        now = shop.clock.now() + timedelta(days=400)
        assert await kept.retention.forget_video(made.id, now, before=now)
        for _ in range(3):
            await orphans.look()
        with pytest.raises(FileNotFoundError):
            await kept.objects.size(name)
