"""HTTP Live Streaming: a player that knows nothing else follows a video while it is rendered."""

import asyncio
import itertools
import re

import av
import pytest

from service.delivery.playlists import playlist
from service.rendering.container import Piece, indexed
from tests.service.delivery.conftest import SEGMENT_FRAMES, SEGMENTS

TEXT = "Every word of this sentence is spoken aloud. " * 3

_RANGE = re.compile(r"#EXT-X-BYTERANGE:(\d+)@(\d+)")


@pytest.fixture
async def ordered(shop):
    """A paid order of a text that takes as long as the film: its invoice."""
    return await shop.paid(text=TEXT)


def frames_of(url: str, seen=lambda frames: None) -> tuple[int, int]:
    """What libavformat's reader of playlists finds: pictures, and samples."""
    frames = samples = 0
    with av.open(url, options={"live_start_index": "0"}) as container:
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    frames += 1
                    seen(frames)
                elif isinstance(frame, av.AudioFrame):
                    samples += frame.samples
    return frames, samples


async def test_a_player_of_playlists_follows_a_video_that_grows_to_its_end(shop, actor, ordered):
    actor.hold_after = 6
    loop, some = asyncio.get_running_loop(), asyncio.Event()

    def seen(frames: int) -> None:
        if frames == 1:
            loop.call_soon_threadsafe(some.set)

    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(ordered)) as delivery:
        await shop.until(ordered, lambda payment: payment["video"]["frames"] >= 60)
        url = f"{shop.url}/lightning/video/{ordered}/hls.m3u8"
        playing = asyncio.create_task(asyncio.to_thread(frames_of, url, seen))
        waiting = asyncio.create_task(some.wait())
        await asyncio.wait([waiting, playing], return_when=asyncio.FIRST_COMPLETED)
        growing = await shop.http.get(url)
        actor.go.set()
        await delivery.aread()
        frames, samples = await playing
    waiting.cancel()

    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing.text
    assert "#EXT-X-ENDLIST" not in growing.text
    assert growing.headers["Content-Type"].startswith("application/vnd.apple.mpegurl")
    assert growing.headers["Cache-Control"] == "no-cache"
    assert frames == SEGMENTS * SEGMENT_FRAMES
    assert samples >= frames * 960


async def test_of_a_whole_video_it_tells_all_also_once_the_video_is_one_file(shop, actor, ordered):
    whole = (await shop.video(ordered)).content
    await shop.until_joined()

    told = (await shop.http.get(f"/lightning/video/{ordered}/hls.m3u8")).text
    frames, _ = await asyncio.to_thread(frames_of, f"{shop.url}/lightning/video/{ordered}/hls.m3u8")

    assert told.endswith("#EXT-X-ENDLIST\n")
    ranges = [(int(at), int(at) + int(size)) for size, at in _RANGE.findall(told)]
    assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(ranges))
    assert ranges[-1][1] == len(whole)
    assert f'BYTERANGE="{ranges[0][0]}@0"' in told
    assert frames == SEGMENTS * SEGMENT_FRAMES


async def test_what_a_growing_playlist_told_stays_as_it_is(shop, actor, ordered):
    actor.hold_after = 7
    url = f"/lightning/video/{ordered}/hls.m3u8"
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(ordered)) as delivery:
        await shop.until(ordered, lambda payment: payment["video"]["frames"] >= 72)
        growing = (await shop.http.get(url)).text
        actor.go.set()
        await delivery.aread()
    in_pieces = (await shop.http.get(url)).text
    await shop.until_joined()
    joined = (await shop.http.get(url)).text

    told = growing.partition("#EXT-X-MAP")[2]
    assert told.count("#EXTINF") >= 3
    assert in_pieces == joined
    assert joined.partition("#EXT-X-MAP")[2].startswith(told)


async def test_the_playlist_of_a_private_video_needs_its_token(shop, actor):
    answer = await shop.http.post("/lightning/request-video/text", json={"text": TEXT, "private": True})
    quote = answer.json()
    invoice, token = quote["bolt11_invoice"], quote["claim_token"]
    shop.node.pay(invoice)
    await shop.video(invoice, claim_token=token)
    url = f"/lightning/video/{invoice}/hls.m3u8"

    stranger = await shop.http.get(url)
    owner = await shop.http.get(url, headers={"Claim-Token": token})
    frames, _ = await asyncio.to_thread(frames_of, f"{shop.url}{url}?claim_token={token}")

    assert stranger.status_code == 404
    assert token not in owner.text
    assert frames == SEGMENTS * SEGMENT_FRAMES


async def test_a_playlist_of_nothing_says_why_there_is_nothing(shop, worker):
    url = "/lightning/video/{}/hls.m3u8".format
    unpaid, paid = await shop.quote(), await shop.paid()
    await shop.until(paid, lambda payment: payment["status"] == "paid")

    assert (await shop.http.get(url("lnbc1nobody"))).status_code == 404
    assert (await shop.http.get(url(unpaid))).status_code == 402
    assert (await shop.http.get(url(paid))).json()["type"] == "/docs/problems#video-not-started"


async def test_a_video_without_an_index_is_one_long_segment(shop, worker):
    invoice = await shop.paid()
    await shop.video(invoice)
    await shop.until_joined()

    told = (await shop.http.get(f"/lightning/video/{invoice}/hls.m3u8")).text

    assert _RANGE.findall(told) == [("12000", "40")]
    assert "#EXTINF:1.92," in told


@pytest.mark.parametrize("count", [1, 2, 3, 9, 40])
def test_no_segment_is_longer_than_the_playlist_says(count):
    pieces = [Piece(4, 100, 10), *(Piece(12, 110 + 10 * n, 10) for n in range(count))]

    told = playlist(pieces, start_bytes=100, whole=True, video="video.mp4")

    lengths = [float(each) for each in re.findall(r"#EXTINF:([0-9.]+),", told)]
    assert max(lengths) <= 2
    assert sum(lengths) == pytest.approx(sum(piece.frames for piece in pieces) / 25)


def test_bytes_that_are_no_mp4_have_no_index():
    assert indexed(b"init" * 10) == []
