"""Files go into the library of an account and out by links that nobody guesses."""

import asyncio
import hashlib
import struct
from pathlib import Path

import pytest

from service.accounts.port import Scope
from service.assembly.stores import open_kept
from service.retention.orphans import Orphans
from tests.media_files import FILES, film, picture, speech

both = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)


def objects(shop) -> list[Path]:
    return list((shop.folder / "objects" / "media").glob("*"))


@pytest.mark.parametrize("name", FILES)
async def test_a_file_is_what_its_bytes_are_whatever_its_header_says(standing_shop, standing_holder, name):
    shop, holder = standing_shop, standing_holder
    kind, mime, make = FILES[name]
    content = make()

    answer = await shop.http.post(
        "/media", content=content, headers={**holder.headers, "Content-Type": "text/html"}
    )

    told = answer.json()
    assert (answer.status_code, told["kind"], told["mime_type"]) == (201, kind, mime)
    assert (told["size_bytes"], told["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert answer.headers["Location"] == told["url"]
    read = await shop.http.get(told["url"])
    assert (read.content, read.headers["Content-Type"]) == (content, mime)


@both
async def test_a_link_needs_no_key_and_takes_ranges_as_videos_do(shop, holder):
    content = picture("png")
    url = (await holder.upload(content, name="me"))["url"]

    whole = await shop.http.get(url)
    part = await shop.http.get(url, headers={"Range": "bytes=5-9"})
    tail = await shop.http.get(url, headers={"Range": "bytes=-3", "If-Range": whole.headers["ETag"]})
    stale = await shop.http.get(url, headers={"Range": "bytes=5-9", "If-Range": '"another"'})
    past = await shop.http.get(url, headers={"Range": f"bytes={len(content)}-"})
    known = await shop.http.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    head = await shop.http.head(url)

    assert (whole.status_code, whole.content) == (200, content)
    assert (part.status_code, part.content) == (206, content[5:10])
    assert part.headers["Content-Range"] == f"bytes 5-9/{len(content)}"
    assert (tail.status_code, tail.content) == (206, content[-3:])
    assert (stale.status_code, stale.content) == (200, content)
    assert (past.status_code, past.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert known.status_code == 304
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(content)), b"")


async def test_a_link_has_no_query_and_names_nothing_that_a_browser_would_run(standing_shop, standing_holder):
    shop, holder = standing_shop, standing_holder
    told = await holder.upload(picture("jpg"), name='"; <script>.html')

    read = await shop.http.get(told["url"], headers={"Origin": "https://shop.example"})

    assert told["url"] == f"{shop.url}/media/{told['id']}.jpg"
    assert len(told["id"]) * 5 >= 128
    assert read.headers["X-Content-Type-Options"] == "nosniff"
    assert read.headers["Content-Disposition"] == f'inline; filename="{told["id"]}.jpg"'
    assert read.headers["Access-Control-Allow-Origin"] == "*"
    assert read.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


REFUSED = {
    "nothing": b"",
    "a page": b"<html><script>alert(1)</script></html>",
    "a drawing that runs": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a program": b"\x7fELF" + bytes(100),
    "Matroska": film("matroska", "libx264"),
    "a bitmap": picture("bmp"),
    "FLAC": b"fLaC" + bytes(100),
    "RIFF of something else": b"RIFF" + struct.pack("<I", 100) + b"AVI " + bytes(100),
    "half a header": picture("png")[:4],
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
async def test_what_is_no_file_of_ours_is_refused_and_not_kept(standing_shop, standing_holder, content):
    before = objects(standing_shop)

    answer = await standing_holder.send(content)

    assert (answer.status_code, answer.json()["field"]) == (400, "file")
    assert (objects(standing_shop), await standing_holder.files()) == (before, [])


async def test_what_is_said_to_be_of_a_kind_has_to_be_it(standing_holder):
    holder = standing_holder
    wrong = await holder.send(picture("png"), kind="speech")
    unknown = await holder.send(picture("png"), kind="hologram")
    either = await holder.upload(film("mp4", "libx264", sound=True), kind="speech")

    assert wrong.status_code == 400
    assert "not speech (WAV, MP3" in wrong.json()["detail"]
    assert (unknown.status_code, unknown.json()["field"]) == (400, "kind")
    assert (either["kind"], either["mime_type"]) == ("speech", "audio/mp4")


async def test_a_form_brings_a_file_too(standing_shop, standing_holder, run_curl):
    shop, holder = standing_shop, standing_holder
    (shop.folder / "face.png").write_bytes(picture("png"))
    key = f"Authorization: {holder.headers['Authorization']}"

    told = await run_curl("-H", key, "-F", f"file=@{shop.folder / 'face.png'}", f"{shop.url}/media")
    more = await run_curl(
        "-H", key, "-F", f"file=@{shop.folder / 'face.png'}", "-F", "x=1", f"{shop.url}/media"
    )
    none = await run_curl("-H", key, "-F", "x=1", f"{shop.url}/media")

    assert b'"kind":"picture"' in told.received
    assert b"Unknown field 'x'" in more.received
    assert b"The form has no 'file'" in none.received
    assert len(await holder.files()) == 1


@both
async def test_an_account_of_a_wallet_keeps_and_fetches_nothing_before_it_has_paid(shop):
    """Accounts cost nothing to make: else whoever makes many fills the disk."""
    quote = (await shop.http.post("/lightning/top-up", json={"seconds": 5})).json()
    key = {"X-API-Key": quote["api_key"]}
    address = {"url": "https://example.org/face.png"}

    refused = [
        await shop.http.post("/media", content=picture("png"), headers=key),
        await shop.http.post("/media/fetch", json=address, headers=key),
    ]
    shop.node.pay(quote["bolt11_invoice"])
    await shop.http.get(f"/lightning/top-up/{quote['bolt11_invoice']}", params={"wait": 10})
    kept = await shop.http.post("/media", content=picture("png"), headers=key)

    assert [(answer.status_code, answer.json()["error_code"]) for answer in refused] == [
        (403, "INSUFFICIENT_CREDITS")
    ] * 2
    assert refused[0].json()["details"]["top_up"]["body"] == {"seconds": 1}
    assert kept.status_code == 201


@pytest.fixture
async def narrow_shop(closed_shop):
    narrow = {"library_mb_per_account": 3, "library_files_per_account": 2}
    async with closed_shop.open(picture_mb=1, speech_mb=1, film_mb=2, **narrow) as shop:
        yield shop


def padded(content: bytes, megabytes: float) -> bytes:
    return content + bytes(round(megabytes * 1_000_000) - len(content))


async def endless(content: bytes):
    """A body that says nothing of its length."""
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


async def test_each_kind_has_a_largest_size_however_the_body_comes(narrow_shop, make_holder):
    holder = await make_holder(narrow_shop)

    said = await holder.send(padded(picture("png"), 1.5), kind="picture")
    found = await holder.send(padded(picture("png"), 1.5))
    unsaid = await holder.send(endless(padded(picture("png"), 1.5)))
    huge = await holder.send(endless(padded(picture("png"), 9)))
    fits = await holder.send(endless(padded(film("mp4", "libx264"), 1.5)))

    assert [answer.status_code for answer in (said, found, unsaid, huge, fits)] == [400, 400, 400, 400, 201]
    assert "at most 1 MB" in found.json()["detail"]
    assert len(objects(narrow_shop)) == 1
    assert not list((narrow_shop.folder / "incoming-media").iterdir())


async def test_a_library_that_is_full_takes_nothing_until_something_is_deleted(narrow_shop, make_holder):
    holder, other = await make_holder(narrow_shop), await make_holder(narrow_shop)
    first = await holder.upload(padded(film("mp4", "libx264"), 1.6))

    full = await holder.send(padded(film("mp4", "libx264"), 1.6))
    unsaid = await holder.send(endless(padded(film("mp4", "libx264"), 1.6)))
    await other.upload(padded(film("mp4", "libx264"), 1.6))
    await narrow_shop.http.delete(f"/media/{first['id']}", headers=holder.headers)
    again = await holder.send(padded(film("mp4", "libx264"), 1.6))

    assert (full.status_code, "full" in full.json()["detail"]) == (400, True)
    assert unsaid.status_code == 400
    assert again.status_code == 201
    assert len(objects(narrow_shop)) == 2
    await holder.upload(picture("png"))
    many = await holder.send(picture("png"))
    assert (many.status_code, "2 files" in many.json()["detail"]) == (400, True)


@both
async def test_a_list_is_of_one_account_and_goes_on_by_its_cursor(shop, make_holder):
    holder, other = await make_holder(shop), await make_holder(shop)
    await other.upload(picture("png"))
    ids = [(await holder.upload(picture(each)))["id"] for each in ("png", "jpg", "webp")]
    sound = (await holder.upload(speech("wav", "pcm_s16le")))["id"]

    first = await shop.http.get("/media", params={"limit": 3}, headers=holder.headers)
    second = await shop.http.get(first.links["next"]["url"], headers=holder.headers)

    assert [each["id"] for each in first.json() + second.json()] == [sound, *reversed(ids)]
    assert "next" not in second.links
    assert [each["id"] for each in await holder.files(kind="speech")] == [sound]


@both
async def test_who_deletes_a_file_has_it_gone_at_once_and_nobody_else_can(shop, make_holder):
    holder, other = await make_holder(shop), await make_holder(shop)
    told = await holder.upload(picture("png"))

    stranger = await shop.http.delete(f"/media/{told['id']}.png", headers=other.headers)
    nobody = await shop.http.delete(f"/media/{told['id']}.png")
    still = await shop.http.get(told["url"])
    gone = await shop.http.delete(f"/media/{told['id']}.png", headers=holder.headers)
    twice = await shop.http.delete(f"/media/{told['id']}.png", headers=holder.headers)
    read = await shop.http.get(told["url"])

    assert [each.status_code for each in (stranger, nobody, still, gone, twice)] == [404, 401, 200, 204, 404]
    assert (read.status_code, read.json()["type"]) == (410, "/docs/problems#medium-gone")
    assert await holder.files() == []


async def test_a_key_without_the_scope_gets_nothing_in_or_out(standing_shop, make_holder):
    shop = standing_shop
    holder = await make_holder(shop, Scope.VIDEO, Scope.ACCOUNT)

    refused = await holder.send(picture("png"))
    listed = await shop.http.get("/media", headers=holder.headers)
    keyless = await shop.http.post("/media", content=picture("png"))

    assert (refused.status_code, listed.status_code, keyless.status_code) == (403, 403, 401)
    assert "media:write" in refused.json()["message"]


async def test_a_link_that_leads_nowhere_is_not_found(standing_shop):
    shop = standing_shop
    for name in ("abcdefghijklmnopqrstuvwxyz.png", "x", "..%2f..%2fsatspeak.sqlite3", "%00.png"):
        answer = await shop.http.get(f"/media/{name}")
        assert answer.status_code == 404, name


async def until(holds) -> None:
    """Wait until something is so that is asked of the database or the store."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - rows tell nobody when they change
            await asyncio.sleep(0.01)


@both
async def test_what_is_kept_long_enough_is_gone_then_forgotten(closed_shop, make_holder):
    async with (
        closed_shop.open(sweep_s=0.02, media_retention_days=7) as shop,
        open_kept(shop.settings()) as kept,
    ):
        holder = await make_holder(shop)
        told = await holder.upload(picture("png"))
        medium = await kept.media.find(told["id"])
        assert medium is not None
        assert medium.object is not None
        shop.clock.pass_by(days=6)
        before = await shop.http.get(told["url"])

        shop.clock.pass_by(days=1)
        over = await shop.http.get(told["url"])

        async def bytes_gone() -> bool:
            row = await kept.media.find(told["id"])
            return row is not None and row.object is None

        await until(bytes_gone)
        with pytest.raises(FileNotFoundError):
            await kept.objects.size(medium.object)
        gone = await shop.http.get(told["url"])
        shop.clock.pass_by(days=31)

        async def row_gone() -> bool:
            return await kept.media.find(told["id"]) is None

        await until(row_gone)
        unknown = await shop.http.get(told["url"])
        statuses = [answer.status_code for answer in (before, over, gone, unknown)]
        assert statuses == [200, 410, 410, 404]
        assert await holder.files() == []


@both
async def test_a_file_that_no_row_names_is_deleted_at_the_second_look(shop, holder):
    told = await holder.upload(picture("png"))
    async with open_kept(shop.settings()) as kept:
        medium = await kept.media.find(told["id"])
        assert medium is not None
        assert medium.object is not None
        await kept.objects.put("media/left", b"of a crash")
        orphans = Orphans(kept.uploads, kept.objects)

        await orphans.look()
        first = await kept.objects.size("media/left")
        await orphans.look()

        assert first == 10
        with pytest.raises(FileNotFoundError):
            await kept.objects.size("media/left")
        assert await kept.objects.size(medium.object) == told["size_bytes"]
        assert told["id"] not in medium.object  # which the log names
