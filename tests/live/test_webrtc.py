"""A live output seen by WebRTC: what aiortc sees and hears of it, and what is recorded."""

import contextlib

import av
import numpy as np
import pytest

from live.records import (
    Answer,
    Began,
    Cleared,
    Gone,
    Leave,
    Peer,
    Ready,
    Record,
    Recorded,
    Shown,
    Silence,
    Stop,
)
from tests.live.viewer import LOUD, Viewer

FLASH = 150


@pytest.fixture
async def view():
    """Let somebody see a live output; what they offer may be of one codec."""
    async with contextlib.AsyncExitStack() as closing:

        def make(codec: str | None = None) -> Viewer:
            viewer = Viewer(codec)
            closing.push_async_callback(viewer.close)
            return viewer

        yield make


@pytest.fixture
def call(view, show):
    async def begin(codec: str | None = None, **how):
        viewer = view(codec)
        feeder = await show(Peer(sdp=await viewer.offer(), **how))
        await viewer.accept((await feeder.until(Answer)).sdp)
        await feeder.until(Ready)
        return viewer, feeder

    return begin


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_a_viewer_sees_each_flash_while_it_beeps(call, codec):
    viewer, feeder = await call(codec)

    flashes = lambda: [at for at, light in viewer.light if light > FLASH]  # noqa: E731
    await viewer.until(lambda: len(flashes()) >= 2, "flashes")
    beeps = lambda: [at for at, level in viewer.level if level > LOUD]  # noqa: E731
    await viewer.until(lambda: bool(beeps()) and viewer.level[-1][0] > flashes()[1] + 0.2, "beeps")

    # Times of both tracks count from the same moment, so that what is of one frame has one time.
    for at in flashes()[:2]:
        assert min(abs(at - beep) for beep in beeps()) < 0.08
    assert (f"a=rtpmap:{viewer_codec(viewer)}").lower().endswith(f"{codec}/90000".lower())
    assert feeder.of(Gone) == []


def viewer_codec(viewer) -> str:
    sdp = viewer.connection.remoteDescription.sdp
    media = sdp[sdp.index("m=video") :]
    number = media.split()[3]
    return next(line for line in media.splitlines() if line.startswith(f"a=rtpmap:{number} ")).split(":", 1)[
        1
    ]


async def test_it_tells_what_of_an_utterance_is_shown(call):
    _viewer, feeder = await call()

    feeder.say("hello", 20)

    assert (await feeder.until(Shown)) == Shown(id="hello", position_s=0.8, interrupted=False)
    assert feeder.of(Began) == [Began(id="hello")]
    kinds = [type(event) for event in feeder.events]
    assert kinds.index(Answer) < kinds.index(Ready) < kinds.index(Began) < kinds.index(Shown)


async def test_after_a_silence_nothing_is_heard_until_something_new_is_said(call):
    viewer, feeder = await call()
    await viewer.until(viewer.heard, "beep")

    feeder.tell(Silence())
    since = len(viewer.level) + 10  # what was sent, or is in a buffer of the viewer
    await viewer.until(lambda: len(viewer.level) > since + 60, "sound")  # each second has its beep
    assert not viewer.heard(since)
    feeder.tell(Cleared(first_frame=0))
    cleared = len(viewer.level)
    await viewer.until(lambda: len(viewer.level) > cleared + 60, "sound")
    assert not viewer.heard(since)
    feeder.say("again", 50)

    await viewer.until(lambda: viewer.heard(since), "beep")


async def test_what_was_sent_is_recorded_with_its_silences_and_no_second_coding(call, tmp_path):
    viewer, feeder = await call()
    film = tmp_path / "recording.mp4"
    await viewer.until(lambda: len(viewer.light) > 5, "picture")

    feeder.tell(Record(path=str(film), longest_s=60.0))
    since = len(viewer.level)
    await viewer.until(lambda: len(viewer.level) > since + 75, "sound")
    feeder.tell(Stop())
    told = await feeder.until(Recorded)

    with av.open(film) as movie:
        assert [stream.codec.name for stream in movie.streams] == ["h264", "aac"]
        assert "Baseline" in movie.streams.video[0].profile
        light = [
            (frame.time, frame.to_ndarray(format="gray")[256:].mean()) for frame in movie.decode(video=0)
        ]
    with av.open(film) as movie:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in movie.decode(audio=0)])
    assert told.frames == len(light) >= 25
    assert len(sound) / 48_000 == pytest.approx(light[-1][0] + 0.04, abs=0.1)
    [flash, *_] = [at for at, mean in light if mean > FLASH]
    loud = np.flatnonzero(np.abs(sound) > 0.1) / 48_000
    assert min(abs(loud - flash)) < 0.05
    assert not list(tmp_path.glob("*.part"))


async def test_a_recording_ends_at_its_longest_and_with_the_session(call, tmp_path):
    viewer, feeder = await call()
    await viewer.until(lambda: len(viewer.light) > 5, "picture")

    feeder.tell(Record(path=str(tmp_path / "short.mp4"), longest_s=0.8))
    assert 0 < (await feeder.until(Recorded)).frames <= 20  # fewer where some came late
    feeder.tell(Record(path=str(tmp_path / "long.mp4"), longest_s=60.0))
    since = len(viewer.light)
    await viewer.until(lambda: len(viewer.light) > since + 30, "picture")
    feeder.tell(Leave())

    assert (await feeder.until(Recorded, 2)).frames > 0
    assert (tmp_path / "long.mp4").exists()
    assert (await feeder.until(Gone)).reason == "left"


async def test_a_stop_without_a_picture_records_nothing(call, tmp_path):
    _viewer, feeder = await call()

    feeder.tell(Record(path=str(tmp_path / "none.mp4"), longest_s=60.0))
    feeder.tell(Stop())

    assert (await feeder.until(Recorded)) == Recorded(frames=0)
    assert not list(tmp_path.iterdir())


async def test_a_viewer_who_goes_away_ends_it(call):
    viewer, feeder = await call()
    await viewer.until(lambda: len(viewer.light) > 5, "picture")

    await viewer.close()

    assert (await feeder.until(Gone)).reason == "left"


@pytest.mark.parametrize(
    ("sdp", "told"),
    [("nonsense", "asks for no video"), ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF\r\n", "no SDP")],
)
async def test_an_offer_that_cannot_be_answered_is_told(show, sdp, told):
    feeder = await show(Peer(sdp=sdp))

    gone = await feeder.until(Gone)

    assert gone.reason == "failed"
    assert told in gone.detail


async def test_a_viewer_who_never_comes_is_not_waited_for_long(view, show):
    viewer = view()
    feeder = await show(Peer(sdp=await viewer.offer(), reach_s=0.5))

    gone = await feeder.until(Gone)

    assert gone.reason == "failed"
    assert "could not be reached" in gone.detail
