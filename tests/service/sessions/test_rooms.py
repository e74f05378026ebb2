"""Live sessions in LiveKit rooms and at RTMP servers, with real ones; what is said there is spoken by a real worker."""

import secrets

import pytest

from service.sessions.terms import SHORTEST_SLICE_S
from tests.live import rooms
from tests.live.rooms import who
from tests.live.rtmp import listening
from tests.worker.live.test_sessions import buzz

SETTINGS = {"live_private": True, "live_alone_s": 60, "live_slice_s": SHORTEST_SLICE_S}

KEY = "a-key-that-nobody-may-read"


@pytest.fixture(scope="module")
async def livekit_server(tmp_path_factory, tell):
    async with rooms.serve(tmp_path_factory.mktemp("livekit"), tell) as server:
        yield server


@pytest.fixture(scope="module")
async def shop(tmp_path_factory, make_shop, face):
    folder = tmp_path_factory.mktemp("rooms")
    async with make_shop(folder, worker_urls=face.url, **SETTINGS) as shop:
        yield shop


@pytest.fixture(scope="module")
async def guarded_shop(tmp_path_factory, make_shop, face):
    """One that goes to the internet alone."""
    async with make_shop(tmp_path_factory.mktemp("guarded"), worker_urls=face.url) as shop:
        yield shop


@pytest.fixture
async def holder(shop, holder_of):
    return await holder_of(shop)


@pytest.fixture
def room() -> str:
    return f"room-{secrets.token_hex(4)}"


@pytest.fixture
def asked(livekit_server, room):
    """What the plugin of livekit-agents asks for."""
    return {
        "room_name": room,
        "room_token": livekit_server.token(room, "avatartalk-agent", agent=True, on_behalf="agent"),
        "listener_token": livekit_server.token(room, "listener"),
        "livekit_url": livekit_server.url,
        "avatar": "ann",
        "emotion": "expressive",
        "agent_identity": "agent",
    }


@pytest.fixture
async def agent(livekit_server, room):
    agent = await rooms.join(livekit_server, room, "agent", agent=True)
    yield agent
    await agent.close()


async def create(holder, asked):
    return await holder.shop.http.post(
        "/livekit/create-session", json=asked, headers=holder.headers, timeout=60
    )


async def delete(holder, task_id):
    return await holder.shop.http.delete(
        f"/livekit/delete-session/{task_id}", headers=holder.headers, timeout=60
    )


async def test_an_agent_speaks_by_a_face_that_is_interrupted_and_ended(holder, asked, agent):
    answer = await create(holder, asked)
    assert answer.status_code == 200, answer.text
    task_id = answer.json()["task_id"]
    await agent.until("track", 2)
    await agent.until_true(lambda: who(agent) == {"avatartalk-agent", "listener"}, "avatar and listener")

    agent.do(do="speak", seconds=0.6)
    first = await agent.until("finished")
    agent.do(do="speak", seconds=20.0)
    await agent.until("spoke", 2)
    agent.do(do="clear")
    second = await agent.until("finished", 2)
    agent.do(do="speak", seconds=0.4)
    third = await agent.until("finished", 3)
    deleted = await delete(holder, task_id)

    assert first["playback_position"] == pytest.approx(0.6, abs=0.01)
    assert (first["interrupted"], second["interrupted"], third["interrupted"]) == (False, True, False)
    assert second["playback_position"] < 20
    assert third["playback_position"] == pytest.approx(0.4, abs=0.01)
    assert deleted.json() == {"status": f"Task {task_id} deleted successfully"}
    await agent.until_true(lambda: who(agent) == set(), "empty room")
    free_ms, used_ms = await holder.settled()
    assert free_ms + used_ms == 60_000
    assert used_ms >= 1_000
    again = await delete(holder, task_id)
    assert (again.status_code, again.json()) == (404, {"detail": f"Task {task_id} not found"})


async def test_an_agent_speaks_by_avatartalks_own_plugin_as_it_comes(full, holder, livekit_server, room):
    if not full:
        pytest.skip("The agent has an environment of its own, of 71 packages: --full.")
    key = holder.headers["Authorization"].removeprefix("Bearer ")
    agent = await rooms.hire(livekit_server, holder.shop.url, key, "ann")
    await agent.until("waits")

    user = await rooms.join(livekit_server, room, "user")
    await agent.until("finished")
    heard = len(user.of("beep"))
    agent.do(do="go on")
    await user.until("beep", heard + 1)
    agent.do(do="stop")
    await agent.until("left")

    one, two, three = agent.of("finished")
    assert (one["interrupted"], two["interrupted"], three["interrupted"]) == (False, True, False)
    assert one["position"] == pytest.approx(1.0, abs=0.01)
    assert 0 < two["position"] < 20
    assert three["position"] == pytest.approx(0.5, abs=0.01)
    assert {track["name"] for track in user.of("track")} >= {"avatar_video", "avatar_audio"}
    assert user.of("beep")
    await user.until_true(lambda: not {"avatartalk-agent", "listener"} & who(user), "their end")
    free_ms, used_ms = await holder.settled()
    assert free_ms + used_ms == 60_000
    assert used_ms > 2_500
    assert (await delete(holder, agent.of("joined")[0]["task"])).status_code == 404  # the plugin has done it
    await user.close()
    await agent.close()


