"""`/ws/continuous`, as the source API's newer clients use it: a face that rests and speaks, on one connection."""

import pytest


class Talker:
    """Who talks as the example client does, and keeps what it is told."""

    def __init__(self, client) -> None:
        self.client = client

    async def send(self, kind, **data):
        await self.client.send({"type": kind, "data": data})

    async def until(self, kind, count=1):
        while len(self.of(kind)) < count:
            await self.client.next()
        return self.of(kind)[count - 1]

    def of(self, kind):
        return [each["data"] for each in self.client.told if each["type"] == kind]

    @property
    def changes(self):
        return [(each["from"], each["to"]) for each in self.of("state_change")]


def connected(holder, **asked):
    return holder.connect("/ws/continuous", **{"expression": "neutral", "language": "en", **asked})


async def test_a_face_rests_says_what_comes_sentence_by_sentence_and_rests_again(holder):
    async with connected(holder, avatar="nobody") as client:
        talker = Talker(client)
        await talker.send(
            "session_start",
            avatar_name="ann",
            expression="expressive",
            language="en",
            expressive_mode=True,
            target_buffer_ms=500,
            min_buffer_ms=250,
            max_buffer_ms=1500,
        )
        assert (await talker.until("session_ready"))["session_id"]
        await talker.until("ready_to_listen")
        await talker.send("buffer_status", buffered_ms=450, playback_position=1.5)
        await talker.send("turn_start", expression="neutral")
        await talker.send("text_input", text="Good evening.", expression="happy", mode="dynamic_only")
        await talker.send("text_append", text="How are you?")
        await talker.send("text_stream_done")
        await talker.until("text_stream_completed")
        while talker.changes[-1:] != [("dynamic_speech", "silence")]:
            await client.next()
        await talker.until("ready_to_listen", len(talker.of("ready_to_listen")) + 1)
        await talker.send("session_end")
        assert await client.closed() == (1000, "")

    assert talker.changes[0] == ("silence", "dynamic_speech")
    assert [len(talker.of(kind)) for kind in ("turn_queued", "text_queued", "text_appended", "error")] == [
        1,
        1,
        1,
        0,
    ]
    frames = client.frames  # all in their places, with their sound
    free, used = await holder.settled()
    assert free + used == 60_000
    assert frames * 40 <= used <= frames * 40 + 3 * 160


async def test_the_microphone_opens_after_a_stream_whose_sentences_were_said_before_its_end(holder):
    async with connected(holder) as client:
        talker = Talker(client)
        await talker.send("text_input", text="Yes.")  # and no session_start: the URL has it all
        while talker.changes[-1:] != [("dynamic_speech", "silence")]:
            await client.next()
        heard = len(talker.of("ready_to_listen"))
        await talker.send("text_stream_done")

        await talker.until("ready_to_listen", max(heard, 2) + 1)


async def test_what_is_no_message_is_told_and_the_session_goes_on(holder):
    async with connected(holder) as client:
        talker = Talker(client)
        await talker.send("session_start")
        await talker.until("session_ready")
        for frame in (
            "nonsense",
            "[]",
            '{"type": "dance"}',
            '{"type": "text_input", "data": {"text": 7}}',
            "[" * 5_000,
        ):
            await client.send(frame)
        await talker.until("error", 5)
        await talker.send("text_input", text="...")
        await talker.until("error", 6)  # nothing of it is spoken
        await talker.send("ping")
        await talker.until("pong")


@pytest.mark.parametrize(
    ("ms", "asked", "told", "closed"),
    [
        (60_000, {"avatar": ""}, "avatar", 1008),
        (60_000, {"avatar": "nobody"}, "avatar", 1008),
        (0, {}, "Insufficient credits", 1008),
    ],
)
async def test_what_cannot_be_begun_is_told_and_closed_with_its_reason(
    live_shop, holder_of, ms, asked, told, closed
):
    holder = await holder_of(live_shop, ms)
    async with connected(holder, **asked) as client:
        talker = Talker(client)
        await talker.send("session_start")

        code, reason = await client.closed()

    assert code == closed
    assert told in reason
    assert talker.of("error")[0]["message"] == reason


async def test_a_key_is_needed_and_the_end_of_the_video_time_is_told(live_shop, holder_of):
    poor = await holder_of(live_shop, 800)
    async with poor.connect("/ws/continuous", headers={}) as client:
        assert await client.closed() == (1008, "Invalid API key")
    async with connected(poor) as client:
        talker = Talker(client)
        await talker.send("session_start")
        assert await client.closed() == (1008, "Insufficient credits")

    assert talker.of("billing_error") == [{"message": "Insufficient credits"}]
    assert await poor.settled() == (0, 800)
