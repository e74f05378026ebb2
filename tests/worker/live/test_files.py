"""Recordings that come as files are decoded while they come, from whatever place they are cut at."""

import io
import threading

import av
import numpy as np
import pytest

from tests.worker.live.test_sessions import buzz, decoded, outcomes
from worker.live import files
from worker.live.files import BadRecording, Feed, kind_of
from worker.live.records import Audio, Clear, Cleared, Done, Finished, Spoken

KINDS = {
    "wav": ("wav", "pcm_s16le", 44_100, {}),
    "webm": ("webm", "libopus", 48_000, {}),
    "ogg": ("ogg", "libopus", 48_000, {}),
    "mp4": ("mp4", "aac", 48_000, {"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
}


def written(kind: str, seconds: float = 1.5, *, layout: str = "stereo") -> bytes:
    """A buzz, as a file of a kind."""
    container, codec, rate, options = KINDS[kind]
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as writer:
        stream = writer.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        samples = np.frombuffer(buzz(seconds, rate), np.int16)
        channels = 2 if layout == "stereo" else 1
        frame = av.AudioFrame.from_ndarray(np.repeat(samples, channels)[None], format="s16", layout=layout)
        frame.rate = rate
        resampler = av.AudioResampler(stream.codec_context.format, layout, rate, stream.frame_size or None)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            writer.mux(stream.encode(part))
        writer.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_decoded_to_the_sound_that_is_in_it(kind):
    file = written(kind)
    feed = Feed(lambda: None)
    for start in range(0, len(file), 777):
        feed.push(file[start : start + 777])
    feed.close()
    told = kind_of(file[:8])
    assert told is not None

    sound = np.concatenate(list(files.decoded(feed, told)))

    assert sound.dtype == np.int16
    assert len(sound) == pytest.approx(1.5 * 48_000, abs=2_500)  # codecs begin and end with some of their own
    loud = np.abs(sound.astype(float)).mean()
    assert loud == pytest.approx(np.abs(np.frombuffer(buzz(1.5), np.int16).astype(float)).mean(), rel=0.25)


@pytest.mark.parametrize("kind", KINDS)
def test_what_came_is_sound_before_more_comes(kind):
    file = written(kind, 4)
    starving = threading.Event()
    feed = Feed(starving.set)
    feed.push(file[: len(file) // 2])
    told = kind_of(file[:8])
    assert told is not None
    heard = 0
    pieces = files.decoded(feed, told)

    def read():
        nonlocal heard
        for piece in pieces:
            heard += len(piece)

    reader = threading.Thread(target=read)
    reader.start()
    assert starving.wait(30)
    before = heard
    feed.push(file[len(file) // 2 :])
    feed.close()
    reader.join(30)

    assert before > 48_000  # of the two seconds that had come
    assert heard > 3.9 * 48_000


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
        (b"\x1aE\xdf\xa3" + bytes(5_000), "matroska"),
        (b"\0\0\0\x18ftypisom" + bytes(5_000), "mov"),
        (b"OggS" + bytes(5_000), "ogg"),
    ],
)
def test_what_only_begins_as_a_file_is_refused(file, kind):
    feed = Feed(lambda: None)
    feed.push(file)
    feed.close()

    with pytest.raises(BadRecording, match="cannot be read"):
        list(files.decoded(feed, kind))


def test_plain_samples_are_no_file():
    assert kind_of(buzz(0.1)[:8]) is None
    assert kind_of(bytes(8)) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_moves_a_face_as_its_samples_would(worker, kind):
    file = written(kind)

    async with worker.live() as client:
        for start in range(0, len(file), 4_001):
            await client.send(Audio(id="a", pcm=file[start : start + 4_001]))
        await client.send(Done(id="a"))
        await client.pull_until(lambda: bool(client.of(Finished)))
        await client.end()

    assert outcomes(client) == [("a", "shown")]
    assert client.of(Spoken)[0].samples == pytest.approx(1.5 * 48_000, abs=2_500)
    _, sound = decoded(client.movie)
    assert np.abs(sound).max() > 0.1


async def test_a_file_that_is_cleared_or_left_alone_frees_its_thread(worker):
    file = written("webm", 4)

    async with worker.live() as client:
        for n in range(8):  # each would keep one, were it not freed
            await client.send(Audio(id=str(n), pcm=file[: len(file) // 2]))
            await client.pull()
            await client.send(Clear())
            await client.until(Cleared)
        await client.send(Audio(id="last", pcm=file), Done(id="last"))
        await client.pull_until(lambda: any(each.id == "last" for each in client.of(Finished)))
        await client.end()

    assert outcomes(client) == [*((str(n), "interrupted") for n in range(8)), ("last", "shown")]