async def test_a_face_that_is_removed_costs_no_more(holder, asked, agent, livekit_server, room):
    task_id = (await create(holder, asked)).json()["task_id"]

    await livekit_server.remove(room, "avatartalk-agent")

    assert sum(await holder.settled()) == 60_000
    assert (await delete(holder, task_id)).status_code == 404


async def test_a_session_is_its_accounts_alone(holder, holder_of, asked, agent):
    task_id = (await create(holder, asked)).json()["task_id"]
    stranger = await holder_of(holder.shop)

    for other in (task_id, "nonsense", "0" * 8):
        assert (await delete(stranger, other)).status_code == 404

    assert (await delete(holder, task_id)).status_code == 200


async def test_a_face_leaves_when_the_video_time_ends(holder, asked, agent):
    """However long it took all of them to come: it ends by another video, which takes what is left meanwhile."""
    both = {"avatartalk-agent", "listener"}
    await create(holder, asked)
    await agent.until_true(lambda: both <= {each["who"] for each in agent.of("came")}, "avatar and listener")

    agent.do(do="speak", seconds=40.0)
    await agent.until("spoke")
    await holder.spend_what_is_free()
    await agent.until_true(lambda: both <= {each["who"] for each in agent.of("went")}, "end")

    assert [each["interrupted"] for each in agent.of("finished")] == [True]  # an agent waits for that
    free_ms, used_ms = await holder.settled()
    assert free_ms < 160
    assert free_ms + used_ms == 60_000


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"room_token": "nonsense"}, "JSON Web Token"),
        ({"livekit_url": "ws://127.0.0.1:9"}, "does not answer"),
        ({"livekit_url": "file:///etc/passwd"}, "wss:// or ws://"),
        ({"livekit_url": ""}, "missing"),
        ({"avatar": ""}, "avatar"),
        ({"avatar": "nobody"}, "avatar"),
    ],
)
async def test_what_cannot_be_shown_is_refused_in_json_and_costs_nothing(holder, asked, change, told):
    answer = await create(holder, asked | change)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error_code"] == "INVALID_PARAMETERS"
    assert told in answer.json()["message"]
    assert await holder.settled() == (60_000, 0)


async def test_without_a_key_or_video_time_nothing_is_shown(shop, holder_of, asked):
    poor = await holder_of(shop, 0)

    assert (await create(poor, asked)).json()["error_code"] == "INSUFFICIENT_CREDITS"
    poor.headers = {}
    assert (await create(poor, asked)).json()["error_code"] == "INVALID_API_KEY"
    assert (await delete(poor, "x")).status_code == 401


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:7880",
        "ws://[::1]:7880",
        "wss://localhost",
        "ws://169.254.169.254",
        "ws://[::ffff:10.0.0.1]",
    ],
)
async def test_a_room_at_a_private_address_is_not_gone_to(guarded_shop, holder_of, asked, url):
    holder = await holder_of(guarded_shop)

    answer = await create(holder, asked | {"livekit_url": url})

    assert answer.status_code == 400
    assert "on the internet" in answer.json()["message"]


async def test_a_text_is_spoken_in_a_room_by_whoever_has_gone_away_after_it(holder, livekit_server, room):
    user = await rooms.join(livekit_server, room, "user")
    async with holder.connect(
        output_type="livekit",
        meeting_token=livekit_server.token(room, "avatar"),
        livekit_url=livekit_server.url,
        language="en",
    ) as client:
        await client.send(b"Good evening.", b"!!!Close!!!")

    await user.until("track", 2)
    await user.until("beep")  # it is heard
    await user.until_true(lambda: "avatar" not in who(user), "end")
    _free_ms, used_ms = await holder.settled()
    assert used_ms > 600
    await user.close()


