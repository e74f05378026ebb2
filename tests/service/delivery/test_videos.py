"""Reading a video again: ranges, while it grows and when it is whole."""

from urllib.parse import unquote

import pytest

from service.jobs.port import SegmentPart
from service.rendering.container import has_room, whole_start
from service.routes.http.naming import disposition
from service.routes.http.ranges import parse_range
from worker.encode import header


@pytest.fixture
async def whole(shop):
    invoice = await shop.paid()
    await shop.video(invoice)
    return f"/lightning/video/{invoice}"


async def test_a_whole_video_is_read_again(shop, worker, whole):
    answer = await shop.http.get(whole)

    assert (200, worker.video) == (answer.status_code, answer.content)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert str(len(worker.video)) == answer.headers["Content-Length"]
    assert answer.headers["Accept-Ranges"] == "bytes"


async def test_a_head_tells_the_size_and_sends_nothing(shop, worker, whole):
    answer = await shop.http.head(whole)

    assert (answer.status_code, answer.content) == (200, b"")
    assert str(len(worker.video)) == answer.headers["Content-Length"]
    assert answer.headers["ETag"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-0", 0, 0),
        ("30-50", 30, 50),
        ("12000-", 12000, 12039),
        ("-40", 12000, 12039),
        ("5-99999", 5, 12039),
    ],
)
async def test_a_range_of_a_whole_video_is_a_206(shop, worker, whole, asked, first, last):
    answer = await shop.http.get(whole, headers={"Range": f"bytes={asked}"})

    assert (206, worker.video[first : last + 1]) == (answer.status_code, answer.content)
    assert f"bytes {first}-{last}/12040" == answer.headers["Content-Range"]


@pytest.mark.parametrize("asked", ["bytes=12040-", "bytes=-0", "bytes=99999-100000"])
async def test_a_range_past_the_end_is_a_416(shop, whole, asked):
    answer = await shop.http.get(whole, headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */12040"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=-", "bytes=5-1", "bytes=0-1,4-5", "lines=0-1", "rubbish"])
async def test_what_is_no_single_range_gets_the_whole(shop, worker, whole, asked):
    answer = await shop.http.get(whole, headers={"Range": asked})

    assert (200, worker.video) == (answer.status_code, answer.content)


async def test_a_range_is_bound_to_the_video_by_if_range(shop, worker, whole):
    etag = (await shop.http.head(whole)).headers["ETag"]

    same = await shop.http.get(whole, headers={"Range": "bytes=0-9", "If-Range": etag})
    other = await shop.http.get(whole, headers={"Range": "bytes=0-9", "If-Range": '"other"'})

    assert (same.status_code, other.status_code) == (206, 200)


async def test_a_growing_video_gives_the_ranges_that_are_there_and_else_all_of_it(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 2
    url = f"/lightning/video/{invoice}"
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as delivery:
        await anext(delivery.aiter_raw())
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)

        stored = await shop.http.get(url, headers={"Range": "bytes=10-99"})
        assert (206, worker.video[10:100]) == (stored.status_code, stored.content)
        assert stored.headers["Content-Range"] == "bytes 10-99/*"
        assert stored.headers["ETag"]

        async with shop.http.stream("GET", url, headers={"Range": "bytes=10-99999"}) as growing:
            worker.go.set()
            assert (200, worker.video) == (growing.status_code, await growing.aread())


async def test_a_video_that_is_not_there_says_why(shop, worker):
    url = "/lightning/video/{}".format
    assert (await shop.http.get(url("lnbc1nobody"))).status_code == 404
    unpaid = await shop.quote()
    assert (await shop.http.get(url(unpaid))).status_code == 402
    invoice = await shop.paid()
    await shop.until(invoice, lambda payment: payment["status"] == "paid")
    answer = await shop.http.get(url(invoice))
    assert (answer.status_code, "POST /lightning/generate-video" in answer.json()["detail"]) == (404, True)

    worker.fail_after = 2
    await shop.download(invoice)
    answer = await shop.http.get(url(invoice))
    assert (answer.status_code, "POST /lightning/generate-video" in answer.json()["detail"]) == (409, True)
    assert (await shop.http.get(url(invoice), headers={"Range": "bytes=0-99"})).status_code == 206


async def test_a_whole_video_is_one_object_and_nothing_else(shop, worker, whole):
    objects = shop.folder / "objects"

    await shop.eventually(
        lambda: [objects / "videos/1.mp4"] == [p for p in objects.rglob("*/*") if p.is_file()]
    )

    assert worker.video == (objects / "videos/1.mp4").read_bytes()


async def test_a_download_that_started_on_the_pieces_ends_on_the_one_object(shop, worker):
    worker.segments = 40
    invoice = await shop.paid(text="Every sentence of this text is spoken, one after the other. " * 4)
    objects = shop.folder / "objects"

    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as delivery:
        chunks = delivery.aiter_raw(1000)
        received = await anext(chunks)
        await shop.eventually((objects / "videos/1.mp4").exists)
        received += b"".join([chunk async for chunk in chunks])

    assert worker.video == received


@pytest.fixture
async def grown(shop, worker):
    """A video that was looked at while it grew and is whole now: its URL, its bytes then, its ETag then, its start."""
    worker._init = lambda: header(24_000)
    invoice = await shop.paid()
    url = f"/lightning/video/{invoice}"
    worker.hold_after = 2
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as delivery:
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        etag = (await shop.http.get(url, headers={"Range": "bytes=0-9"})).headers["ETag"]
        worker.go.set()
        seen = await delivery.aread()
    await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
    start = len(seen) - worker.segments * worker.segment_bytes
    return url, seen, etag, start


