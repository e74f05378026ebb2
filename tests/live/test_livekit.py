"""A live output in a room of a real LiveKit server, where somebody else sees and hears it."""

import statistics
from itertools import pairwise

import msgspec
import pytest

from live.records import Audio, Clear, Done, Gone, Ready, Room, Shown
from tests.live.feeding import FLASH_EVERY
from tests.live.rooms import who

FLASHES = 5


def lags(user) -> list[float]:
    """Seconds from each of the last flashes to the beep that is nearest."""
    flashes, beeps = user.of("flash")[-FLASHES - 1 : -1], user.of("beep")
    return [min((beep["at"] - flash["at"] for beep in beeps), key=abs) for flash in flashes if beeps]


def seconds(user) -> list[float]:
    """Seconds between the last flashes."""
    at = [flash["at"] for flash in user.of("flash")[-FLASHES - 1 :]]
    return [after - before for before, after in pairwise(at)]


async def test_a_room_sees_25_pictures_a_second_and_hears_each_beep_with_its_flash(show, join, open_room):
    user = await join("user")
    avatar = await show(open_room())
    await avatar.until(Ready)

    await user.until("flash", FLASHES + 2)  # some of the first pictures come before the room is heard
    await user.until_true(
        lambda: abs(statistics.median(lags(user) or [1])) < 0.08 and statistics.median(seconds(user)) < 1.1,
        "beep within 80 ms of its flash, once a second",
    )

    tracks = {track["name"]: track for track in user.of("track")}
    assert tracks["avatar_video"]["mime"].lower() == "video/h264"
    assert tracks["avatar_audio"]["who"] == tracks["avatar_video"]["who"] == "avatartalk-agent"
    frames = [flash["frame"] for flash in user.of("flash")[1:]]
    between = [after - before for before, after in pairwise(frames)]
    assert statistics.median(between) == FLASH_EVERY


async def test_a_room_is_gone_to_at_the_address_that_was_judged_whatever_its_name_leads_to(
    show, join, open_room, livekit_server
):
    url = livekit_server.url.replace("127.0.0.1", "nobody.invalid")
    avatar = await show(msgspec.structs.replace(open_room(), url=url, addresses=("127.0.0.1",)))

    await avatar.until(Ready)


async def test_what_an_agent_says_is_heard_shown_and_told_of_once_when_it_was_shown(show, join, open_room):
    agent = await join("agent", agent=True)
    avatar = await show(open_room(listens=True))
    await avatar.until(Ready)
    await agent.until_true(lambda: {"avatartalk-agent", "listener"} <= who(agent), "avatar and listener")

    agent.do(do="speak", seconds=1.0)
    finished = await agent.until("finished")

    pcm = b"".join(audio.pcm for audio in avatar.of(Audio))
    assert len(pcm) == 2 * 16_000
    assert len(avatar.of(Done)) == 1
    assert finished["playback_position"] == pytest.approx(1, abs=0.01)
    assert not finished["interrupted"]
    assert finished["by"] == "listener"
    spoke = agent.of("spoke")[0]["at"]
    assert finished["at"] - spoke > 0.8  # it came far faster than it is shown
    assert len(avatar.of(Shown)) == 1


async def test_ten_interruptions_in_a_row_are_each_told_of_once(show, join, open_room):
    agent = await join("agent", agent=True)
    avatar = await show(open_room(listens=True))
    await avatar.until(Ready)
    await agent.until_true(lambda: {"avatartalk-agent", "listener"} <= who(agent), "avatar and listener")

    for n in range(1, 11):
        heard = len(avatar.of(Audio))
        agent.do(do="speak", seconds=30.0, end=n % 2 == 0)  # of every second one the end never comes
        await avatar.until(Audio, heard + 1)
        agent.do(do="clear")
        assert (await agent.until("cleared", n))["answer"] == "ok"
        finished = await agent.until("finished", n)
        assert finished["interrupted"]
        assert 0 <= finished["playback_position"] < 30
        await agent.until("spoke", n)
    agent.do(do="speak", seconds=0.5)
    last = await agent.until("finished", 11)

    assert not last["interrupted"]
    assert last["playback_position"] == pytest.approx(0.5, abs=0.01)
    assert len(agent.of("finished")) == 11
    assert len(avatar.of(Clear)) == 10


