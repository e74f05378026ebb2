"""Captions as a track of the MP4: players find it, and a download of it can be interrupted like any other."""

import base64
import io
import itertools

import av
import numpy as np
import pytest

from service.delivery.caption_track import with_captions
from service.jobs.port import SegmentPart
from service.rendering.container import whole_start, with_room
from spoken.cues import Cue
from worker.encode import Encoder, header

FRAMES = 61
CUES = [
    Cue(start_ms=0, end_ms=1000, text="Grüße & <b>こんにちは</b>"),
    Cue(start_ms=1000, end_ms=1000, text="which nobody has time to read"),
    Cue(start_ms=1400, end_ms=2440, text="The end."),
]

PLAY = """async data => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const video = document.createElement('video');
  video.muted = true;
  const happens = name => new Promise((done, fail) => {
    video.addEventListener(name, done, {once: true});
    video.addEventListener('error', () => fail(new Error(video.error.message)), {once: true});
  });
  const ended = happens('ended');
  video.src = URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'}));
  await video.play();
  video.playbackRate = 4;
  await ended;
  return [video.duration, video.currentTime];
}"""


@pytest.fixture(scope="module")
def segments():
    encoder = Encoder(sample_rate=24_000)
    encoder.hear(np.zeros(FRAMES * 960, np.int16))
    encoder.end_of_speech()
    made = [encoder.show(np.full((768, 512), 100 + frame, np.uint8)) for frame in range(FRAMES)]
    return [segment for segment in [*made, encoder.finish()] if segment]


@pytest.fixture(scope="module", params=[FRAMES, 0], ids=["with an index", "without one"])
def film(segments, request):
    start = with_room(header(24_000), request.param) if request.param else header(24_000)
    parts, offset = [], len(start)
    for segment in segments:
        size = len(segment.data)
        parts.append(
            SegmentPart(
                first_frame=segment.first_frame, frames=segment.frames, offset=offset, size=size, object=""
            )
        )
        offset += size
    whole = whole_start(start, parts)
    media = b"".join(segment.data for segment in segments)
    return whole + media, with_captions(whole, CUES, language="de") + media


def test_libavformat_finds_the_captions_beside_pictures_and_sound(film, tmp_path):
    (tmp_path / "plain.mp4").write_bytes(film[0])
    (tmp_path / "film.mp4").write_bytes(film[1])

    with av.open(tmp_path / "film.mp4") as container, av.open(tmp_path / "plain.mp4") as plain:
        kinds = [(stream.type, stream.codec_context.name) for stream in container.streams]
        packets: dict[str, list[bytes]] = {"video": [], "audio": [], "subtitle": []}
        times = []
        for packet in container.demux():
            if packet.size:
                packets[packet.stream.type].append(bytes(packet))
                if packet.stream.type == "subtitle":
                    times.append((packet.pts, packet.duration))
        of_plain = [bytes(packet) for packet in plain.demux(video=0) if packet.size]
        language = container.streams[2].language

    assert kinds == [("video", "h264"), ("audio", "aac"), ("subtitle", "mov_text")]
    assert language == "deu"
    assert times == [(0, 1000), (1000, 400), (1400, 1040)]
    texts = [packet[2:].decode() for packet in packets["subtitle"]]
    assert texts == ["Grüße & <b>こんにちは</b>", "", "The end."]
    assert packets["video"] == of_plain


