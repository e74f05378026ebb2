"""Where somebody stands in a video, on what, and how fast they speak: one struct from the edge to the worker. Pure."""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from service.pricing.price import PERCENT

PLAIN_PIXELS = 512
"""Width and height of a video for which nobody wished for a stage."""

MOST_PIXELS = 4096
"""Width or height of a canvas, at most: what decoders of phones take."""

SLOWEST, FASTEST = 0.8, 1.25
"""Of a voice's own pace: beyond these it sounds like no person."""

Side = Annotated[int, Meta(ge=64, le=MOST_PIXELS, multiple_of=2)]
Background = Annotated[
    str,
    Meta(
        # `$` alone is also before a line's end, with which no worker takes a colour that is paid.
        pattern=r"^(#[0-9a-fA-F]{6}|https?://[^\s]{1,2000}|[a-z2-7]{26}|[0-9a-f]{64})$(?!\n)",
        max_length=2048,
    ),
]
Place = Annotated[int, Meta(ge=-MOST_PIXELS, le=MOST_PIXELS)]
Extent = Annotated[int, Meta(ge=32, le=2 * MOST_PIXELS)]


_DIGEST = re.compile("[0-9a-f]{64}")


class Box(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rectangle of the canvas, in its pixels from the top left corner; what is outside of the canvas is cut off."""

    x: Place
    y: Place
    width: Extent
    height: Extent


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The picture around the person, and the pace of the voice. What is left out is as without a stage."""

    width: Annotated[Side, Meta(description="Pixels of the video; an even number.", examples=[1280])] = (
        PLAIN_PIXELS
    )
    height: Annotated[Side, Meta(description="Pixels of the video; an even number.", examples=[720])] = (
        PLAIN_PIXELS
    )
    person: Annotated[
        Box | None,
        Meta(
            description="Where the person stands, as large as fits, on the lower edge; null is the whole canvas. It may"
            " reach over the canvas."
        ),
    ] = None
    background: Annotated[
        Background | None,
        Meta(
            description="A colour, `#rrggbb`; of accounts also a picture or a film, by its address or by the token of"
            " their library. Null goes on with the background that the person was filmed before.",
            examples=["#1f3b57"],
        ),
    ] = None
    fit: Annotated[
        Literal["cover", "contain"],
        Meta(description="Whether a picture or film behind covers the canvas, or is seen whole."),
    ] = "cover"
    captions: Annotated[bool, Meta(description="Writes what is said into the picture.", examples=[True])] = (
        False
    )
    speed: Annotated[
        float,
        Meta(
            ge=SLOWEST,
            le=FASTEST,
            description="How fast the voice speaks: 1 is its own pace. Steps of a hundredth.",
            examples=[1.1],
        ),
    ] = 1.0

    @property
    def pixels(self) -> int:
        """How many a picture has."""
        return self.width * self.height

    @property
    def picture(self) -> str | None:
        """The SHA-256 of the picture or film behind the person, once it was fetched; None where there is none."""
        return self.background if self.background and _DIGEST.fullmatch(self.background) else None

    @property
    def address(self) -> str | None:
        """Where a picture or film is, or its token in a library; None where there is none to be fetched."""
        named = self.background is not None and not self.background.startswith("#")
        return self.background if named and self.picture is None else None

    def wire(self) -> dict[str, Any]:
        """Return what it consists of, for a worker or a digest."""
        told = dict(msgspec.to_builtins(self))
        if self.fit == "cover":  # a worker of before there were pictures takes what it knows alone
            del told["fit"]
        return told


def paced(milliseconds: int, stage: Stage | None) -> int:
    """Tell how long something takes on a stage that takes so long at the voice's own pace; rounded up."""
    if stage is None:
        return milliseconds
    return -(-milliseconds * PERCENT // round(stage.speed * PERCENT))
