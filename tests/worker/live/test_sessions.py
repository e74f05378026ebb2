"""Live sessions on the worker as a program: what is said becomes a face that speaks, and rests in between."""

import io
from typing import Any

import anyio
import av
import msgspec
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed

from worker.live.records import (
    Audio,
    Clear,
    Cleared,
    Done,
    End,
    Finish,
    Finished,
    Init,
    Open,
    Problem,
    Pull,
    Say,
    Segment,
    Spoken,
    encode,
)
from worker.records import SegmentRecord

TEXT = "Hello there. This is a second sentence, a little longer than the first one."
FRAME = 1_920
LEAD = 2  # frames by which a mouth opens before its sound
MOUTH = np.s_[330:345, 240:270]


def buzz(seconds: float, rate: int = 16_000) -> bytes:
    """A loud buzz, s16le."""
    t = np.arange(round(seconds * rate)) / rate
    tones = [np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 10)]
    return (4_000 * np.sum(tones, axis=0)).astype("<i2").tobytes()


def decoded(movie: bytes):
    """Pictures (RGB) and samples, each of which is in its place on the clock."""
    pictures: list[Any] = []
    sound: list[Any] = []
    with av.open(io.BytesIO(movie), "r") as container:
        for frame in container.decode(*container.streams):
            if isinstance(frame, av.VideoFrame):
                assert frame.time == pytest.approx(len(pictures) / 25)
                pictures.append(frame.to_ndarray(format="rgb24"))
            else:
                assert frame.pts == sum(map(len, sound))
                sound.append(frame.to_ndarray()[0])
    return pictures, np.concatenate(sound)


def check_clock(client) -> tuple[list[Any], Any]:
    """Whatever was said, one frame index is the clock of all that came; returns what was decoded."""
    frame = 0
    for segment in client.segments:
        assert (segment.first_frame, segment.first_sample) == (frame, frame * FRAME)
        frame += segment.frames
    (end,) = client.of(End)
    assert (end.frames, end.samples) == (frame, frame * FRAME)
    pictures, sound = decoded(client.movie)
    assert len(pictures) == frame
    assert 0 <= len(sound) - end.samples < 1_024  # whole packets, the last of which ends with the pictures
    return pictures, sound


def outcomes(client) -> list[tuple[str, str]]:
    return [(finished.id, finished.outcome) for finished in client.of(Finished)]


def spoken_by(client, utterance: str | None) -> list[Segment]:
    return [segment for segment in client.segments if segment.utterance == utterance]


def darkness(picture) -> float:
    return 255 - float(picture[MOUTH].mean())


async def problem(client) -> tuple[Problem, int, str]:
    """Why a session ends, and how it is closed."""
    told = await client.until(Problem)
    with pytest.raises(ConnectionClosed) as closed:
        await client.next()
    assert closed.value.rcvd
    return told, closed.value.rcvd.code, closed.value.rcvd.reason


async def test_a_face_rests_speaks_a_text_and_rests_again(worker):
    async with worker.live(avatar="bob") as client:
        await client.pull()
        await client.say("hello", "Hello there. Goodbye.")
        await client.until(Spoken)  # in time: who pulls faster than it plays may overtake a speaker
        await client.pull_until(lambda: bool(client.of(Finished)))
        await client.pull()
        await client.end()

    (init,) = client.of(Init)
    assert (init.sample_rate, init.width, init.height, init.fps) == (48_000, 512, 512, 25)
    (spoken,) = client.of(Spoken)
    assert (spoken.id, spoken.language, spoken.voice) == ("hello", "en", "en-male")
    assert client.of(Finished) == [Finished(id="hello", outcome="shown", samples=spoken.samples)]
    speaks = [segment.utterance == "hello" for segment in client.segments]
    assert not speaks[0]
    assert not speaks[-1]
    assert len(np.flatnonzero(np.diff(speaks))) == 2  # it speaks in one go
    frames = sum(segment.frames for segment in spoken_by(client, "hello"))
    assert frames * FRAME >= spoken.samples > (frames - 4 - LEAD) * FRAME - 12 * FRAME
    pictures, sound = check_clock(client)
    first = spoken_by(client, "hello")[0].first_frame
    heard = np.flatnonzero(np.abs(sound) > 0.02)
    assert 0 <= heard[0] - (first + LEAD) * FRAME < 4 * FRAME
    assert max(map(darkness, pictures[first:])) > darkness(pictures[0]) + 10


