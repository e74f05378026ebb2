"""The blocks of `docs/heygen.md` work as they stand, for who runs a service with an account of the house."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.settings import Settings
from tests.service.heygen.conftest import VOICES

GUIDE = (Path(__file__).parents[3] / "docs" / "heygen.md").read_text()
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE))
HERE = "http://localhost:8000"
HOUSE = {"house_account": True, "house_keyless": True}


async def run(*command: str) -> str:
    """Run a program to its good end; what it says."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    return said.decode()


@pytest.fixture(scope="module")
async def house(tmp_path_factory, make_closed_shop):
    async with make_closed_shop(tmp_path_factory.mktemp("house")) as closed:
        closed.worker.voices = VOICES
        async with closed.open(**HOUSE) as shop:
            yield shop


async def test_the_python_example_makes_a_video(house):
    block = BLOCKS["python"].replace(HERE, house.url)
    assert house.url in block

    said = await run(sys.executable, "-c", block)

    match = re.fullmatch(r"Video created: (\S+)\n", said)
    assert match
    told = (await house.http.get(f"/api/v1/videos/{match.group(1)}")).json()
    assert told["status"] == "completed"
    assert (await house.http.get(told["output_url"])).content == house.worker.video


async def test_the_curl_example_makes_a_video(house):
    block = BLOCKS["bash"].replace(HERE, house.url)
    assert house.url in block

    said = await run("bash", "-c", block.replace("curl ", "curl -sS "))

    assert '"status":"completed"' in said
    assert '"avatar_id":"professional_male_01"' in said


async def test_a_wrong_key_is_nobody_also_where_none_is_needed(house):
    answers = [
        await house.http.get("/api/v1/avatars", headers=headers)
        for headers in ({}, {"X-API-Key": "sk_wrong"})
    ]

    assert [answer.status_code for answer in answers] == [200, 401]


def test_nobody_is_an_account_that_there_is_not():
    with pytest.raises(SettingsError, match="SATSPEAK_HOUSE_ACCOUNT"):
        Settings.of(house_keyless=True)
