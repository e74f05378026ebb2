"""`/ws/infer`: what comes is spoken, comes back as a film, and costs what was shown."""

import io

import av
import numpy as np
import pytest

from service.accounts.port import Scope
from tests.worker.live.test_sessions import buzz

TEXT = "Hello there. This is a second sentence."


async def test_a_text_comes_back_as_a_film_and_costs_what_was_shown(holder):
    async with holder.connect(emotion="happy", language="en") as client:
        await client.send({"text": TEXT})

        assert await client.closed() == (1000, "")

    ready, spoken, shown, end = client.told
    assert (ready["status"], spoken["status"], shown["status"], end["status"]) == (
        "ready",
        "spoken",
        "shown",
        "end",
    )
    assert ready["mime"] == 'video/mp4; codecs="avc1.42E01F, mp4a.40.2"'
    assert spoken["audio_duration"] == shown["shown_duration"] > 1
    frames = client.frames
    assert frames / 25 == pytest.approx(end["video_duration"])
    assert spoken["audio_duration"] <= frames / 25 < spoken["audio_duration"] + 1
    assert await holder.settled() == (60_000 - frames * 40, frames * 40)


@pytest.mark.parametrize(
    "frames",
    [
        ['{"text": "Good evening."}', "!!!Close!!!"],
        [b'{"text": "Good evening."}', b"!!!Close!!!"],
        [b"Good evening.", b"!!!Close!!!"],
        ["Good evening.", '{"type": "end"}'],
    ],
)
async def test_every_framing_that_clients_use_is_understood(holder, frames):
    async with holder.connect() as client:
        await client.send(*frames)

        assert await client.closed() == (1000, "")

    assert len(client.of("shown")) == 1
    assert client.frames > 10


async def test_what_says_nothing_is_told_and_what_comes_after_it_is_spoken(holder):
    async with holder.connect() as client:
        await client.send(
            {"text": ""}, {"other": 1}, {"text": "..."}, {"text": "Good evening."}, "!!!Close!!!"
        )

        assert await client.closed() == (1000, "")

    refused, shown = client.of("refused")[0], client.of("shown")[0]
    assert (refused["utterance"], shown["utterance"]) == ("1", "2")
    assert "nothing to speak" in refused["message"].lower()


async def test_sound_alone_is_a_film_without_pictures_and_costs_what_speech_does(holder):
    async with holder.connect(output_type="audio", language="en") as client:
        await client.send({"text": TEXT})
        assert await client.closed() == (1000, "")

    ready, spoken, shown, end = client.told
    assert (ready["mime"], ready["sample_rate"]) == ('audio/mp4; codecs="mp4a.40.2"', 48_000)
    assert ready.keys() == {"status", "mime", "sample_rate"}
    assert spoken["audio_duration"] == shown["shown_duration"] > 1
    with av.open(io.BytesIO(client.movie), "r") as movie:
        assert [stream.type for stream in movie.streams] == ["audio"]
        sound = np.concatenate([frame.to_ndarray()[0] for frame in movie.decode(audio=0)])
    assert len(sound) / 48_000 == pytest.approx(end["video_duration"], abs=0.03)
    assert spoken["audio_duration"] <= end["video_duration"] < spoken["audio_duration"] + 1
    assert np.abs(sound).max() > 0.1
    cost_ms = round(end["video_duration"] * 1_000 / 5)
    assert await holder.settled() == (60_000 - cost_ms, cost_ms)


async def test_a_recording_is_interrupted_where_there_are_no_pictures(holder):
    async with holder.connect(output_type="audio", input_type="audio") as client:
        await client.send(buzz(20))
        await client.until("ready")
        while client.pieces < 3:
            await client.next()
        await client.send({"type": "clear"}, {"type": "end"})
        assert await client.closed() == (1000, "")

    assert client.of("interrupted")[0]["shown_duration"] < 20
    assert client.of("end")[0]["video_duration"] < 20
    assert sum(await holder.settled()) == 60_000


