"""What the options of a stage mean: `--canvas 1080p --background '#1f3b57' --captions --speed 1.1`."""

import re
from collections.abc import Mapping
from typing import Any

import click

_LINES = {"720p": 720, "1080p": 1080, "4k": 2160}
_NAMED = re.compile(r"(720p|1080p|4k)(-portrait|-square)?", re.IGNORECASE)
_SIZE = re.compile(r"([0-9]{2,4})x([0-9]{2,4})", re.ASCII)
_COLOUR = re.compile("#[0-9a-fA-F]{6}")

OPTIONS = ("canvas", "background", "captions", "speed")


class Canvas(click.ParamType[tuple[int, int]]):
    """Width and height, by a name or as they are."""

    name = "canvas"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read `720p`, `1080p-portrait`, `4k-square` or `1280x720`."""
        if isinstance(value, tuple):
            return value
        if match := _SIZE.fullmatch(value):
            return int(match[1]), int(match[2])
        match = _NAMED.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is none: say 720p, 1080p-portrait, 4k-square or 1280x720.", param, ctx)
        lines = _LINES[match[1].lower()]
        wide = lines * 16 // 9
        shapes = {"": (wide, lines), "-portrait": (lines, wide), "-square": (lines, lines)}
        return shapes[(match[2] or "").lower()]


class Colour(click.ParamType[str]):
    """A colour as web pages write it."""

    name = "colour"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read `#1f3b57`."""
        if _COLOUR.fullmatch(value) is None:
            self.fail(f"{value!r} is none: say it as #1f3b57.", param, ctx)
        return str(value)


def with_stage(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Put what a wish says of its stage into one field, as the service takes it."""
    said = {name: wish[name] for name in OPTIONS if wish.get(name) is not None}
    rest = {name: value for name, value in wish.items() if name not in OPTIONS}
    if "canvas" in said:
        said["width"], said["height"] = said.pop("canvas")
    return {**rest, "stage": said} if said else rest
