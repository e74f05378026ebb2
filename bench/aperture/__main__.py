"""Builds aperture, and prints where it is."""

import asyncio
import sys

import click

from bench.aperture import program


def _tell(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    click.echo(asyncio.run(program(_tell)))
    sys.exit()
