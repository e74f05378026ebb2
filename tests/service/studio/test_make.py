"""`satspeak studio make`: from a prompt to a film in one command, which goes on where it was and pays once."""

import asyncio
import json
import os
import sys

import pytest

from satspeak.commands.exits import Exit
from tests.service.studio.test_twins import A2E, JPEG

WISH = (
    *("--name", "Ada", "--gender", "female", "--prompt", "An old woman", "--script", "Hello there."),
    *("--voice-id", "anna", "--lip-sync"),
)

COSTS = 5 + 30 + 60
"""Portrait, avatar, second pass; speech and video are beside it."""


@pytest.fixture
async def a2e(shop, worker, make_holder):
    worker.portrait = JPEG
    return A2E(await make_holder(shop, seconds=200))


@pytest.fixture
def make(a2e, tmp_path):
    async def make(*arguments, approve=True):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "satspeak", "studio", "make", *WISH, "--json", *arguments),
            *(("--auto-approve",) if approve else ()),
            *("--url", a2e.holder.shop.url, "--out", str(tmp_path / "out")),
            env={**os.environ, "SATSPEAK_API_KEY": a2e.holder.headers["Authorization"].split()[1]},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        return process.returncode, [json.loads(line) for line in printed.splitlines()]

    return make


async def test_a_film_is_made_in_one_command_and_the_next_pays_nothing(make, a2e, worker, tmp_path):
    status, told = await make()

    assert status == Exit.DONE, told
    assert [line["message"][:5] for line in told[:-1] if line["message"].startswith("[")] == [
        f"[{number}/6]" for number in range(1, 7)
    ]
    assert told[-1]["event"] == "made"
    assert (tmp_path / "out" / "avatar.jpg").read_bytes() == JPEG
    assert (tmp_path / "out" / "video.mp4").read_bytes() == worker.stored(worker.segments)
    left = await a2e.coins()
    assert left < 200 - COSTS

    assert (await make())[0] == Exit.DONE
    assert await a2e.coins() == left


async def test_a_portrait_is_shown_before_an_avatar_is_made_of_it(make, a2e, worker):
    status, told = await make(approve=False)
    assert status == Exit.USAGE
    assert "--auto-approve" in told[-1]["message"]
    assert await a2e.coins() == 195
    assert worker.packs == []

    assert (await make())[0] == Exit.DONE
    assert len(worker.requests) == 1


async def test_another_wish_needs_another_folder(make, a2e):
    assert (await make(approve=False))[0] == Exit.USAGE
    status, told = await make("--script", "Something else.")
    assert (status, "--out" in told[-1]["message"]) == (Exit.USAGE, True)


async def test_too_little_video_time_is_told_with_what_is_missing(make, a2e, worker):
    for _ in range(39):  # five of two hundred seconds are left
        await a2e.post("userText2image/start", {"prompt": "somebody"})

    status, told = await make()

    assert status == Exit.NOT_PAID
    assert "missing" in told[-1]["message"]
    assert worker.packs == []
