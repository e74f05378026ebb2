"""What a render may wish for besides who speaks what: the canvas, where the person stands on it, and the pace. Pure."""

import re
from typing import Literal

import msgspec

from worker.errors import MalformedRequest

PLAIN = 512
"""Width and height of a picture without a stage."""

LINES = (PLAIN, 720, 1080)
"""Of how many lines footage is shown, where so many were filmed."""

_LEAST, _MOST = 64, 4096
_LEAST_BOX, _MOST_BOX = 32, 8192
SLOWEST, FASTEST = 0.8, 1.25
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
DIGEST = re.compile("[0-9a-f]{64}")

Fit = Literal["cover", "contain"]


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rectangle of the canvas in its pixels, which may reach over it."""

    x: int
    y: int
    width: int
    height: int


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where somebody stands, and on what.

    Attributes:
        width: of the picture, even.
        height: as well.
        person: where the person stands, as large as fits, on its lower edge; None is the whole picture.
        background: `#rrggbb`, or the SHA-256 of a picture or film that was lent; None goes on with what was filmed.
        fit: whether a picture or film covers the canvas, which cuts it off, or is contained in it.
        captions: whether what is said is written into the picture.
        speed: of the voice; 1 is its own.
    """

    width: int = PLAIN
    height: int = PLAIN
    person: Place | None = None
    background: str | None = None
    fit: Fit = "cover"
    captions: bool = False
    speed: float = 1.0

    @property
    def colour(self) -> tuple[int, int, int] | None:
        """The background in red, green and blue; None where it is none."""
        if self.background is None or not self.background.startswith("#"):
            return None
        red, green, blue = bytes.fromhex(self.background[1:])
        return red, green, blue

    @property
    def picture(self) -> str | None:
        """The digest of the picture or film behind the person; None where there is none."""
        return None if self.background is None or self.background.startswith("#") else self.background


def lines(stage: Stage | None) -> int:
    """Say of how many lines footage is to be for a canvas: so many that it is hardly enlarged, if there are."""
    if stage is None:
        return PLAIN
    person = stage.person or stage
    wanted = min(person.width, person.height)
    return next((enough for enough in LINES if enough >= wanted), LINES[-1])


def check(stage: Stage) -> None:
    """Refuse what cannot be drawn.

    Raises:
        MalformedRequest: it cannot.
    """
    if any(side % 2 or not _LEAST <= side <= _MOST for side in (stage.width, stage.height)):
        raise MalformedRequest(
            f"A canvas of {stage.width}×{stage.height} cannot be encoded: its sides are even, {_LEAST} to {_MOST}."
        )
    if not SLOWEST <= stage.speed <= FASTEST:
        raise MalformedRequest(f"A speed of {stage.speed} is not from {SLOWEST} to {FASTEST}.")
    if (place := stage.person) is not None:
        fits = all(_LEAST_BOX <= side <= _MOST_BOX for side in (place.width, place.height))
        if not (fits and -place.width < place.x < stage.width and -place.height < place.y < stage.height):
            raise MalformedRequest(
                "The box of the person has nothing of the canvas, or is too small or too large."
            )
    if (behind := stage.background) is not None and not (
        _COLOUR.fullmatch(behind) or DIGEST.fullmatch(behind)
    ):
        raise MalformedRequest(f"{behind[:80]!r} is no colour such as #1f3b57, and no digest.")
