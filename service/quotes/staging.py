"""What a stage must be to be sold, and what its canvas costs."""

import msgspec

from service.errors import InvalidRequest
from service.orders.stage import Box, Stage
from service.pricing.price import PERCENT
from service.quotes.port import Backgrounds
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


def staged(stage: Stage | None, terms: Terms, *, spoken: bool = True, picture: str | None = None) -> Staged:
    """Check a stage.

    Args:
        stage: As it was asked for.
        terms: What is sold.
        spoken: Whether we speak; a recording has its own pace.
        picture: The SHA-256 of what was fetched for its background.

    Raises:
        InvalidRequest: It is not sold.
    """
    if stage is None:
        return Staged()
    stage = msgspec.structs.replace(stage, speed=round(stage.speed, 2))
    if picture is None and (stage.address or stage.picture):
        raise InvalidRequest(
            "Field 'stage.background' has to be a colour, such as #1f3b57: pictures and films are for accounts, whose"
            " libraries keep them.",
            field="stage.background",
        )
    stage = msgspec.structs.replace(
        stage, background=picture or stage.background, fit=stage.fit if picture else _PLAIN.fit
    )
    if stage == _PLAIN:
        return Staged()
    if not spoken and stage.captions:
        raise InvalidRequest(
            "Field 'stage.captions' cannot be met for uploaded audio: nobody knows its words. Leave it out.",
            field="stage.captions",
        )
    if not spoken and stage.speed != 1:
        raise InvalidRequest(
            "Field 'stage.speed' cannot be chosen for uploaded audio: it has its own pace. Leave it out.",
            field="stage.speed",
        )
    canvases = terms.canvases
    percent = canvases.percent(stage.pixels)
    if percent is None:
        raise InvalidRequest(
            f"A canvas of {stage.width}×{stage.height} has {stage.pixels:,} pixels;"
            f" at most {canvases.most_pixels:,} are sold.",
            field="stage",
        )
    if stage.person is not None and not _is_seen(stage.person, stage):
        raise InvalidRequest(
            "Field 'stage.person' has the person outside of the canvas: they stand in the middle of that box, on its"
            " lower edge.",
            field="stage.person",
        )
    return Staged(stage=stage, percent=percent)


def _is_seen(box: Box, stage: Stage) -> bool:
    """Tell whether a person in a box has something of the canvas, as the square that footage is."""
    wide = min(box.width, box.height)
    left, foot = box.x + (box.width - wide) / 2, box.y + box.height
    return -wide < left < stage.width and 0 < foot < stage.height + wide


async def furnished(
    stage: Stage | None,
    terms: Terms,
    backgrounds: Backgrounds,
    account_id: int,
    *,
    spoken: bool = True,
    brought: dict[str, str] | None = None,
) -> Staged:
    """Check a stage of an account, and fetch what is to stand behind the person once all else is well.

    Args:
        stage: How.
        terms: What is sold.
        backgrounds: Fetch.
        account_id: Whose.
        spoken: Whether it is a text, which has a pace.
        brought: The SHA-256 by its address of what was fetched for others just now; what is fetched is added.

    Raises:
        InvalidRequest: It is not sold, or what is to stand behind the person cannot be had or shown.
        WorkerDown: Nobody is there who could tell.
    """
    if stage is None or stage.address is None:
        return staged(stage, terms, spoken=spoken)
    staged(msgspec.structs.replace(stage, background=None), terms, spoken=spoken)
    brought = {} if brought is None else brought
    if stage.address not in brought:
        brought[stage.address] = await backgrounds.bring(account_id, stage.address)
    picture = brought[stage.address]
    return staged(stage, terms, spoken=spoken, picture=picture)