class Pipe:
    """Can be read from its start to its end, and no other way."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


def test_they_are_found_also_where_nothing_can_be_read_twice(film):
    with av.open(Pipe(film[1]), "r", format="mp4") as container:
        sizes = [(packet.stream.type, packet.size) for packet in container.demux() if packet.size]

    assert sum(kind == "subtitle" for kind, _ in sizes) == 3
    assert sum(kind == "video" for kind, _ in sizes) == FRAMES


async def test_a_browser_plays_it_to_its_end(film, chromium):
    page = await chromium.new_page()
    try:
        duration, ended_at = await page.evaluate(PLAY, base64.b64encode(film[1]).decode())
    finally:
        await page.close()

    assert duration == ended_at == pytest.approx(2.44, abs=0.001)


@pytest.mark.parametrize("start", [b"", b"init" * 10, header(16_000)[:-1]])
def test_what_is_no_start_of_an_mp4_stays_as_it_is(start):
    assert start == with_captions(start, CUES, language=None)


def test_where_nothing_is_said_there_is_no_track():
    assert header(16_000) == with_captions(header(16_000), [], language="en")


@pytest.fixture
async def sold(shop, worker):
    """A whole video of a text: its URL, and what it is without captions."""
    worker._init = lambda: header(24_000)
    invoice = await shop.paid(text="One two three four. Five six seven and eight.")
    await shop.video(invoice)
    url = f"/lightning/video/{invoice}"
    return url, await shop.http.get(url)


async def test_a_video_comes_with_its_captions_where_that_is_asked_for(sold, shop):
    url, plain = sold

    answer = await shop.http.get(url, params={"captions": "track"})
    head = await shop.http.head(url, params={"captions": "track"})

    assert answer.status_code == 200
    assert b"tx3g" in answer.content
    assert b"One two" in answer.content
    assert answer.content[-12_000:] == plain.content[-12_000:]
    assert int(head.headers["Content-Length"]) == len(answer.content)
    assert head.headers["ETag"] == answer.headers["ETag"] != plain.headers["ETag"]
    assert answer.headers["Content-Disposition"] == plain.headers["Content-Disposition"]


async def test_it_is_read_in_parts_and_not_again_by_who_has_it(sold, shop):
    url, _ = sold
    asked = {"captions": "track"}
    whole = await shop.http.get(url, params=asked)
    bound, size = {"If-Range": whole.headers["ETag"]}, len(whole.content)

    cuts = [0, 100, size - 12_050, size - 5_000, size]
    parts = [
        await shop.http.get(url, params=asked, headers={"Range": f"bytes={first}-{last - 1}", **bound})
        for first, last in itertools.pairwise(cuts)
    ]
    again = await shop.http.get(url, params=asked, headers={"If-None-Match": whole.headers["ETag"]})
    past = await shop.http.get(url, params=asked, headers={"Range": f"bytes={size}-"})
    other = await shop.http.get(url, params=asked, headers={"Range": "bytes=0-9", "If-Range": '"other"'})

    assert [part.status_code for part in parts] == [206] * 4
    assert whole.content == b"".join(part.content for part in parts)
    assert parts[1].headers["Content-Range"] == f"bytes 100-{size - 12_051}/{size}"
    assert (again.status_code, again.content) == (304, b"")
    assert (past.status_code, past.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert (other.status_code, other.content) == (200, whole.content)


async def test_a_recording_has_no_captions_and_stays_as_it_is(shop, worker, make_wav):
    worker._init = lambda: header(16_000)
    files = {"audio": ("a.wav", make_wav(1.92))}
    quote = (await shop.http.post("/lightning/request-video/audio", files=files)).json()
    shop.node.pay(quote["bolt11_invoice"])
    await shop.video(quote["bolt11_invoice"])
    url = f"/lightning/video/{quote['bolt11_invoice']}"

    with_track, plain = await shop.http.get(url, params={"captions": "track"}), await shop.http.get(url)

    assert (with_track.content, with_track.headers["ETag"]) == (plain.content, plain.headers["ETag"])


async def test_while_a_video_grows_nobody_knows_its_captions(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 2
    url = f"/lightning/video/{invoice}?captions=track"
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as delivery:
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        growing = await shop.http.get(url)
        worker.go.set()
        await delivery.aread()
    await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")

    assert (growing.status_code, growing.json()["type"]) == (409, "/docs/problems#video-growing")
    assert (await shop.http.get(url)).status_code == 200


async def test_what_captions_can_be_is_told(shop):
    answer = await shop.http.get("/lightning/video/lnbc1?captions=burned")

    assert (answer.status_code, answer.json()["field"]) == (400, "captions")