async def test_audio_that_comes_in_pieces_is_heard_to_the_sample_and_moves_the_mouth(worker):
    pcm = bytes(2 * 3_200) + buzz(1.51)

    async with worker.live() as client:
        for start in range(0, len(pcm), 640):  # 20 ms, far faster than they sound
            await client.send(Audio(id="a", pcm=pcm[start : start + 640]))
        await client.send(Done(id="a"))
        await client.pull_until(lambda: bool(client.of(Finished)))
        await client.end()

    samples = len(pcm) // 2 * 3
    assert client.of(Spoken)[0].samples == samples
    assert client.of(Finished)[0].samples == samples
    pictures, sound = check_clock(client)
    begun = spoken_by(client, "a")[0].first_frame
    start = (begun + LEAD) * FRAME
    expected = np.repeat(np.frombuffer(pcm, "<i2"), 3) / 32_768  # held, not filtered: alike but for overtones
    heard = sound[start : start + samples]
    lags = range(-60, 61)
    match = [np.roll(expected, lag) @ heard for lag in lags]
    assert abs(lags[int(np.argmax(match))]) <= 3
    dark = [darkness(picture) for picture in pictures]
    opens = next(frame for frame, value in enumerate(dark) if value > dark[0] + 10)
    assert abs(opens - (begun + LEAD + 5)) <= 5  # the buzz begins after five frames, and is seen coming
    assert abs(dark[-1] - dark[0]) < 3


async def test_a_word_at_a_microphone_is_shown_once_seven_tenths_of_a_second_are_heard(worker):
    pcm = buzz(0.72)

    async with worker.live() as client:
        for start in range(0, len(pcm), 640):
            await client.send(Audio(id="a", pcm=pcm[start : start + 640]))
            await client.pull()  # so that each piece comes by itself
        await client.pull_until(lambda: bool(spoken_by(client, "a")))
        shown = client.segments[-1]
        await client.send(Audio(id="a", pcm=buzz(1)), Done(id="a"))
        await client.pull_until(lambda: bool(client.of(Finished)))
        await client.end()

    assert shown.frames == 2  # a whole segment needs more of it, and then it has them
    assert {segment.frames for segment in spoken_by(client, "a")} == {2, 4}
    check_clock(client)


async def test_rest_is_the_footage_as_it_is_and_nothing_jumps_where_speech_begins_and_ends(worker):
    async with worker.live(avatar="cleo") as resting:
        for _ in range(40):
            await resting.pull()
        await resting.end()
    async with worker.live(avatar="cleo") as client:
        for _ in range(3):
            await client.pull()
        await client.send(Audio(id="a", pcm=bytes(6_400) + buzz(1)), Done(id="a"))
        await client.pull_until(lambda: bool(client.of(Finished)))
        for _ in range(6):
            await client.pull()
        await client.end()

    rest, _ = check_clock(resting)
    pictures, _ = check_clock(client)
    speaking = spoken_by(client, "a")
    begun, over = speaking[0].first_frame, speaking[-1].first_frame + speaking[-1].frames
    differs = [
        np.abs(mine[MOUTH].astype(int) - theirs[MOUTH]).mean()
        for mine, theirs in zip(pictures, rest, strict=False)
    ]
    assert max(differs[:begun]) == 0  # GOPs that are kept
    assert max(differs[begun], differs[over - 1]) < 2  # the mouth leaves rest and comes back to it
    assert max(differs[over:]) < 2
    assert max(differs[begun:over]) > 5


async def test_an_interruption_drops_what_was_not_pulled_and_the_next_utterance_starts_clean(worker):
    async with worker.live() as client:
        await client.send(Audio(id="long", pcm=buzz(20)), Done(id="long"))
        await client.say("waiting", TEXT)
        await client.pull_until(lambda: len(spoken_by(client, "long")) == 5)
        await client.send(Clear())
        cleared = await client.until(Cleared)
        for _ in range(4):
            await client.pull()
        await client.send(Audio(id="next", pcm=buzz(0.5)), Done(id="next"))
        await client.pull_until(lambda: len(client.of(Finished)) == 3)
        await client.end()

    assert outcomes(client) == [("long", "interrupted"), ("waiting", "interrupted"), ("next", "shown")]
    shown = sum(segment.frames for segment in spoken_by(client, "long"))
    assert [finished.samples for finished in client.of(Finished)][:2] == [shown * FRAME, 0]
    last = spoken_by(client, "long")[-1]
    assert cleared.first_frame == last.first_frame + last.frames
    assert client.events.index(cleared) > client.events.index(client.of(Finished)[1])
    pictures, sound = check_clock(client)
    begun = spoken_by(client, "next")[0].first_frame
    silent = sound[(cleared.first_frame + LEAD + 1) * FRAME : (begun + LEAD) * FRAME - 1_024]
    assert np.abs(silent).max() < 0.01
    closed = [darkness(picture) for picture in pictures[cleared.first_frame + 6 : begun]]
    assert np.ptp(closed) < 3
    at_rest = (begun + LEAD) * FRAME
    assert np.abs(sound[at_rest : at_rest + FRAME]).max() > 0.05


