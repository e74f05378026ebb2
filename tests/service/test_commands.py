"""What buyers do from a terminal, and what their scripts go by: lines of JSON and exit statuses."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from lightning import Msat
from satspeak.cli import main
from satspeak.client import Client
from satspeak.commands.exits import Exit
from service.program import main as service_main
from tests.terminal import satspeak
from worker.import_command import avatars

ROOT = Path(__file__).parents[2]

CHOICE = ("--avatar", "arab_woman", "--emotion", "happy", "--language", "en")


@pytest.fixture
def home(tmp_path):
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


class Script:
    """A command whose lines a script reads while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def event(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(await self.process.stdout.readline())

    async def ends(self) -> tuple[int, list[str], str]:
        printed, said = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, printed.decode().splitlines(), said.decode()


@pytest.fixture
def run(shop, home, tmp_path):
    async def run(*arguments: str, url: str = "", stdin: bytes | None = None) -> Script:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "satspeak", *arguments, "--url", url or shop.url),
            cwd=tmp_path,
            env={**os.environ, **home},
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        if stdin is not None:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.close()
        return Script(process)

    return run


async def test_a_script_buys_by_lines_of_json(shop, worker, run, tmp_path):
    buying = await run("buy", "-", *CHOICE, "--private", "--json", "-o", "out.mp4", stdin=b"Hello there.\n")

    quoted = await buying.event()
    shop.node.pay(quoted["invoice"])
    paid, saved = await buying.event(), await buying.event()
    status, rest, said = await buying.ends()

    assert (status, rest, said) == (Exit.DONE, [], "")
    assert [each["event"] for each in (quoted, paid, saved)] == ["quoted", "paid", "saved"]
    assert (tmp_path / "out.mp4").read_bytes() == worker.video
    assert (saved["file"], saved["bytes"]) == (str(tmp_path / "out.mp4"), len(worker.video))
    # A private order is opened by what was kept of it.
    status, [state], _ = await (await run("status", quoted["order"], "--json")).ends()
    assert (status, json.loads(state)["status"]) == (Exit.DONE, "paid")
    kept = tmp_path / "state" / "satspeak" / "orders" / f"{quoted['order']}.json"
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_a_video_goes_to_the_standard_output(shop, worker, run):
    buying = await run("buy", "Hello there.", *CHOICE, "-o", "-")
    assert buying.process.stderr is not None
    while not (line := (await buying.process.stderr.readline()).decode().strip()).startswith("ln"):
        pass
    shop.node.pay(line)
    printed, _ = await buying.process.communicate()

    assert printed == worker.video


async def test_a_recording_is_bought_as_well(shop, worker, run, make_wav, tmp_path):
    (tmp_path / "speech.wav").write_bytes(make_wav(0.5))
    buying = await run("buy", "--audio", "speech.wav", *CHOICE, "--json")
    shop.node.pay((await buying.event())["invoice"])

    assert (await buying.ends())[0] == Exit.DONE
    assert (tmp_path / "video.mp4").read_bytes() == worker.video


async def test_a_video_that_cannot_be_made_is_told_with_its_money_which_comes_back(shop, worker, run):
    worker.answer = (400, "no")
    buying = await run("buy", "Hello there.", *CHOICE, "--json")
    quoted = await buying.event()
    preimage = shop.node.pay(quoted["invoice"]).hex()
    status, lines, _ = await buying.ends()
    failed = json.loads(lines[-1])
    assert (status, failed["event"]) == (Exit.VIDEO_FAILED, "failed")
    assert f"satspeak refund {quoted['order']} --to INVOICE" in failed["message"]

    _, offer, said = await (await run("refund")).ends()
    assert offer, said
    due = int(offer[0].removesuffix(" sat: offered."))  # less what the way may cost
    mine = await shop.buyer.add_invoice(amount=Msat(due * 1000), memo="", expiry_s=3600)
    unproved = await (await run("refund", quoted["order"], "--to", mine.bolt11)).ends()
    status, back, said_then = await (
        await run("refund", quoted["invoice"], "--to", mine.bolt11, "--preimage", preimage)
    ).ends()

    assert 0 < due <= quoted["amount_sat"]
    assert "--to INVOICE" in said
    assert (unproved[0], "--preimage" in unproved[2]) == (Exit.USAGE, True)
    assert (status, back) == (Exit.DONE, [f"{due} sat: refunded."]), said_then


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("quote", "Hello.", "--avatar", "nobody"), Exit.REFUSED, "nobody"),
        (("buy",), Exit.USAGE, "Say a TEXT"),
        (("buy", "Hello.", "--pay", "lnd"), Exit.USAGE, "--max-sats"),
        (
            ("buy", "Hello.", "--pay", "false {invoice}", "--max-sats", "1"),
            Exit.TOO_EXPENSIVE,
            "the bound is 1 sat",
        ),
        (("buy", "Hello.", "--pay", "gold", "--max-sats", "900"), Exit.NOT_PAID, "No such wallet"),
        (("buy", "Hello.", "-o", "no/such/folder.mp4"), Exit.USAGE, "no folder"),
        (("status", "abc"), Exit.USAGE, "No order is kept as abc"),
        (("status", "lnbc1nobody"), Exit.REFUSED, "not found"),
        (("refund",), Exit.USAGE, "No order was made"),
    ],
)
async def test_each_way_to_fail_has_its_status_and_a_sentence(run, arguments, status, words):
    ended, _, said = await (await run(*arguments)).ends()

    assert (ended, words in said) == (status, True), said
    assert "Traceback" not in said


