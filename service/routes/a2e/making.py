"""What A2E's clients send to have portraits and avatars made."""

from typing import Any

import msgspec

from service.errors import InvalidRequest
from service.routes.a2e.schemas import Body
from service.studio.artist import Gender
from service.studio.voice import CLONED, MATCHED, Method

SIDE = 1024
"""Of a portrait whose size is left open."""


class Portrait(Body, frozen=True, kw_only=True):
    """`userText2image/start`; `req_key` names a model of A2E's, and here there is one."""

    prompt: str
    name: str | None = None
    req_key: str | None = None
    width: int | str = SIDE
    height: int | str = SIDE

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels.

        Raises:
            InvalidRequest: One is no whole number.
        """
        return _whole("width", self.width), _whole("height", self.height)


def _whole(field: str, value: int | str) -> int:
    try:
        return int(value)
    except ValueError:
        raise InvalidRequest(f"Field '{field}' must be a whole number of pixels.", field=field) from None


class Voicing(Body, frozen=True, kw_only=True):
    """`userVoice/training`, and `userVideoTwin/cloneVoice`, which names an avatar."""

    id: str | None = msgspec.field(name="_id", default=None)
    name: str | None = None
    voice_urls: list[str] | None = None
    audio_url: str | None = None
    language: str | None = None
    gender: str | None = None
    consent: bool | str | None = None
    method: str | None = None  # beyond A2E's: `cloned` speaks like the samples, and `matched` is usual
    sample_words: list[str] | str | None = None

    @property
    def samples(self) -> tuple[str, list[str]]:
        """The field that names the samples, and their addresses."""
        return ("audio_url", [self.audio_url]) if self.audio_url else ("voice_urls", self.voice_urls or [])

    @property
    def spoken(self) -> str:
        """The language, of a locale such as en-US; English where none is named."""
        return (self.language or "en").lower().replace("_", "-").partition("-")[0]

    @property
    def made(self) -> Method:
        """How the voice is made.

        Raises:
            InvalidRequest: It cannot be made so.
        """
        if self.method in (None, "", MATCHED):
            return MATCHED
        if self.method != CLONED:
            raise InvalidRequest(f"Field 'method' has to be one of: {MATCHED}, {CLONED}.", field="method")
        return CLONED

    @property
    def words(self) -> list[str]:
        """What is said in each sample."""
        return [self.sample_words] if isinstance(self.sample_words, str) else self.sample_words or []

    @property
    def of_gender(self) -> Gender | None:
        """Of whom our voices are tried; None tries all."""
        return "male" if self.gender == "male" else "female" if self.gender == "female" else None


class Training(Body, frozen=True, kw_only=True):
    """`userVideoTwin/startTraining`. The misspelt names are A2E's; the right ones are taken as well."""

    name: str
    gender: str
    image_url: str | None = None
    video_url: str | None = None
    mouths_url: str | None = None
    video_backgroud_color: Any = None
    video_background_color: Any = None
    video_backgroud_image: Any = None
    video_background_image: Any = None
    model_version: Any = None
    prompt: Any = None
    negative_prompt: Any = None

    @property
    def source(self) -> tuple[str, str]:
        """The field that names what the avatar is made of, and its address.

        Raises:
            InvalidRequest: None does, or two do.
        """
        named = [
            (field, url)
            for field, url in (("image_url", self.image_url), ("video_url", self.video_url))
            if url
        ]
        if len(named) != 1:
            raise InvalidRequest("Name either 'image_url' or 'video_url'.", field="image_url")
        return named[0]

    @property
    def ignored(self) -> list[str]:
        """What was sent and changes nothing: a background is chosen with each video, and no words change a face."""
        return [name for name in IGNORED if getattr(self, name) not in (None, "", False)]


IGNORED = (
    "video_backgroud_color",
    "video_background_color",
    "video_backgroud_image",
    "video_background_image",
    "model_version",
    "prompt",
    "negative_prompt",
)
