"""`python -m service doctor`: what a shop needs, what is there of it, and what to do about the rest."""

import asyncio
import logging

import click
import structlog

from service.assembly.examining import examine
from service.doctor.finding import Finding, Level
from service.settings import Settings
from service.telling import json_option, told

_MARKS = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.FAILED: ("failed", "red")}

_WIDTH, _NAME = 80, 18


@click.command()
@json_option
@click.pass_obj
def doctor(settings: Settings, *, as_json: bool) -> None:
    """Check the node, the prices, the stores and the workers.

    It stores one small object and deletes it, and changes nothing else. The exit status is 1 if a check has failed.
    """
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = asyncio.run(_examine(settings, as_json=as_json))
    told({"findings": found, "ok": not _failed(found)}, as_json=as_json)
    raise SystemExit(1 if _failed(found) else 0)


async def _examine(settings: Settings, *, as_json: bool) -> list[Finding]:
    found = []
    async for finding in examine(settings):
        found.append(finding)
        if not as_json:
            _show(finding)
    return found


def _show(finding: Finding) -> None:
    """Print a finding as it comes, in lines that fit a terminal."""
    mark, colour = _MARKS[finding.level]
    click.echo(click.style(f"{mark:8}", fg=colour), nl=False)
    click.echo(_wrapped(f"{finding.name:{_NAME}}{finding.detail}", first=8))
    if finding.advice:
        click.echo(" " * (8 + _NAME) + _wrapped(finding.advice, first=8 + _NAME))


def _wrapped(text: str, *, first: int) -> str:
    """Break lines between words; commands of one line are longer than that and stay whole words."""
    indent = " " * (8 + _NAME)
    wrapped = click.wrap_text(text, width=_WIDTH, initial_indent=" " * first, subsequent_indent=indent)
    return wrapped[first:]


def _failed(found: list[Finding]) -> bool:
    return any(finding.level is Level.FAILED for finding in found)