async def test_a_wallet_that_is_not_sure_is_no_reason_to_buy_again(run, monkeypatch):
    ended, _, said = await (
        await run("buy", "Hello.", *CHOICE, "--pay", "false {invoice}", "--max-sats", "900")
    ).ends()

    assert ended == Exit.OUTCOME_UNKNOWN
    assert "satspeak buy --resume" in said


async def test_a_service_that_is_not_there_is_told_from_one_that_refuses(run):
    ended, [line], _ = await (await run("quote", "Hello.", "--json", url="http://127.0.0.1:1")).ends()

    assert (ended, json.loads(line)["exit"]) == (Exit.UNREACHABLE, 3)


async def test_what_can_be_chosen_and_what_it_costs_is_told_to_people_and_programs(run):
    _, avatars, _ = await (await run("avatars")).ends()
    _, [voices], _ = await (await run("voices", "--json")).ends()
    _, [price], _ = await (await run("quote", "Hello there.")).ends()

    assert any(line.startswith("arab_woman ") for line in avatars)
    assert max(map(len, avatars)) <= 80
    assert json.loads(voices)[0]["name"] == "anna"
    assert price.split()[1] == "sat"
    assert price.endswith("s, en")


async def test_whoever_ends_it_with_ctrl_c_goes_on_with_the_same_order(shop, worker, home, tmp_path):
    buy = ("buy", "Hello there.", *CHOICE, "--url", shop.url)
    async with satspeak(*buy, folder=tmp_path, environment=home) as terminal:
        screen = await terminal.shows("Waiting for the payment")
        terminal.type("\x03")
        assert await terminal.ends() == Exit.INTERRUPTED
        assert "satspeak buy --resume" in terminal.screen
    invoice = next(line for line in screen.splitlines() if line.startswith("ln"))
    order = screen.partition("Order ")[2][:10]

    async with satspeak("status", "--url", shop.url, folder=tmp_path, environment=home) as terminal:
        assert await terminal.ends() == Exit.DONE
        assert "sat, pending" in terminal.screen
    shop.node.pay(invoice)
    async with satspeak(
        "buy", "--resume", order, "--url", shop.url, folder=tmp_path, environment=home
    ) as terminal:
        assert await terminal.ends() == Exit.DONE
        assert "Paid" in terminal.screen

    assert (tmp_path / "video.mp4").read_bytes() == worker.video


async def test_a_script_uses_an_account_by_json_and_statuses(shop, worker, run, tmp_path):
    _, [line], _ = await (await run("top-up", "1", "--json")).ends()
    bought = json.loads(line)
    key = ("--api-key", bought["api_key"])
    stranger = await (await run("account", "--api-key", "sk_nobody")).ends()
    shop.node.pay(bought["bolt11_invoice"])
    await credited(shop, bought["api_key"], 1000)

    (tmp_path / "old.mp4").write_bytes(b"old")
    wish = ("inference", "Hello there.", *CHOICE, *key, "--json")
    kept = await (await run(*wish, "-o", "old.mp4")).ends()
    missing, [said], _ = await (await run(*wish, "-o", "old.mp4", "--force")).ends()
    _, [line], _ = await (await run("top-up", "60", "--json", *key)).ends()
    shop.node.pay(json.loads(line)["bolt11_invoice"])
    await credited(shop, bought["api_key"], 61_000)
    untouched = (tmp_path / "old.mp4").read_bytes()
    made, [saved], _ = await (await run(*wish, "-o", "old.mp4", "--force")).ends()
    _, [balance], _ = await (await run("account", "--json", *key)).ends()

    assert (stranger[0], kept[0], missing, made) == (Exit.REFUSED, Exit.USAGE, Exit.NOT_PAID, Exit.DONE)
    assert (json.loads(said)["missing_s"], untouched) == (1, b"old")
    assert json.loads(saved) == {
        "event": "saved",
        "file": str(tmp_path / "old.mp4"),
        "bytes": len(worker.video),
    }
    assert (tmp_path / "old.mp4").read_bytes() == worker.video
    assert json.loads(balance)["used_ms"] == 1920
    assert json.loads(balance)["free_ms"] == 61_000 - 1920


