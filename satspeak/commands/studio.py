"""Films of somebody who does not exist: `satspeak studio make`, with the options of A2E's own script."""

import asyncio
import functools
import sys
from pathlib import Path

import click

from satspeak.commands.common import USUAL_URL, Told
from satspeak.commands.exits import KNOWN, CommandFailed, Exit, fail
from satspeak.studio.a2e import A2E
from satspeak.studio.pipeline import Elsewhere, Pipeline, State, Wish


@click.group(short_help="Make a film of somebody who does not exist: make.")
def studio() -> None:
    """Make a portrait of a prompt, an avatar of the portrait, and a film in which it speaks."""


@studio.command(short_help="From a prompt and a script to a film.")
@click.option("--name", required=True, help="What the avatar is called.")
@click.option("--gender", required=True, type=click.Choice(["male", "female"]))
@click.option("--prompt", required=True, help="Who it is, in words: age, hair, clothes, background.")
@click.option("--script", required=True, help="What is said; `-` reads it.")
@click.option("--voice-id", required=True, help="Whose voice: `satspeak voices` lists them.")
@click.option(
    "--width", type=click.IntRange(256, 2048), default=1024, show_default=True, help="Of the portrait."
)
@click.option(
    "--height", type=click.IntRange(256, 2048), default=768, show_default=True, help="Of the portrait."
)
@click.option(
    "--resolution",
    type=click.Choice(["480", "720", "1080", "2160"]),
    default="1080",
    show_default=True,
    help="Lines of the video.",
)
@click.option(
    "--auto-approve", is_flag=True, help="Make the avatar without asking whether the portrait pleases."
)
@click.option("--lip-sync", is_flag=True, help="Film the avatar's own mouth as well, for sharper lips.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("studio-out"),
    show_default=True,
    help="Folder of the portrait and the video. The same command with the same folder goes on where it was.",
)
@click.option(
    "--api-key",
    envvar="SATSPEAK_API_KEY",
    required=True,
    help="Of the account that pays; or SATSPEAK_API_KEY, which is in no list of processes.",
)
@click.option(
    "--url",
    envvar="SATSPEAK_URL",
    default=USUAL_URL,
    show_default=True,
    help="The service; or SATSPEAK_URL.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def make(
    *,
    name: str,
    gender: str,
    prompt: str,
    script: str,
    voice_id: str,
    width: int,
    height: int,
    resolution: str,
    auto_approve: bool,
    lip_sync: bool,
    out: Path,
    api_key: str,
    url: str,
    as_json: bool,
) -> None:
    """Draw a portrait of a prompt, make an avatar of it, and film it as it says a script.

    It costs video time of an account: satspeak top-up buys it. What is done is kept in the folder, so that after a
    break, or Ctrl-C, the same command goes on and pays for nothing twice.
    """
    told = Told(as_json=as_json)
    wish = Wish(
        name=name,
        gender=gender,
        prompt=prompt,
        script=sys.stdin.read().strip() if script == "-" else script,
        voice_id=voice_id,
        width=width,
        height=height,
        resolution=int(resolution),
        lip_sync=lip_sync,
    )

    made = _made(wish, out, A2E(url, api_key), told, ask=not auto_approve)
    told.event("made", portrait=made.portrait, video=made.video, video_url=made.video_url)
    if not as_json:
        click.echo(made.video)


def _made(wish: Wish, out: Path, service: A2E, told: Told, *, ask: bool) -> State:
    """Run the pipeline; ends the program where it cannot be run to its end."""

    def say(line: str) -> None:
        told.say(line)
        told.event("step", message=line.strip())

    async def run() -> State:
        async with service:
            approve = functools.partial(_approve, told) if ask else _take_it
            return await Pipeline(service, out, wish, say=say, approve=approve).run()

    try:
        out.mkdir(parents=True, exist_ok=True)
        return asyncio.run(run())
    except (*KNOWN, CommandFailed) as error:
        fail(error, as_json=told.as_json)
    except TimeoutError:  # which is an OSError
        later = "It takes longer than half an hour: the same command goes on later."
        fail(CommandFailed(Exit.UNREACHABLE, later), as_json=told.as_json)
    except Elsewhere as error:
        fail(CommandFailed(Exit.USAGE, str(error)), as_json=told.as_json)
    except OSError as error:
        fail(CommandFailed(Exit.FAILED, f"{out} cannot be written to: {error}"), as_json=told.as_json)
    except KeyboardInterrupt:
        click.echo("\nThe same command goes on.", err=True)
        raise SystemExit(Exit.INTERRUPTED) from None


def _take_it(_portrait: Path) -> None:
    """Ask nobody."""


def _approve(told: Told, portrait: Path) -> None:
    """Ask whether a portrait pleases; raises CommandFailed where it does not, or nobody is there to say so."""
    if told.as_json or not sys.stdin.isatty():
        raise CommandFailed(
            Exit.USAGE,
            f"Look at {portrait}: the same command with --auto-approve goes on, another --out begins anew.",
        )
    if not click.confirm(f"Make an avatar of {portrait}?", err=True):
        raise CommandFailed(Exit.USAGE, "Not approved: another --prompt and --out begin anew.")
