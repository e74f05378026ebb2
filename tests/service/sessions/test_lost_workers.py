"""A worker that dies in the middle of a session: another goes on where it was, and the client sees a pause."""

import pytest

from regtest.process import until
from tests.live.rtmp import listening
from tests.worker.live.test_sessions import buzz


@pytest.fixture
def faces(start_face):
    return [start_face() for _ in range(2)]


@pytest.fixture
def open_shop(closed_shop, faces):
    def opened(**settings):
        urls = ",".join(face.url for face in faces)
        return closed_shop.open(**{"worker_urls": urls, "live_quiet_s": 0.2, **settings})

    return opened


async def busy(faces):
    """Return whoever shows the one session."""
    (face,) = [face for face in faces if (await face.health())["live_sessions"]]
    return face


async def goes_on(faces):
    async def shown():
        return any([(await face.health())["live_sessions"] for face in faces])

    await until("another worker", shown, timeout_s=60)


async def until_pictures(client, pieces):
    while client.pieces < pieces:
        await client.next()


async def test_texts_go_on_with_the_next_one_in_the_same_film(open_shop, faces, holder_of):
    async with open_shop() as shop:
        holder = await holder_of(shop)
        async with holder.connect(language="en") as client:
            for text in (
                "This is the first of three, and long enough to be cut off in its middle.",
                "Two.",
                "Three.",
            ):
                await client.send(text)
            await until_pictures(client, 3)
            (await busy(faces)).process.kill()
            await client.send("Four.", "!!!Close!!!")

            assert await client.closed() == (1000, "")

        frames = client.frames  # each of them in its place
        assert await holder.settled() == (60_000 - frames * 40, frames * 40)
    assert len(client.of("ready")) == 1
    (lost,) = client.of("interrupted")
    assert (lost["utterance"], lost["message"]) == ("1", "The renderer was lost while this was shown.")
    assert [each["utterance"] for each in client.of("shown")] == ["2", "3", "4"]
    assert len(client.of("spoken")) <= 4  # none is told twice
    assert client.of("end")[0]["video_duration"] == pytest.approx(frames / 25)


async def test_of_a_recording_what_comes_after_is_shown(open_shop, faces, holder_of):
    async with open_shop() as shop:
        holder = await holder_of(shop)
        async with holder.connect(input_type="audio") as client:
            await client.send(buzz(20))
            await until_pictures(client, 3)
            lost = await busy(faces)
            lost.process.kill()
            await goes_on([face for face in faces if face is not lost])
            await client.send(buzz(1), b"!!!Close!!!")

            assert await client.closed() == (1000, "")

        frames = client.frames
        assert await holder.settled() == (60_000 - frames * 40, frames * 40)
    assert client.of("interrupted") == []
    (shown,) = client.of("shown")
    assert shown["utterance"] == "1"
    assert 1 <= shown["shown_duration"] < 20  # all of the second piece, and of the first what had been made


async def test_a_push_goes_on_without_a_gap(open_shop, faces, holder_of):
    async with open_shop(live_private=True) as shop, listening("key") as (url, server):
        holder = await holder_of(shop)
        async with holder.connect(output_type="rtmp", rtmp_url=url, language="en") as client:
            await server.until("begun")
            (await busy(faces)).process.kill()
            await client.send("Good evening.")
            await client.next()
            await server.until("beep")  # the other one is heard
            await client.send("!!!Close!!!")
            assert await client.closed() == (1000, "")
        over = await server.until("over")

        assert client.told[0]["audio_duration"] > 0.3
        _free_ms, used_ms = await holder.settled()
    assert over["pictures"] <= used_ms / 40 <= over["pictures"] + 12
