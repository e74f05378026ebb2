"""`python -m worker avatars add|list|remove`: faces of the operator's own."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from worker import import_pack
from worker.avatars import Pack
from worker.drawing import bring_to_life, cut_out, mouths_of, read_picture
from worker.encode import FPS
from worker.errors import WorkerError
from worker.import_faces import FaceFinder, Rgb
from worker.import_film import read_film
from worker.import_mouths import HOW_TO_FILM
from worker.import_pack import Person
from worker.importing import Take, study
from worker.model import SEVERAL
from worker.settings import Settings

_RESTART = "Workers show it from their next start on."


def _default_assets() -> str:
    return str(Settings.from_env(os.environ).assets)


_assets = click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=_default_assets,
    help="Folder with avatars/ and model/. [SATSPEAK_WORKER_ASSETS; default: the one that the worker plays]",
)


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


class _Group(click.Group):
    """Tells errors of ours as errors of the command."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (msgspec.ValidationError, OSError, WorkerError) as exc:
            raise click.ClickException(str(exc)) from exc


@click.group(cls=_Group)
def avatars() -> None:
    """Add, list and remove the faces that this worker shows."""


@avatars.command()
@click.argument("name")
@click.option(
    "--footage",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A film or a picture of one person who looks at the camera with the mouth closed.",
)
@click.option(
    "--mouths",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A film in which they hold `ah`, `ee`, `oo` and `mm`, a second each, for sharp lips and teeth; it may be the "
    "one of --footage, which then goes on with these.",
)
@click.option(
    "--emotion",
    "emotions",
    multiple=True,
    default=("neutral",),
    show_default=True,
    help="What the film shows; may be given more than once.",
)
@click.option("--label", help="How people are told of the avatar. [default: from its name]")
@click.option(
    "--gender", type=click.Choice(["female", "male"]), help="Chooses the voice; asked of a new avatar."
)
@click.option("--elderly/--not-elderly", default=None, help="Chooses the voice.")
@click.option(
    "--seconds", type=click.FloatRange(1, 20), default=8, show_default=True, help="How much to take."
)
@click.option("--may-speak", is_flag=True, help="Take a film in which the mouth moves, too.")
@click.option("--force", is_flag=True, help="Replace what the avatar has for the emotion.")
@_assets
@_json
def add(
    *,
    name: str,
    footage: Path,
    mouths: Path | None,
    emotions: tuple[str, ...],
    label: str | None,
    gender: Literal["female", "male"] | None,
    elderly: bool | None,
    seconds: float,
    may_speak: bool,
    force: bool,
    assets: Path,
    as_json: bool,
) -> None:
    """Make the avatar NAME from a film or a picture, or give it one more emotion. Show only who has agreed to it."""
    import_pack.check(assets / "avatars", name, emotions, force=force)
    known = import_pack.find(assets / "avatars", name)
    if not known and not gender:
        raise click.UsageError("A new avatar needs --gender.")
    if mouths and not (assets / "model" / SEVERAL).exists():
        raise click.UsageError(f"There is no {SEVERAL} in {assets / 'model'}, which --mouths are for.")
    person = Person(
        name=name,
        label=label or (known.label if known else name.replace("_", " ").capitalize()),
        gender=gender or (known.gender if known else "female"),
        elderly=(known.elderly if known else False) if elderly is None else elderly,
    )
    if (picture := read_picture(footage)) is not None:
        take, warnings = bring_to_life(picture)
    else:
        take = _study(footage, seconds, may_speak=may_speak)
        with click.progressbar(take.frames, label="Cutting out the person", file=sys.stderr) as bar:
            take, warnings = cut_out(take, bar)
    for warning in warnings:
        click.echo(warning, err=True)
    squares = mouths_of(take, mouths) if mouths else None
    pack = import_pack.add(assets / "avatars", person, emotions, take, squares)
    through = sum(1 for box in take.boxes if box is None)
    if as_json:
        facts = {"frames": len(take.frames), "frames_without_face": through, "warnings": warnings}
        click.echo(msgspec.json.encode({**_value(pack), **facts}))
        return
    click.echo(
        f"{pack.name}: {', '.join(emotions)}, {len(take.frames)} frames, {through} of them without a face."
    )
    if not mouths:
        click.echo(f"Lips and teeth would be sharper with --mouths FILM. {HOW_TO_FILM}")
    click.echo(_RESTART)


def _study(footage: Path, seconds: float, *, may_speak: bool) -> Take:
    length = round((1 if may_speak else 2) * seconds * FPS)
    bar = click.progressbar(length=length, label="Looking for the face", file=sys.stderr)
    looking = True

    def frames() -> Iterator[Rgb]:
        for frame in read_film(footage, longest_s=seconds):
            if looking:
                bar.update(1)
            yield frame

    with bar:
        take = study(frames, FaceFinder(), may_speak=may_speak)
    looking = False  # other bars tell of what is read later
    return take


@avatars.command("list")
@_assets
@_json
def list_avatars(*, assets: Path, as_json: bool) -> None:
    """List the avatars: name, label, gender, emotions."""
    packs = import_pack.list_packs(assets / "avatars")
    if as_json:
        click.echo(msgspec.json.encode([_value(pack) for pack in packs]))
        return
    for pack in packs:
        age = "elderly " if pack.elderly else ""
        click.echo(f"{pack.name}\t{pack.label}\t{age}{pack.gender}\t{', '.join(sorted(pack.emotions))}")


@avatars.command()
@click.argument("name")
@_assets
@_json
def remove(*, name: str, assets: Path, as_json: bool) -> None:
    """Remove the avatar NAME and its footage."""
    import_pack.remove(assets / "avatars", name)
    if as_json:
        click.echo(msgspec.json.encode({"name": name}))
        return
    click.echo(f"{name} is gone; workers forget it at their next start.")


def _value(pack: Pack) -> dict[str, Any]:
    return {
        "name": pack.name,
        "label": pack.label,
        "gender": pack.gender,
        "elderly": pack.elderly,
        "emotions": sorted(pack.emotions),
    }
