"""Draws a portrait from a prompt: `python -m faces "a friendly woman with red hair" -o portrait.png`."""

from pathlib import Path

import click
import cv2
import msgspec

from faces.prompts import Undrawable, imagine


@click.command()
@click.argument("prompt")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("portrait.png"),
    show_default=True,
    help="Picture to write, PNG or JPEG.",
)
@click.option("--width", default=512, show_default=True, help="Pixels.")
@click.option("--height", default=512, show_default=True, help="Pixels.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    help="Decides what the prompt leaves open. [default: of the prompt]",
)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON file to write what was drawn into.",
)
def main(prompt: str, out: Path, width: int, height: int, seed: int | None, recipe: Path | None) -> None:
    """Draw who PROMPT describes; nobody real is shown. Words that were not used are told."""
    try:
        imagined = imagine(prompt, seed)
        from faces.portraits import Painter  # noqa: PLC0415 - needs the extra `faces`

        picture = Painter().draw(imagined.recipe, width, height)
    except Undrawable as exc:
        raise click.ClickException(str(exc)) from exc
    except ModuleNotFoundError as exc:
        raise click.ClickException(f"{exc}. Install satspeak[faces].") from exc
    if not cv2.imwrite(str(out), picture[..., ::-1]):
        raise click.ClickException(f"{out} could not be written.")
    if recipe:
        recipe.write_bytes(msgspec.json.format(msgspec.json.encode(imagined.recipe)) + b"\n")
    click.echo(f"{out}: {width}×{height}")
    if imagined.ignored_words:
        click.echo(f"Not used: {', '.join(imagined.ignored_words)}")


if __name__ == "__main__":
    main(prog_name="python -m faces")