async def test_ten_interruptions_in_a_row_give_each_utterance_one_end(worker):
    async with worker.live() as client:
        for count in range(10):
            await client.say(str(count), TEXT)
            for _ in range(count % 3):
                await client.pull()
            await client.send(Clear(), Say(id=str(count), text="Too late."), Done(id=str(count)))
        await client.say("last", "Hi.")
        await client.pull_until(lambda: len(client.of(Finished)) == 11)
        await client.end()

    assert outcomes(client) == [*((str(count), "interrupted") for count in range(10)), ("last", "shown")]
    assert len(client.of(Cleared)) == 10
    check_clock(client)


async def test_a_text_in_pieces_is_spoken_while_it_still_comes_and_pauses_at_rest(worker):
    async with worker.live() as client:
        await client.send(Say(id="a", text="Hello there, everybody who listens. "))
        await client.send(Say(id="a", text="And what follows will be a sentence that "))
        await client.pull_until(lambda: len(spoken_by(client, "a")) > 2)
        await client.pull_until(lambda: client.segments[-1].utterance is None)  # it has no more to say
        assert not client.of(Spoken)
        await client.send(Say(id="a", text="is said later."), Done(id="a"))
        await client.pull_until(lambda: bool(client.of(Finished)))
        await client.end()

    assert outcomes(client) == [("a", "shown")]
    assert client.of(Finished)[0].samples == client.of(Spoken)[0].samples
    check_clock(client)


async def test_utterances_follow_each_other_and_a_new_one_ends_the_one_before(worker):
    async with worker.live() as client:
        await client.send(Audio(id="a", pcm=buzz(0.4)))  # whose end is lost
        await client.send(Audio(id="b", pcm=buzz(0.4)), Done(id="b"), Audio(id="a", pcm=buzz(5)))
        await client.send(Audio(id="empty", pcm=b""), Done(id="empty"))
        await client.pull_until(lambda: len(client.of(Finished)) == 3)
        await client.end()

    assert outcomes(client) == [("a", "shown"), ("b", "shown"), ("empty", "shown")]
    assert [finished.samples for finished in client.of(Finished)] == [19_200, 19_200, 0]
    check_clock(client)


async def test_where_nobody_watches_a_clock_nothing_rests_and_a_pull_waits_for_speech(worker):
    async with worker.live(live=False) as client:
        await client.send(Pull())
        with anyio.move_on_after(0.3) as waited:
            await client.until(Segment)
        assert waited.cancelled_caught
        await client.say("a", "Hi.")
        await client.until(Segment)
        await client.say("b", "Hello.")
        await client.end()

    assert outcomes(client) == [("a", "shown"), ("b", "shown")]
    assert not spoken_by(client, None)
    check_clock(client)


async def test_a_session_that_nothing_was_said_in_ends_too(worker):
    async with worker.live(live=False) as client:
        await client.end()
    assert client.of(End)[0].frames == 0

    async with worker.live() as client:
        await client.end()
    assert client.of(End)[0].frames == 4
    check_clock(client)


async def test_two_sessions_beside_an_order_leave_its_bytes_as_they_are(worker):
    pcm = buzz(3)
    alone = await worker.records(pcm)
    beside = []

    async def order():
        beside.extend(await worker.records(pcm))

    async def talk(avatar):
        async with worker.live(avatar=avatar) as client:
            await client.send(Audio(id="a", pcm=buzz(2)), Done(id="a"))
            await client.pull_until(lambda: bool(client.of(Finished)))
            await client.end()
            check_clock(client)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(talk, "ann")
        tasks.start_soon(talk, "cleo")
        tasks.start_soon(order)

    data = [[each.data for each in records if isinstance(each, SegmentRecord)] for records in (alone, beside)]
    assert data[0] == data[1]


async def test_one_session_too_many_is_told_to_try_elsewhere_and_a_place_comes_free(worker):
    async with worker.live() as first:
        await first.until(Init)
        async with worker.live() as second:
            await second.until(Init)
            assert (await worker.health())["live_sessions"] == 2
            async with worker.live() as third:
                told, code, reason = await problem(third)

    assert (told.status, code) == (503, 1013)
    assert reason == told.detail
    assert "2 live sessions" in reason


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"avatar": "eve"}, "Choose one of: ann, bob"),
        ({"emotion": "bored"}, "Choose one of: happy, neutral"),
        ({"language": "tlh"}, "tlh"),
        ({"voice": "nobody"}, "nobody"),
        ({"sample_rate": 12_345}, "12345"),
    ],
)
async def test_a_session_that_cannot_be_is_refused_with_the_reason(worker, fields, told):
    async with worker.live(**fields) as client:
        answer, code, reason = await problem(client)

    assert (answer.status, code) == (400, 1008)
    assert told in answer.detail
    assert answer.detail.startswith(reason)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (b"", "no message"),
        (b"\xc1", "no message"),
        (msgspec.msgpack.encode({"type": "dance"}), "no message"),
        (b"\x83\xa4type\xa3say\xa2id\xa1a\xa4text\xa1\xff", "no message"),  # no UTF-8
        (b"\x82\xa1x" + 100_000 * b"\x91" + b"\xc0\xa4type\xa6finish", "no message"),  # arrays in arrays
        (msgspec.msgpack.encode({"type": "say", "id": "a", "txt": "Hi."}), "txt"),
        (encode(Open(session="b", avatar="ann", emotion="neutral")), "open already"),
        (encode(Pull(segments=0)), "Pull 1 to"),
        (encode(Pull(segments=1_000)), "Pull 1 to"),
    ],
)
async def test_what_is_no_message_ends_the_session(worker, message, told):
    async with worker.live() as client:
        await client.socket.send(message)
        answer, code, _ = await problem(client)

    assert (answer.status, code) == (400, 1008)
    assert told in answer.detail


