"""Bars as SVG. What they show stands in a table beside them, so a screen reader needs no more than their name.

Lengths are in units of the picture, which is stretched to the room that there is; so no text is in it.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import msgspec
from minijinja import safe

WIDTH, HEIGHT = 1000, 240

GAP = 0.25
"""Of a bar's room that is left between two."""

LEAST = 2
"""Height of a bar that is not nothing, so that it is seen."""


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar, and another of the same scale that stands in front of it."""

    title: str
    value: int  # not negative
    front: int = 0


def columns(bars: Sequence[Bar], *, name: str) -> Any:
    """Draw bars beside each other, the highest as high as the picture."""
    top = max((max(bar.value, bar.front) for bar in bars), default=0)
    room = WIDTH / max(len(bars), 1)
    drawn = []
    for n, bar in enumerate(bars):
        rects = "".join(
            _rect(kind, x=room * (n + GAP / 2), width=room * (1 - GAP), height=_share(value, top, HEIGHT))
            for kind, value in (("value", bar.value), ("front", bar.front))
            if value
        )
        hover = f'<rect class="hover" x="{room * n:.1f}" y="0" width="{room:.1f}" height="{HEIGHT}"/>'
        drawn.append(f"<g><title>{escape(bar.title)}</title>{hover}{rects}</g>")
    return safe(
        f'<svg class="columns" role="img" aria-label="{escape(name)}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )


def row(value: int, top: int) -> Any:
    """Draw one bar that lies, for a row of a table that has its number: a screen reader passes it by."""
    return safe(
        f'<svg class="row" aria-hidden="true" viewBox="0 0 {WIDTH} 10" preserveAspectRatio="none">'
        f'<rect class="value" x="0" y="0" width="{_share(value, top, WIDTH):.1f}" height="10"/></svg>'
    )


def _rect(kind: str, *, x: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{HEIGHT - height:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _share(value: int, top: int, room: int) -> float:
    return max(value / top * room, LEAST) if value and top else 0.0