async def test_the_video_of_an_account_goes_to_the_standard_output(shop, worker, run):
    async with Client(shop.url) as stranger:
        bought = await stranger.top_up(60)
    assert bought.api_key is not None
    shop.node.pay(bought.bolt11_invoice)
    await credited(shop, bought.api_key, 60_000)

    having = await run("inference", "-", *CHOICE, "--api-key", bought.api_key, "-o", "-", stdin=b"Hello.")
    printed, _ = await having.process.communicate()

    assert (having.process.returncode, printed) == (Exit.DONE, worker.video)


async def test_the_command_that_lists_faces_has_its_help(run):
    ended, lines, _ = await (await run("avatars", "--help")).ends()

    assert (ended, lines[0]) == (Exit.DONE, "Usage: satspeak avatars [OPTIONS]")
    assert "avatars add" in "\n".join(lines)


async def test_help_is_quick_since_nothing_is_loaded_for_it():
    code = (
        "import sys; sys.argv = ['satspeak', '--help']\n"
        "from satspeak.cli import main\n"
        "main(standalone_mode=False)\n"
        "print([each for each in ('httpx', 'rich', 'msgspec', 'asyncio') if each in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()

    assert printed.decode().splitlines()[-1] == "[]"


async def credited(shop, key: str, granted_ms: int) -> None:
    """Wait until an account has been given so much."""
    async with asyncio.timeout(10), Client(shop.url, api_key=key) as holder:
        while (await holder.account()).granted_ms < granted_ms:  # noqa: ASYNC110 - what a buyer can do
            await asyncio.sleep(0.01)


async def test_somebody_watches_an_order_until_nothing_changes_any_more(shop, worker, home):
    invoice = await shop.quote(text="Hello there.")
    async with satspeak(
        "status", invoice, "--watch", "--url", shop.url, environment={**os.environ, **home}
    ) as watching:
        await watching.shows("pending")
        shop.node.pay(invoice)
        await watching.shows("paid, and nobody has asked for its video yet")
        assert (await shop.video(invoice)).status_code == 200
        assert await watching.ends() == Exit.DONE

    assert watching.screen.rstrip().endswith(f"paid, its video ready ({worker.segments * 12 / 25:g} s)")


@pytest.mark.parametrize("command", ["keys", "doctor", "service", "worker"])
async def test_help_calls_a_command_as_it_was_called(command):
    async with satspeak(command, "--help") as terminal:
        assert await terminal.ends() == 0

    assert f"Usage: satspeak {command} [" in terminal.screen


UNTIL_STOPPED = {"demo", "serve", "service", "worker", "mcp"}
"""Commands that run until they are stopped, and answer nothing."""


def commands_of(group: click.Group, *name: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command
        yield " ".join([*name, each]), command
        if isinstance(command, click.Group):
            yield from commands_of(command, *name, each)


def test_programs_can_read_the_answer_of_every_command():
    ours = dict(commands_of(main))
    passed_on = {"keys", "accounts", "owed", "webhooks", "l402", "doctor", "avatars", "docs"}
    theirs = {
        **dict(commands_of(service_main)),
        **{f"avatars {name}": command for name, command in commands_of(avatars)},
    }
    groups = {"keys", "accounts", "l402", "studio"}
    answering = {
        name: command
        for name, command in {**ours, **theirs}.items()
        if name not in UNTIL_STOPPED | groups and (name in theirs or name not in passed_on)
    }

    mute = [
        name
        for name, command in answering.items()
        if not any("--json" in option.opts for option in command.params)
    ]

    assert len(answering) > 25
    assert mute == []


async def test_a_shell_completes_commands_and_options():
    line = next(
        line for line in (ROOT / "docs" / "command-line.md").read_text().splitlines() if "_COMPLETE=" in line
    )
    completes = line.split("`")[-2]
    script = (
        f'{completes}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
        ' $(complete -p satspeak | sed "s/.*-F //; s/ .*//") satspeak; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    async def completed(*words: str) -> list[str]:
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", script, "bash", "satspeak", *words),
            env={**os.environ, "PATH": path},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        return printed.decode().split()

    assert await completed("st") == ["status", "studio"]
    assert await completed("keys", "") == ["create", "list", "revoke"]
    assert await completed("avatars", "re") == ["remove"]
    assert await completed("status", "--w") == ["--watch"]