async def test_texts_are_pushed_and_each_is_told_of_by_one_json_message(holder, tmp_path):
    async with listening(KEY) as (url, server):
        async with holder.connect(output_type="rtmp", rtmp_url=url, stream_id="avatartalk-live") as client:
            durations = []
            for text in (b"Good evening.", b"Hello there."):
                await client.send(text)
                message = await client.next()
                assert isinstance(message, str)
                durations.append(client.told[-1]["audio_duration"])
            await client.send(b"!!!Close!!!")
            assert await client.closed() == (1000, "")
        over = await server.until("over")

    assert all(duration > 0.3 for duration in durations)
    assert len(client.told) == 2
    assert client.movie == b""
    assert over["pictures"] / 25 >= sum(durations)
    assert len(server.of("beep")) >= 1
    free_ms, used_ms = await holder.settled()
    assert free_ms + used_ms == 60_000
    assert over["pictures"] <= used_ms / 40 <= over["pictures"] + 12


async def test_each_text_is_told_of_that_the_video_time_was_not_enough_for(shop, holder_of, tmp_path):
    poor = await holder_of(shop, 1_500)
    async with listening(KEY) as (url, _server), poor.connect(output_type="rtmp", rtmp_url=url) as client:
        await client.send(*["Good evening, and welcome to the news of today."] * 5)

        assert await client.closed() == (1008, "Insufficient credits")

    unsaid = client.of("interrupted")
    assert len(client.told) == 5
    assert unsaid
    assert unsaid == client.told[-len(unsaid) :]
    assert {each["audio_duration"] for each in unsaid} == {0}


async def test_a_recording_is_spoken_in_a_room_to_its_end_by_whoever_only_goes_away(
    holder, livekit_server, room
):
    user = await rooms.join(livekit_server, room, "user")
    async with holder.connect(
        output_type="livekit",
        input_type="audio",
        meeting_token=livekit_server.token(room, "avatar"),
        livekit_url=livekit_server.url,
    ) as client:
        await client.send(buzz(1.0))

    await user.until("beep")
    await user.until_true(lambda: "avatar" not in who(user), "end")
    _free_ms, used_ms = await holder.settled()
    assert used_ms >= 1_000
    await user.close()


async def test_a_recording_is_pushed(holder):
    async with listening(KEY) as (url, server):
        async with holder.connect(output_type="rtmp", input_type="audio", rtmp_url=url) as client:
            await client.send(buzz(1.0), b"!!!Close!!!")
            assert await client.closed() == (1000, "")
        await server.until("over")

    assert [each["audio_duration"] for each in client.told] == [1.0]
    assert len(server.of("beep")) == 1


async def test_whoever_goes_away_without_an_end_takes_the_face_along(holder):
    async with listening(KEY) as (url, server):
        async with holder.connect(output_type="rtmp", rtmp_url=url):
            await server.until("begun")
        await server.until("over")

    assert sum(await holder.settled()) == 60_000


async def test_the_same_stream_again_takes_the_place_of_the_first(holder):
    async with listening(KEY) as (url, server), listening(KEY) as (other_url, other):
        first_connection = holder.connect(output_type="rtmp", rtmp_url=url, stream_id="mine")
        async with first_connection as first:
            await server.until("begun")
            async with holder.connect(output_type="rtmp", rtmp_url=other_url, stream_id="mine"):
                await other.until("begun")
                code, reason = await first.closed()

    assert code == 1008
    assert "took its place" in reason


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ({"rtmp_url": "rtmp://127.0.0.1:9/live/" + KEY}, 1008, "did not take it"),
        ({"rtmp_url": "file:///tmp/" + KEY}, 1008, "rtmps:// or rtmp://"),
        ({"rtmp_url": "http://127.0.0.1/" + KEY}, 1008, "rtmps:// or rtmp://"),
        ({}, 1008, "'rtmp_url' is missing"),
    ],
)
async def test_a_push_that_cannot_be_is_refused_with_the_reason_and_without_the_key(
    holder, capfd, asked, code, told
):
    async with holder.connect(output_type="rtmp", **asked) as client:
        closed = await client.closed()

    assert closed[0] == code
    assert told in closed[1]
    assert KEY not in closed[1]
    out, err = capfd.readouterr()
    assert KEY not in out + err


async def test_a_server_that_dies_is_told_of(holder):
    async with listening(KEY) as (url, server), holder.connect(output_type="rtmp", rtmp_url=url) as client:
        await server.until("begun")
        server.process.kill()
        code, reason = await client.closed()

    assert code == 1011
    assert "did not take it" in reason


async def test_a_push_to_a_private_address_is_refused(guarded_shop, holder_of):
    holder = await holder_of(guarded_shop)
    async with holder.connect(output_type="rtmp", rtmp_url="rtmp://127.0.0.1/live/" + KEY) as client:
        code, reason = await client.closed()

    assert code == 1008
    assert "on the internet" in reason
