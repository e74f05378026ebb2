"""What A2E's clients send. Fields that are unknown are passed over; those that are known and not met are refused."""

from typing import Any

import msgspec

from service.errors import InvalidRequest


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
    """`video/generate`. Of what a scene may be, nothing but the speaker is met so far."""

    anchor_id: str
    title: str | None = None
    anchor_type: int | str | None = None
    audioSrc: str | None = None  # noqa: N815
    msg: str | None = None
    tts_id: str | None = None
    user_voice_id: str | None = None
    speechRate: float | str = 1.0  # noqa: N815
    resolution: Any = None
    web_bg_width: Any = None
    web_bg_height: Any = None
    web_people_width: Any = None
    web_people_height: Any = None
    web_people_x: Any = None
    web_people_y: Any = None
    isCaptionEnabled: Any = None  # noqa: N815
    captionAlign: Any = None  # noqa: N815
    back_id: Any = None
    anchor_background_color: Any = None
    anchor_background_img: Any = None

    def check(self) -> None:
        """Refuse what would be made otherwise than it was asked for.

        Raises:
            InvalidRequest: It names what is not met.
        """
        unmet = [name for name in UNMET if getattr(self, name) not in (None, "", False)]
        if unmet:
            raise InvalidRequest(
                f"Not met here: {', '.join(unmet)}. Videos are 512×512 pixels of the anchor's own scene, without"
                " captions. Leave these fields out.",
                field=unmet[0],
            )
        check_rate(self.speechRate)


UNMET = (
    "resolution",
    *(f"web_{name}" for name in ("bg_width", "bg_height")),
    *(f"web_people_{name}" for name in ("width", "height", "x", "y")),
    "isCaptionEnabled",
    "captionAlign",
    "back_id",
    "anchor_background_color",
    "anchor_background_img",
)


def check_rate(rate: float | str) -> None:
    """Refuse another speed than the voice's own.

    Raises:
        InvalidRequest: It is another, or no number.
    """
    try:
        usual = float(rate) == 1
    except ValueError:
        usual = False
    if not usual:
        raise InvalidRequest("Not met here: speechRate other than 1. Leave it out.", field="speechRate")


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