async def test_samples_are_heard_in_pieces_of_any_size(holder):
    pcm = buzz(1.5)

    async with holder.connect(input_type="audio") as client:
        for start in range(0, len(pcm), 1_333):
            await client.send(pcm[start : start + 1_333])
        await client.send(b"!!!Close!!!")

        assert await client.closed() == (1000, "")

    assert client.of("spoken")[0]["audio_duration"] == pytest.approx(1.5, abs=0.001)
    assert client.frames >= 37


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "Invalid API key"),
        ({"Authorization": "Bearer sk_nobody"}, "Invalid API key"),
        ({"X-API-Key": "sk_nobody"}, "Invalid API key"),
    ],
)
async def test_who_shows_no_good_key_is_told_so(holder, headers, reason):
    async with holder.connect(headers=headers) as client:
        assert await client.closed() == (1008, reason)


async def test_a_key_may_come_in_a_header_of_its_own(holder):
    key = holder.headers["Authorization"].removeprefix("Bearer ")
    async with holder.connect(headers={"X-API-Key": key}) as client:
        await client.until("ready")


async def test_a_key_for_other_things_is_not_allowed(live_shop, holder_of):
    reader = await holder_of(live_shop, scopes=(Scope.ACCOUNT,))
    async with reader.connect() as client:
        assert await client.closed() == (1008, "Authorization failed")


async def test_an_account_without_video_time_gets_no_session(live_shop, holder_of):
    poor = await holder_of(live_shop, ms=159)
    async with poor.connect() as client:
        assert await client.closed() == (1008, "Insufficient credits")
    assert await poor.balance() == (159, 0, 0)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"output_type": "livekit"}, "'meeting_token' is missing"),
        ({"output_type": "paper"}, "output_type"),
        ({"input_type": "smell"}, "input_type"),
        ({"avatar": ""}, "avatar"),
        ({"avatar": "nobody"}, "Unknown avatar 'nobody'"),
        ({"emotion": "furious"}, "has no emotion"),
        ({"language": "xx"}, "Unknown language"),
    ],
)
async def test_what_there_is_not_is_refused_with_the_reason(holder, asked, told):
    async with holder.connect(**asked) as client:
        code, reason = await client.closed()

    assert code == 1008
    assert told in reason
    assert await holder.balance() == (60_000, 0, 0)


async def test_names_of_older_clients_are_understood(holder):
    async with holder.connect(
        emotion="expressive", language="cn", as_agent="true", increase_resolution="true"
    ) as client:
        await client.until("ready")


async def test_speech_ends_with_the_video_time_of_its_account_and_never_passes_it(live_shop, holder_of):
    poor = await holder_of(live_shop, ms=2_000)

    async with poor.connect(input_type="audio") as client:
        await client.send(buzz(6))

        assert await client.closed() == (1008, "Insufficient credits")

    assert client.frames == 48  # whole segments of what two seconds hold
    assert client.of("interrupted") == [{"status": "interrupted", "utterance": "1", "shown_duration": 1.84}]
    assert await poor.settled() == (80, 1_920)


async def test_a_session_goes_on_from_slice_to_slice(holder):
    async with holder.connect(input_type="audio") as client:
        await client.send(buzz(22), b"!!!Close!!!")  # more than a slice

        assert await client.closed() == (1000, "")

    free, used = await holder.settled()
    assert free + used == 60_000
    assert used == client.frames * 40 > 22_000


async def test_who_goes_away_pays_for_what_was_shown(holder):
    async with holder.connect(input_type="audio") as client:
        await client.send(buzz(20))
        while client.pieces < 5:
            await client.next()

    free, used = await holder.settled()
    assert 0 < used < 20_000
    assert free + used == 60_000


async def test_an_interruption_drops_what_was_not_shown(holder):
    async with holder.connect(input_type="audio") as client:
        await client.send(buzz(30))
        while client.pieces < 3:
            await client.next()
        await client.send({"type": "clear"})
        await client.until("cleared")
        await client.send(buzz(0.5), b"!!!Close!!!")
        assert await client.closed() == (1000, "")

    assert [each["utterance"] for each in client.of("interrupted")] == ["1"]
    assert [each["utterance"] for each in client.of("shown")] == ["2"]
    assert client.frames < 30 * 25