@pytest.mark.parametrize("utterances", [1, 2])
async def test_an_agent_whose_face_goes_away_is_told_of_all_that_it_waits_for(
    show, join, open_room, utterances
):
    agent = await join("agent", agent=True)
    avatar = await show(open_room(listens=True))
    await avatar.until(Ready)
    await agent.until_true(lambda: {"avatartalk-agent", "listener"} <= who(agent), "avatar and listener")
    for n in range(1, utterances + 1):
        agent.do(do="speak", seconds=20.0)
        await avatar.until(Done, n)

    await avatar.close()
    await agent.until_true(lambda: who(agent) == set(), "empty room")

    told = [(each["interrupted"], each["playback_position"] < 20) for each in agent.of("finished")]
    assert told == [(True, True)] * utterances


async def test_speech_of_another_rate_with_two_channels_is_heard_at_16_khz_in_one(show, join, open_room):
    agent = await join("agent", agent=True)
    avatar = await show(open_room(listens=True))
    await avatar.until(Ready)
    await agent.until_true(lambda: "listener" in who(agent), "listener")

    agent.do(do="speak", seconds=1.0, rate=24_000, channels=2)
    await avatar.until(Done)

    samples = sum(len(audio.pcm) // 2 for audio in avatar.of(Audio))
    assert samples == pytest.approx(16_000, abs=100)


async def test_an_utterance_of_nothing_is_told_of_too(show, join, open_room):
    agent = await join("agent", agent=True)
    avatar = await show(open_room(listens=True))
    await avatar.until(Ready)
    await agent.until_true(lambda: "listener" in who(agent), "listener")

    agent.do(do="speak", seconds=0.0)
    finished = await agent.until("finished")

    assert (finished["playback_position"], finished["interrupted"]) == (0, False)


async def test_only_its_agent_is_listened_to(show, join, open_room):
    await join("agent", agent=True)
    stranger = await join("stranger")
    avatar = await show(open_room(listens=True))
    await avatar.until(Ready)
    await stranger.until_true(lambda: "listener" in who(stranger), "listener")

    stranger.do(do="speak", seconds=0.5)
    await stranger.until("spoke")
    stranger.do(do="clear")

    assert (await stranger.until("cleared"))["answer"] == "reject"
    assert avatar.of(Audio) == avatar.of(Clear) == []


async def test_whoever_is_removed_from_its_room_is_gone(show, open_room, livekit_server, room):
    avatar = await show(open_room())
    await avatar.until(Ready)

    await livekit_server.remove(room, "avatartalk-agent")

    assert (await avatar.until(Gone)).reason == "removed"


async def test_a_room_that_is_closed_ends_it(show, open_room, livekit_server, room):
    avatar = await show(open_room(listens=True))
    await avatar.until(Ready)

    await livekit_server.delete(room)

    assert (await avatar.until(Gone)).reason == "removed"


async def test_the_same_token_again_takes_the_place_of_the_first(show, open_room):
    opened = open_room()
    first = await show(opened)
    await first.until(Ready)

    second = await show(opened)
    await second.until(Ready)

    assert (await first.until(Gone)).reason == "replaced"


async def test_a_room_in_which_nobody_is_for_a_while_is_left(show, join, open_room, livekit_server, room):
    user = await join("user")
    avatar = await show(open_room(alone_s=0.5))
    await user.until("flash", 2)  # with somebody there it goes on
    assert avatar.of(Gone) == []

    await livekit_server.remove(room, "user")

    assert (await avatar.until(Gone)).reason == "alone"


async def test_it_ends_with_its_token(show, open_room):
    avatar = await show(open_room(ttl_s=20))
    await avatar.until(Ready)

    assert (await avatar.until(Gone)).reason == "expired"


async def test_another_session_goes_on_where_a_worker_was_lost(show, join, open_room):
    user = await join("user")
    avatar = await show(open_room())
    await user.until("flash", 2)

    avatar.begin_again()
    await user.until("flash", 5)

    assert avatar.of(Gone) == []


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9", "http://127.0.0.1:9/secret"])
async def test_where_nobody_answers_it_says_so_and_names_no_address(show, open_room, url):
    avatar = await show(Room(url=url, token=open_room().token))

    gone = await avatar.until(Gone)

    assert gone.reason == "failed"
    assert "127.0.0.1" not in gone.detail
    assert "secret" not in gone.detail


async def test_a_token_that_the_server_refuses_is_told_of(show, livekit_server, open_room):
    token = open_room().token
    forged = token[:-4] + "AAAA"
    avatar = await show(Room(url=livekit_server.url, token=forged))

    gone = await avatar.until(Gone)

    assert gone.reason == "failed"
    assert "refuses the token" in gone.detail
    assert forged not in gone.detail


async def test_what_is_no_token_is_refused_before_anybody_is_asked(show, livekit_server, open_room):
    avatar = await show(Room(url=livekit_server.url, token="nonsense"))

    assert "no JSON Web Token" in (await avatar.until(Gone)).detail
