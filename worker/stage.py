"""What a render may wish for besides who speaks what: the canvas, where the person stands on it, and the pace. Pure."""

import msgspec

from worker.errors import MalformedRequest

PLAIN = 512
"""Width and height of a picture without a stage: those of the footage."""

_LEAST, _MOST = 64, 4096
_LEAST_BOX, _MOST_BOX = 32, 8192
_SLOWEST, _FASTEST = 0.8, 1.25
_COLOUR_DIGITS = 6


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
        background: `#rrggbb`, or the digest of the picture that comes with the request; None goes on with what was
            filmed.
        captions: whether what is said is written into the picture.
        speed: of the voice; 1 is its own.
    """

    width: int = PLAIN
    height: int = PLAIN
    person: Place | None = None
    background: str | None = None
    captions: bool = False
    speed: float = 1.0

    @property
    def colour(self) -> tuple[int, int, int] | None:
        """The background in red, green and blue; None where it is none."""
        if self.background is None or not self.background.startswith("#"):
            return None
        red, green, blue = bytes.fromhex(self.background[1:])
        return red, green, blue


def check(stage: Stage) -> None:
    """Refuse what cannot be drawn.

    Raises:
        MalformedRequest: it cannot.
    """
    if any(side % 2 or not _LEAST <= side <= _MOST for side in (stage.width, stage.height)):
        raise MalformedRequest(
            f"A canvas of {stage.width}×{stage.height} cannot be encoded: its sides are even, {_LEAST} to {_MOST}."
        )
    if not _SLOWEST <= stage.speed <= _FASTEST:
        raise MalformedRequest(f"A speed of {stage.speed} is not from {_SLOWEST} to {_FASTEST}.")
    if (place := stage.person) is not None:
        fits = all(_LEAST_BOX <= side <= _MOST_BOX for side in (place.width, place.height))
        if not (fits and -place.width < place.x < stage.width and -place.height < place.y < stage.height):
            raise MalformedRequest(
                "The box of the person has nothing of the canvas, or is too small or too large."
            )
    if stage.captions:
        raise MalformedRequest("Captions are not written into pictures.")
    if stage.background is not None and not _is_colour(stage.background):
        raise MalformedRequest(f"{stage.background!r} is no colour such as #1f3b57.")


def _is_colour(text: str) -> bool:
    try:
        return text.startswith("#") and 2 * len(bytes.fromhex(text[1:])) == _COLOUR_DIGITS
    except ValueError:
        return False
