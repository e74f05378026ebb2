"""The page of an account's video, in a real Chromium, and the playlist beside it."""

import contextlib
import re

import pytest

from service.assembly.stores import open_accounts

TEXT = "Every word of this sentence is spoken aloud. " * 3

WISH = {"text": TEXT, "avatar": "arab_woman", "emotion": "happy"}

PLAYER = "document.getElementById('player')"

PLAY = f"{PLAYER}.muted = true; {PLAYER}.play().catch(() => {{}}); 0"
"""What nobody has touched makes no noise."""


@pytest.fixture
async def headers(shop):
    """What shows the key of an account."""
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create("viewed")
        account = await holders.accounts.get(number)
        assert account is not None
        await holders.video_time.grant(account, 60_000)
        return {"X-API-Key": await holders.keys.create("test", account_id=number)}


@pytest.fixture
async def delayed(shop, actor, headers):
    """A video that is made when somebody opens it: the path of what belongs to it."""
    answer = await shop.http.post("/inference?delayed=true", json=WISH, headers=headers)
    return answer.json()["html_url"].removeprefix(shop.url).removesuffix("/video.html")


async def test_whoever_opens_a_delayed_video_sees_it_while_it_is_made(shop, actor, headers, delayed, visit):
    actor.hold_after = 8
    visitor = await visit(shop.url)

    await visitor.come(f"{delayed}/video.html")
    await visitor.until(f"{PLAYER}.currentSrc.startsWith('blob:')")
    await visitor.tell(PLAY)
    await visitor.plays()
    assert (await shop.http.get("/account", headers=headers)).json()["reserved_ms"]
    actor.go.set()
    await visitor.until(f"{PLAYER}.duration == 5.76")

    assert len(actor.requests) == 1
    assert await visitor.violations() == []


async def test_a_browser_without_media_source_is_given_the_playlist(shop, actor, headers, delayed, visit):
    actor.hold_after = 8
    visitor = await visit(shop.url)
    await visitor.page.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource")

    await visitor.come(f"{delayed}/video.html")
    await visitor.until(f"{PLAYER}.currentSrc.endsWith('/hls.m3u8')")
    assert (await shop.http.get("/account", headers=headers)).json()["reserved_ms"]
    actor.go.set()
    await visitor.tell(PLAY)

    await visitor.until(f"{PLAYER}.currentTime > 0")
    assert len(actor.requests) == 1


async def test_the_page_of_a_whole_video_runs_no_script(shop, actor, headers, visit):
    told = (await shop.http.post("/inference", json=WISH, headers=headers)).json()
    visitor = await visit(shop.url, java_script_enabled=False)

    answer = await visitor.page.goto(told["html_url"])

    assert answer is not None
    assert "<script" not in await answer.text()
    await visitor.page.locator("video[src='video.mp4']").wait_for()


async def test_the_page_of_a_video_speaks_the_visitors_language(shop, delayed):
    page = await shop.http.get(f"{delayed}/video.html", headers={"Accept-Language": "de"})

    assert '<html lang="de">' in page.text
    assert "Von einer Maschine gemacht." in page.text
    assert 'srclang="en"' in page.text
    assert "frame-ancestors" not in page.headers["Content-Security-Policy"]


async def test_whoever_opens_a_video_that_cannot_be_made_is_told_so(shop, actor, delayed, visit):
    actor.answer = (400, "Nobody can say that.")
    visitor = await visit(shop.url)

    await visitor.come(f"{delayed}/video.html")

    await visitor.reads("#problem", re.compile("Nobody can say that|could not be made"))


async def test_the_playlist_of_an_accounts_video_has_nothing_made_and_follows_what_is(shop, actor, delayed):
    playlist = f"{delayed}/hls.m3u8"
    actor.hold_after = 6

    before = await shop.http.get(playlist)
    async with contextlib.AsyncExitStack() as watching:
        video = await watching.enter_async_context(shop.http.stream("GET", f"{delayed}/video.mp4"))
        growing = await shop.http.get(playlist)
        actor.go.set()
        await video.aread()
    whole = await shop.http.get(playlist)
    unknown = await shop.http.get("/inference/8e03978e-40d5-43dd-bc93-6894a57f9324/hls.m3u8")

    assert (before.status_code, before.json()) == (404, {"detail": "Nobody has opened this video yet."})
    assert growing.headers["Content-Type"].startswith("application/vnd.apple.mpegurl")
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing.text
    assert whole.text.endswith("#EXT-X-ENDLIST\n")
    assert "\nvideo.mp4\n" in whole.text
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "Resource not found"})
