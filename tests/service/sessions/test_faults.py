"""What goes wrong in a live session: clients that hang, workers and services that die, too many at once."""

import asyncio
from datetime import timedelta

import pytest

from service.assembly.stores import open_accounts, open_kept
from service.sessions.session import NewSession
from tests.worker.live.test_sessions import buzz


@pytest.fixture
def open_shop(closed_shop, face):
    def opened(**settings):
        return closed_shop.open(**{"worker_urls": face.url, "live_quiet_s": 0.2, **settings})

    return opened


async def until_pictures(client):
    while client.pieces < 3:
        await client.next()


async def test_a_client_that_is_slow_gets_all_of_it(open_shop, holder_of):
    async with open_shop() as shop:
        holder = await holder_of(shop)
        async with holder.connect(input_type="audio") as client:
            await client.send(buzz(6), b"!!!Close!!!")
            for _ in range(20):
                await client.next()
                await asyncio.sleep(0.01)  # reads more slowly than it is sent
            assert await client.closed() == (1000, "")

        frames = client.frames
        assert frames >= 150
        assert await holder.settled() == (60_000 - frames * 40, frames * 40)


async def test_a_worker_without_room_is_told_from_one_that_dies(closed_shop, start_face, holder_of):
    face = start_face("--live-sessions", "1")
    async with closed_shop.open(worker_urls=face.url) as shop:
        holder = await holder_of(shop)
        async with holder.connect(input_type="audio") as client:
            await client.send(buzz(60))
            await until_pictures(client)
            async with holder.connect() as second:
                assert await second.closed() == (
                    1013,
                    "The renderer has no room for a live session. Try again soon.",
                )
            face.process.kill()

            assert await client.closed() == (1011, "Processing error")

        free, used = await holder.settled()
        assert free + used == 60_000
        assert 0 < used < 60_000


async def test_without_a_worker_nothing_is_set_aside(closed_shop, holder_of, free_tcp_port):
    async with closed_shop.open(worker_urls=f"http://127.0.0.1:{free_tcp_port}") as shop:
        holder = await holder_of(shop)
        async with holder.connect(avatar="arab_man") as client:
            assert await client.closed() == (1011, "Processing error")
        assert await holder.settled() == (60_000, 0)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"live_sessions_per_account": 1}, "This account has too many live sessions."),
        ({"live_sessions": 1}, "There are too many live sessions now."),
        ({"account_jobs": 1}, "This account has 1 jobs at once: wait until one is over."),
    ],
)
async def test_no_more_sessions_begin_than_may(open_shop, holder_of, settings, reason):
    async with open_shop(**settings) as shop:
        holder = await holder_of(shop)
        async with holder.connect() as first:
            await first.until("ready")
            async with holder.connect() as second:
                assert await second.closed() == (1013, reason)
            await first.send("Hello.", "!!!Close!!!")
            assert await first.closed() == (1000, "")
        async with holder.connect() as third:
            await third.until("ready")


async def test_a_second_connection_of_the_same_name_takes_the_place_of_the_first(open_shop, holder_of):
    async with open_shop(live_sessions_per_account=2, account_jobs=1) as shop:
        holder = await holder_of(shop)
        stranger = await holder_of(shop)
        async with holder.connect(stream_id="show") as first, stranger.connect(stream_id="show") as other:
            await first.until("ready")
            await other.until("ready")
            async with holder.connect(stream_id="show") as second:
                await second.until("ready")
                assert await first.closed() == (1008, "Another connection of this stream_id took its place")
            await other.send("Hello.", "!!!Close!!!")
            assert await other.closed() == (1000, "")


async def test_a_service_that_stops_tells_its_sessions_and_settles_them(open_shop, holder_of):
    async with open_shop() as shop:
        holder = await holder_of(shop)
        async with holder.connect(input_type="audio") as client:
            await client.send(buzz(60))
            await until_pictures(client)
            shop.stopping.begin()
            assert await client.closed() == (1012, "The service restarts: connect again")
        free, used = await holder.settled()

    assert free + used == 60_000
    assert 0 < used < 60_000


async def leave(shop, account_id, *, owner, lease_s):
    """Begin a session with ten seconds, show one, and leave it."""
    now = shop.clock.now()
    until = now + timedelta(seconds=lease_s)
    new = NewSession(
        id="left",
        account_id=account_id,
        owner=owner,
        output="file",
        stream=None,
        until=until,
        created_at=now,
    )
    async with open_kept(shop.settings()) as kept:
        store = kept.live_sessions
        await store.open(new, slice_ms=10_000, least_ms=160, most_open=8, unlimited=False)
        await store.renew("left", owner, 1_000, until=until, now=now, slice_ms=10_000, unlimited=False)


def replica(shop):
    return (shop.folder / "replica").read_text()


async def test_what_a_service_left_that_died_is_released_when_it_begins_anew(open_shop, holder_of):
    async with open_shop() as shop:
        holder = await holder_of(shop)
        await leave(shop, holder.id, owner=replica(shop), lease_s=3600)
        assert await holder.balance() == (50_000, 10_000, 0)

    async with open_shop():
        assert await holder.balance() == (59_000, 0, 1_000)


async def test_what_another_service_left_is_released_when_its_lease_is_over(open_shop, holder_of):
    async with open_shop(live_lease_s=1) as shop:
        holder = await holder_of(shop)
        await leave(shop, holder.id, owner="another", lease_s=1)

        assert await holder.settled() == (59_000, 1_000)


async def test_a_session_whose_lease_was_lost_shows_no_more(open_shop, holder_of):
    async with open_shop(live_lease_s=1) as shop:
        holder = await holder_of(shop)
        async with holder.connect(input_type="audio") as client:
            await client.send(buzz(0.2))
            await until_pictures(client)
            async with open_kept(shop.settings()) as kept:
                await kept.live_sessions.release(replica(shop), shop.clock.now())
            assert await client.closed() == (1011, "Processing error")
        assert (await holder.balance())[1] == 0


async def test_what_the_judge_refuses_is_told_and_not_said(open_shop, holder_of):
    async with open_shop(screen="sh -c '! grep -q zebra'") as shop:
        holder = await holder_of(shop)
        async with holder.connect() as client:
            await client.send("A word about zebras.", "Good evening.", "!!!Close!!!")
            await client.closed()
        async with holder.connect(input_type="audio") as other:
            assert (await other.closed())[0] == 1008

    assert [each["utterance"] for each in client.of("refused")] == ["1"]
    assert [each["utterance"] for each in client.of("shown")] == ["2"]


async def test_tokens_and_stream_keys_are_in_no_log(open_shop, holder_of, caplog, capsys):
    async with open_shop() as shop:
        holder = await holder_of(shop)
        async with holder.connect(output_type="rtmp", rtmp_url="rtmp://a/live/SECRET-KEY") as client:
            await client.closed()

    assert "SECRET-KEY" not in caplog.text + "".join(capsys.readouterr())


async def test_a_session_ends_soon_after_its_key_was_revoked(open_shop, holder_of):
    async with open_shop(live_lease_s=1) as shop:
        holder = await holder_of(shop)
        async with holder.connect(input_type="audio") as client:
            await client.send(buzz(0.2))
            await until_pictures(client)
            async with open_accounts(shop.settings()) as holders:
                (key,) = await holders.keys.list()
                assert await holders.keys.revoke(key.id)
            assert await client.closed() == (1008, "Invalid API key")
        async with holder.connect() as again:
            assert await again.closed() == (1008, "Invalid API key")
