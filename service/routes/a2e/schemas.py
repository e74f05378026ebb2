"""What A2E's clients send. Fields that are unknown are passed over; those that are known and not met are refused."""

import math
from typing import Any

import msgspec

from service.errors import InvalidRequest
from service.orders.stage import FASTEST, SLOWEST, Stage


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A request."""


class Speech(Body, frozen=True, kw_only=True):
    """`video/send_tts`."""

    msg: str
    tts_id: str | None = None
    user_voice_id: str | None = None
    speechRate: float | str = 1.0  # noqa: N815 - A2E's own
    country: str | None = None
    region: str | None = None


class Generation(Body, frozen=True, kw_only=True):
    """`video/generate`. The scene is laid out on `web_bg_height` lines, and shown on `resolution` of them."""

    anchor_id: str
    title: str | None = None
    anchor_type: int | str | None = None
    audioSrc: str | None = None  # noqa: N815
    msg: str | None = None
    tts_id: str | None = None
    user_voice_id: str | None = None
    speechRate: float | str = 1.0  # noqa: N815
    resolution: int | str | None = None
    web_bg_width: float | None = None
    web_bg_height: float | None = None
    web_people_width: float | None = None
    web_people_height: float | None = None
    web_people_x: float | None = None
    web_people_y: float | None = None
    isCaptionEnabled: Any = None  # noqa: N815
    captionAlign: Any = None  # noqa: N815
    back_id: Any = None
    anchor_background_color: Any = None
    anchor_background_img: Any = None

    def stage(self) -> Stage | None:
        """Lay out the scene; None where nothing is said of it.

        Raises:
            InvalidRequest: It names what is not met, or cannot be.
        """
        unmet = [name for name in UNMET if getattr(self, name) not in (None, "", False)]
        if unmet:
            raise InvalidRequest(
                f"Not met here: {', '.join(unmet)}. Leave these fields out.",
                field=unmet[0],
            )
        wish: dict[str, Any] = {}
        if any(getattr(self, name) is not None for name in LAYOUT):
            wish |= self._laid_out()
        if behind := self.back_id or self.anchor_background_img or self.anchor_background_color:
            wish["background"] = behind
        if self.isCaptionEnabled not in (None, "", False, "false", 0):
            wish["captions"] = True
        if (speed := _number("speechRate", self.speechRate)) != 1:
            wish["speed"] = speed
        try:
            return msgspec.convert(wish, Stage) if wish else None
        except msgspec.ValidationError as error:
            raise InvalidRequest(f"This scene cannot be: {error}.".replace("`", "'")) from error

    def _laid_out(self) -> dict[str, Any]:
        """Scale what is said on a few lines to those that are shown, in even pixels."""
        drawn = DRAWN_LINES if self.web_bg_height is None else self.web_bg_height
        if drawn <= 0:
            raise InvalidRequest("Field 'web_bg_height' must be above 0.", field="web_bg_height")
        lines = drawn if self.resolution is None else _number("resolution", self.resolution)
        scale = lines / drawn

        def pixels(value: float) -> int:
            return 2 * round(value * scale / 2)

        width = DRAWN_WIDTH * drawn / DRAWN_LINES if self.web_bg_width is None else self.web_bg_width
        canvas: dict[str, Any] = {"width": pixels(width), "height": pixels(drawn)}
        if all(getattr(self, name) is None for name in PEOPLE):
            return canvas
        across = width if self.web_people_width is None else self.web_people_width
        high = drawn if self.web_people_height is None else self.web_people_height
        # A2E's anchors are upright pictures that somebody fills. Ours are square: as high, and centred like theirs.
        square = max(across, high)
        person = {
            "x": pixels((self.web_people_x or 0) - (square - across) / 2),
            "y": pixels(self.web_people_y or 0),
            "width": pixels(square),
            "height": pixels(high),
        }
        return {**canvas, "person": person}


DRAWN_WIDTH, DRAWN_LINES = 853, 480
"""What scenes are laid out on where a client does not say."""

PEOPLE = ("web_people_width", "web_people_height", "web_people_x", "web_people_y")

LAYOUT = ("resolution", "web_bg_width", "web_bg_height", *PEOPLE)

UNMET = ("captionAlign",)


def _number(field: str, said: float | str) -> float:
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidRequest(f"Field '{field}' must be a number.", field=field)
    return number


def speed_of(rate: float | str) -> float:
    """Read how fast a voice is to speak.

    Raises:
        InvalidRequest: It is no number, or beyond what sounds like a person.
    """
    speed = _number("speechRate", rate)
    if not SLOWEST <= speed <= FASTEST:
        raise InvalidRequest(
            f"Not met here: a speechRate of {speed:g}. It may be {SLOWEST:g} to {FASTEST:g}.",
            field="speechRate",
        )
    return speed


class Named(Body, frozen=True, kw_only=True):
    """A request that names a record."""

    id: str = msgspec.field(name="_id")


class Text(Body, frozen=True, kw_only=True):
    """`video/language_detect`."""

    text: str


class Address(Body, frozen=True, kw_only=True):
    """`tos/transferToStorage`, and backgrounds."""

    url: str | None = None
    img_url: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        """The field that names it, and what it names.

        Raises:
            InvalidRequest: Neither does.
        """
        if self.url:
            return "url", self.url
        if self.img_url:
            return "img_url", self.img_url
        raise InvalidRequest("Field 'url' is missing.", field="url")


class Characters(Body, frozen=True, kw_only=True):
    """`anchor/character_list`, sent by POST."""

    type: str | None = None
    user_video_twin_id: str | None = None
