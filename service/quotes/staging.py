"""What a stage must be to be sold, and what its canvas costs."""

import msgspec

from service.errors import InvalidRequest
from service.orders.stage import Stage
from service.pricing.price import PERCENT
from service.quotes.terms import Terms

_PLAIN = Stage()


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """A stage as it is sold.

    Attributes:
        stage: None: what was asked for is what there is without one.
        percent: Of the price of a plain video.
    """

    stage: Stage | None = None
    percent: int = PERCENT


def staged(stage: Stage | None, terms: Terms, *, spoken: bool = True) -> Staged:
    """Check a stage.

    Args:
        stage: As it was asked for.
        terms: What is sold.
        spoken: Whether we speak; a recording has its own pace.

    Raises:
        InvalidRequest: It is not sold.
    """
    if stage is None:
        return Staged()
    stage = msgspec.structs.replace(stage, speed=round(stage.speed, 2))
    if stage == _PLAIN:
        return Staged()
    if not spoken and stage.speed != 1:
        raise InvalidRequest(
            "Field 'stage.speed' cannot be chosen for uploaded audio: it has its own pace. Leave it out.",
            field="stage.speed",
        )
    if stage.captions:
        raise InvalidRequest(
            "Field 'stage.captions': captions come as a file or a track, and are not written into pictures here.",
            field="stage.captions",
        )
    if stage.picture is not None:
        raise InvalidRequest(
            "Field 'stage.background' names no picture that is known here: send a colour, such as #1f3b57.",
            field="stage.background",
        )
    canvases = terms.canvases
    percent = canvases.percent(stage.pixels)
    if percent is None:
        raise InvalidRequest(
            f"A canvas of {stage.width}×{stage.height} has {stage.pixels:,} pixels;"
            f" at most {canvases.most_pixels:,} are sold.",
            field="stage",
        )
    if (box := stage.person) is not None and not (
        -box.width < box.x < stage.width and -box.height < box.y < stage.height
    ):
        raise InvalidRequest("Field 'stage.person' is outside of the canvas.", field="stage.person")
    return Staged(stage=stage, percent=percent)
