"""`python -m guide build`: write the guide."""

import logging
from pathlib import Path

import click

HERE = Path(__file__).parent


@click.group()
def main() -> None:
    """Make the guide that the service serves at /guide."""


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=HERE.parent / "service" / "pages" / "guide",
    show_default=True,
    help="Folder that becomes the guide; what is in it is deleted.",
)
def build(out: Path) -> None:
    """Build it out of docs/, SECURITY.md, CHANGELOG.md and the OpenAPI document."""
    try:
        from mkdocs.commands.build import build as make  # noqa: PLC0415 - of the group `docs`
        from mkdocs.config import load_config  # noqa: PLC0415
        from mkdocs.exceptions import Abort  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException("Building the guide needs its tools: uv sync --group docs") from error
    logging.basicConfig(level=logging.WARNING, format="%(message)s")  # which links lead nowhere, for one
    try:
        make(load_config(str(HERE / "mkdocs.yml"), site_dir=str(out.absolute())))
    except Abort as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"The guide is in {out}; the service serves it at /guide.")


if __name__ == "__main__":
    main(prog_name="satspeak docs")