async def test_a_whole_video_starts_with_its_length_and_is_else_what_grew(shop, grown):
    url, seen, etag, start = grown

    answer = await shop.http.get(url)

    assert has_room(seen[:start])
    assert answer.content[start:] == seen[start:]
    assert answer.content[:start] != seen[:start]
    assert answer.headers["ETag"] != etag
    assert len(seen) == int(answer.headers["Content-Length"])


async def test_the_start_of_a_whole_video_is_made_of_what_its_rows_say(shop, worker, grown):
    url, seen, _, start = grown
    size = worker.segment_bytes
    parts = [
        SegmentPart(first_frame=12 * n, frames=12, offset=start + n * size, size=size, object="")
        for n in range(worker.segments)
    ]

    assert whole_start(seen[:start], parts) == (await shop.http.get(url)).content[:start]


@pytest.mark.parametrize("past_start", [0, 1, 5000])
@pytest.mark.parametrize("named", [True, False])
async def test_a_download_of_a_growing_video_goes_on_when_it_is_whole(shop, grown, past_start, named):
    url, seen, etag, start = grown
    first = start + past_start
    bound = {"If-Range": etag} if named else {}

    rest = await shop.http.get(url, headers={"Range": f"bytes={first}-", **bound})

    assert (206, seen) == (rest.status_code, seen[:first] + rest.content)
    assert (rest.headers["ETag"] == etag) is named


@pytest.mark.parametrize("named", [True, False])
async def test_a_download_that_ended_within_the_start_of_a_growing_video_begins_again(shop, grown, named):
    url, _, etag, start = grown
    bound = {"If-Range": etag} if named else {}

    again = await shop.http.get(url, headers={"Range": f"bytes={start - 1}-", **bound})

    assert (200, (await shop.http.get(url)).content) == (again.status_code, again.content)


async def test_a_whole_video_is_read_in_parts_under_its_own_etag(shop, grown):
    url, _, _, start = grown
    whole = await shop.http.get(url)

    bound = {"If-Range": whole.headers["ETag"]}
    parts = [
        await shop.http.get(url, headers={"Range": f"bytes={asked}", **bound})
        for asked in ("0-99", f"100-{start + 99}", f"{start + 100}-")
    ]

    assert [part.status_code for part in parts] == [206] * 3
    assert whole.content == b"".join(part.content for part in parts)


async def test_a_part_of_a_growing_video_is_bound_to_what_grows(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 2
    url = f"/lightning/video/{invoice}"
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as delivery:
        await anext(delivery.aiter_raw())
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        asked = {"Range": "bytes=10-99"}
        etag = (await shop.http.get(url, headers=asked)).headers["ETag"]

        assert (await shop.http.get(url, headers={**asked, "If-Range": etag})).status_code == 206
        async with shop.http.stream("GET", url, headers={**asked, "If-Range": '"other"'}) as other:
            worker.go.set()
            assert (200, worker.video) == (other.status_code, await other.aread())


async def test_workers_of_another_kind_begin_a_video_anew(shop, worker):
    invoice = await shop.paid()
    worker._init = lambda: header(24_000)
    worker.fail_after = 2
    await shop.download(invoice)
    worker._init = lambda: header(24_000).replace(b"satspeak", b"SATSPEAK")
    worker.fail_after = None

    await shop.download(invoice)
    answer = await shop.video(invoice)

    assert (200, worker.video[-12_000:]) == (answer.status_code, answer.content[-12_000:])
    assert b"SATSPEAK" in answer.content
    assert [request["first_frame"] for request in worker.requests][-2:] == [24, 0]


async def test_a_download_has_a_name_that_tells_what_it_is(shop, worker):
    invoice = await shop.paid()

    made = await shop.video(invoice)
    read = await shop.http.get(f"/lightning/video/{invoice}")

    name = 'inline; filename="satspeak-Hello-there-my-dear-friend.mp4"'
    assert name == made.headers["Content-Disposition"] == read.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", 'inline; filename="satspeak-ann-happy.mp4"'),
        ('../etc/"passwd"\r\n', 'inline; filename="satspeak-etc-passwd.mp4"'),
        ("?!", 'inline; filename="satspeak-ann-happy.mp4"'),
        (
            "Grüß Gott",
            "inline; filename=\"satspeak-ann-happy.mp4\"; filename*=UTF-8''satspeak-Gr%C3%BC%C3%9F-Gott.mp4",
        ),
    ],
)
def test_a_name_is_made_of_words(words, expected):
    assert expected == disposition(words, otherwise="ann-happy")


@pytest.mark.parametrize("words", ["word " * 100, "x" * 100, "こんにちは" * 20, "é" * 100])
def test_a_name_has_fewer_than_60_bytes_and_whole_letters(words):
    said = disposition(words, otherwise="x" * 100)

    for name in (said.split('"')[1], unquote(said.partition("''")[2], errors="strict")):
        assert len(name.encode()) < 60
        assert name == "" or name.endswith(".mp4")


@pytest.mark.parametrize(
    ("header", "whole", "expected"),
    [
        (None, True, None),
        ("bytes=0-9", True, range(10)),
        ("BYTES = 2 - ", True, range(2, 100)),
        ("bytes=-5", True, range(95, 100)),
        ("bytes=-500", True, range(100)),
        ("bytes=100-", True, range(0)),
        ("bytes=0-9", False, range(10)),
        ("bytes=0-100", False, None),
        ("bytes=0-", False, None),
        ("bytes=-5", False, None),
        ("bytes=" + "9" * 5000 + "-", True, None),
        ("bytes=٣-٤", True, None),
    ],
)
def test_ranges_are_read_by_the_rfc(header, whole, expected):
    assert expected == parse_range(header, 100, whole=whole)