async def test_what_is_said_after_the_finish_ends_the_session(worker):
    async with worker.live() as client:
        await client.send(Finish(), Say(id="a", text="Hi."))
        answer, _, _ = await problem(client)

    assert "after finish" in answer.detail


async def test_an_utterance_that_cannot_be_is_refused_alone(worker):
    async with worker.live() as client:
        await client.say("long", "a" * 5_001)
        await client.say("dots", "...")
        await client.send(Audio(id="wav", pcm=b"RIFF\0\0\0\0WAVEfmt "), Done(id="wav"))
        await client.send(Audio(id="mp3", pcm=b"ID3\4"), Done(id="mp3"))
        await client.send(Say(id="mixed", text="Hi."), Audio(id="mixed", pcm=b"\0\0"), Done(id="mixed"))
        for _ in range(20):  # twenty megabytes
            await client.send(Audio(id="much", pcm=bytes(1_000_000)))
        await client.say("fine", "Hi.")
        await client.pull_until(lambda: len(client.of(Finished)) == 7)
        await client.end()

    told = {finished.id: (finished.outcome, finished.detail) for finished in client.of(Finished)}
    assert told.pop("fine") == ("shown", None)
    assert {outcome for outcome, _ in told.values()} == {"refused"}
    for utterance, part in {
        "long": "5000 characters",
        "dots": "letter or digit",
        "wav": "cannot be read",
        "mp3": "MP3",
        "mixed": "text already",
        "much": "bytes wait",
    }.items():
        assert part in (told[utterance][1] or "")
    check_clock(client)


async def test_a_client_that_asks_for_nothing_is_not_waited_for_for_ever(start_worker):
    worker = start_worker("--live-silence-s", "1", "--live-wait-s", "3")

    async with worker.live() as client:
        await client.pull()
        answer, code, _ = await problem(client)
        assert (answer.status, code) == (408, 1008)
    async with worker.live(live=False) as client:
        await client.send(Pull())  # this one waits for a word
        with anyio.move_on_after(1.5) as waited:
            await client.until(Segment)
        assert waited.cancelled_caught
        assert not client.of(Problem)
        answer, code, _ = await problem(client)

    assert (answer.status, code, answer.detail) == (408, 1008, "Nothing was said for 3 seconds.")


async def test_a_client_that_goes_away_gives_its_place_up(worker):
    async with worker.live() as client:
        await client.say("a", TEXT)
        await client.pull()

    assert (await worker.health())["live_sessions"] == 0


async def test_a_worker_that_is_asked_to_end_closes_its_sessions_at_once(start_worker):
    worker = start_worker()
    async with worker.live() as client:
        await client.say("a", TEXT)
        await client.pull()
        worker.process.terminate()
        with pytest.raises(ConnectionClosed) as closed:
            await client.pull_until(lambda: False)

    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1012
    assert worker.stop() == ""
    assert not any("Traceback" in line for line in worker.log), "".join(worker.log)


async def test_frames_of_live_sessions_are_counted_by_what_they_show(worker):
    async def metrics():
        async with worker.client() as http:
            page = (await http.get("/metrics")).text
        return {
            sample.name.removeprefix("satspeak_worker_live_") + "".join(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }

    async with worker.live() as client:
        await client.until(Init)
        before = await metrics()
        await client.pull()
        await client.send(Audio(id="a", pcm=buzz(0.5)), Done(id="a"))
        await client.pull_until(lambda: bool(client.of(Finished)))
        after = await metrics()

    for face, utterance in (("speaks", "a"), ("rests", None)):
        frames = sum(segment.frames for segment in spoken_by(client, utterance))
        assert after[f"frames_total{face}"] - before.get(f"frames_total{face}", 0) == frames
    assert after["sessions_active"] == 1
    assert after["idle_bytes"] > 0
