import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from satspeak.contact_sheet import examine
from tests.terminal import satspeak


@pytest.mark.regtest
def test_the_demo_sells_one_video_and_exits(tmp_path):
    demo = [sys.executable, "-m", "satspeak", "demo", "--once", "--out", str(tmp_path)]
    spoken = ["--text", "One sentence will do for a test of the demo.", "--avatar", "african_man"]

    finished = subprocess.run([*demo, *spoken], capture_output=True, text=True, timeout=900, check=False)

    assert finished.returncode == 0, finished.stdout + finished.stderr
    facts = examine(tmp_path / "demo.mp4")
    assert (facts.video_codec, facts.audio_codec, facts.fps) == ("h264", "aac", 25)
    assert facts.video_s == pytest.approx(facts.audio_s, rel=0.05)
    assert (tmp_path / "demo.png").stat().st_size > 0
    for told in ("lnbcrt", "state before: pending", "preimage", "first byte after", "state after: paid"):
        assert told in finished.stdout
    assert re.search(
        r"The operator's desk: http://127\.0\.0\.1:\d+/desk\s+which opens with this key: sk_[\w-]{43}",
        finished.stdout,
    )


@pytest.mark.regtest
async def test_ctrl_c_ends_the_demo_and_leaves_nothing_behind(tmp_path):
    async with satspeak("demo", "--out", str(tmp_path), "--text", "Hi.") as terminal:
        screen = await terminal.shows("The shop stays open until Ctrl-C.")
        [folder] = set(re.findall(r"logs in (\S+)", screen))
        there = await asyncio.to_thread(Path(folder).is_dir)
        terminal.type("\x03")

        assert await terminal.ends() == 130

    assert there
    assert not await asyncio.to_thread(Path(folder).exists)
    assert "Traceback" not in terminal.screen


def test_a_choice_that_does_not_exist_is_refused_in_words():
    chain = [sys.executable, "-m", "satspeak", "demo", "--chain", "moon"]

    finished = subprocess.run(chain, capture_output=True, text=True, timeout=60, check=False)

    assert finished.returncode == 2
    assert "'moon' is not one of" in finished.stderr


@pytest.mark.parametrize("command", [(), ("demo",), ("service",), ("worker",), ("keys",)])
def test_every_command_explains_itself(command):
    finished = subprocess.run(
        [sys.executable, "-m", "satspeak", *command, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    assert re.search(r"^Usage: ", finished.stdout, re.MULTILINE)
