"""A live output at RTMP servers: one that takes it, and some that stall, die or refuse."""

import asyncio
import contextlib
import signal

import pytest

from live import pinning
from live.records import Gone, Leave, Push, Ready, Shown
from regtest.ports import Ports
from tests.live.rtmp import listening

KEY = "a-key-that-nobody-may-read"


@pytest.fixture
def port():
    with contextlib.closing(Ports()) as ports:
        yield ports.take()


@pytest.fixture
def url(port) -> str:
    """Where nobody listens."""
    return f"rtmp://127.0.0.1:{port}/live/{KEY}"


@pytest.fixture
async def taker():
    """A server that takes one push, and its URL."""
    async with listening(KEY) as taker:
        yield taker


async def test_a_push_has_its_sound_with_its_pictures_and_is_coded_by_nobody_else(taker, show):
    url, server = taker
    push = await show(Push(url=url))
    push.say("hello", 20)
    await push.until(Ready)

    await server.until("flash", 3)
    await server.until("beep", 3)

    begun = server.of("begun")[0]
    assert begun["codecs"] == ["h264", "aac"]
    assert begun["rate"] == 48_000
    assert "Baseline" in begun["profile"]
    first = server.of("flash")[0]["time"]
    for n in range(3):
        flash, beep = server.of("flash")[n], server.of("beep")[n]
        assert flash["time"] == pytest.approx(first + n, abs=0.002)  # FLV counts milliseconds
        assert beep["time"] == pytest.approx(flash["time"], abs=0.04)
    assert push.of(Shown) == [Shown(id="hello", position_s=0.8, interrupted=False)]


async def test_a_push_goes_to_the_address_that_was_judged_whatever_its_name_leads_to(taker, show):
    url, server = taker
    push = await show(Push(url=url.replace("127.0.0.1", "nobody.invalid"), addresses=("::1", "127.0.0.1")))
    await push.until(Ready)

    await server.until("flash", 1)


async def test_with_tls_nothing_is_opened_where_the_name_leads_elsewhere_by_then(show):
    push = await show(Push(url=f"rtmps://localhost:9/live/{KEY}", addresses=("203.0.113.7",)))

    gone = await push.until(Gone)

    assert gone == Gone(reason="failed", detail="The server's name leads elsewhere now.")


@pytest.mark.parametrize(
    ("url", "opened", "told"),
    [
        ("rtmp://a.example/live/key", "rtmp://203.0.113.7/live/key", "rtmp://a.example/live"),
        (
            "rtmp://u:p@a.example:1936/a/b/key?x=y",
            "rtmp://u:p@203.0.113.7:1936/a/b/key?x=y",
            "rtmp://a.example:1936/a/b",
        ),
        ("rtmp://a.example/live/flv:key/1", "rtmp://203.0.113.7/live/flv:key/1", "rtmp://a.example/live"),
    ],
)
def test_a_pinned_url_has_all_but_its_host(url, opened, told):
    assert pinning.pinned(url, ("2001:db8::1", "203.0.113.7")) == opened
    assert pinning.pinned(opened, ("2001:db8::1",)).startswith(opened.partition("203")[0] + "[2001:db8::1]")
    assert pinning.pinned(url, ()) == url
    assert pinning.tc_url(url) == told


async def test_another_session_goes_on_in_the_same_push(taker, show):
    url, server = taker
    push = await show(Push(url=url))
    await server.until("flash", 1)

    push.begin_again()
    await server.until("flash", 3)

    times = [flash["time"] for flash in server.of("flash")]
    assert times == sorted(times)
    assert push.of(Gone) == []


async def test_who_leaves_has_shown_all_that_it_was_told(taker, show):
    url, server = taker
    push = await show(Push(url=url))
    await server.until("flash", 1)

    push.tell(Leave())
    gone = await push.until(Gone)
    over = await server.until("over")

    assert gone.reason == "left"
    assert over["pictures"] <= push.frames_told
    assert over["pictures"] > push.frames_told - 12  # what was asked for when it left may have come too late


async def test_where_nobody_listens_it_says_so_and_names_no_address(show, url):
    push = await show(Push(url=url))

    gone = await push.until(Gone)

    assert gone.reason == "failed"
    assert KEY not in gone.detail
    assert "127.0.0.1" not in gone.detail
    assert push.of(Ready) == []


async def test_a_server_that_says_nothing_is_not_waited_for(show, url, port):
    took: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _reader, writer: took.put_nowait(writer), "127.0.0.1", port)

    push = await show(Push(url=url, patience_s=1))
    writer = await asyncio.wait_for(took.get(), 60)

    assert await asyncio.wait_for(push.process.wait(), 60) == -signal.SIGALRM
    writer.close()
    server.close()


async def test_a_server_that_dies_is_told_of(taker, show):
    url, server = taker
    push = await show(Push(url=url))
    await server.until("flash", 1)

    server.process.kill()

    assert (await push.until(Gone)).reason == "failed"


async def test_its_process_can_be_killed_at_any_time(taker, show):
    url, server = taker
    push = await show(Push(url=url))
    await server.until("flash", 1)

    push.process.kill()

    await server.until("over")


@pytest.mark.parametrize("scheme", ["file", "http", "tcp", "concat", ""])
async def test_nothing_but_rtmp_is_opened(show, tmp_path, scheme):
    place = tmp_path / "written.flv"
    push = await show(Push(url=f"{scheme}://{place}" if scheme else str(place)))

    gone = await push.until(Gone)

    assert "neither rtmp: nor rtmps:" in gone.detail
    assert not place.exists()
