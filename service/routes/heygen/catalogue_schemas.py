"""What goes over the wire of voices, avatars and health, in the names of this API."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from service.routes.heygen.schemas import Name, Style, Url, Words


class VoiceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A voice."""

    voice_id: str
    name: str
    language: str
    accent: str | None
    gender: str
    style: str
    sample_rate: int
    is_cloned: bool
    characteristics: dict[str, Any]


class AvatarAnswer(msgspec.Struct, frozen=True, kw_only=True, rename={"model": "model_config"}):
    """An avatar."""

    avatar_id: str
    name: str
    gender: str | None
    style: str
    age_range: str | None
    ethnicity: str | None
    image_url: Annotated[str | None, Meta(description="null: the picture that it was made of is gone.")]
    is_custom: bool
    model: dict[str, Any]
    status: Annotated[
        Literal["pending", "processing", "completed", "failed"],
        Meta(description="Once it is `completed` it can speak."),
    ] = "completed"
    failure: Annotated[
        str | None, Meta(description="Why it could not be made; it has cost nothing then.")
    ] = None


class CloneRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A voice like these, please."""

    method: Annotated[
        Literal["matched", "cloned"],
        Meta(
            description="`matched` turns one of our voices to be like the samples. `cloned` keeps the samples and"
            " speaks like them, where a renderer can."
        ),
    ] = "matched"
    sample_words: Annotated[
        Annotated[list[Annotated[str, Meta(min_length=1, max_length=1000)]], Meta(max_length=10)] | None,
        Meta(description="What is said in each of the samples, in their order. `cloned` needs it."),
    ] = None

    consent: Annotated[
        bool | Annotated[str, Meta(max_length=500)] | None,
        Meta(
            description="That the speaker has agreed: true, or in words. Needed; it is kept with the voice. `cloned`"
            " needs words, of 10 characters at least, that say who has agreed, and how."
        ),
    ] = None
    language: Annotated[str, Meta(description="That the voice is to speak.")] = "en"
    gender: Annotated[
        Literal["female", "male"] | None,
        Meta(
            description="Of our voices that are tried; null tries all. With `cloned`, of the speaker; null lets the"
            " pitch tell."
        ),
    ] = None

    voice_name: Name
    audio_samples: Annotated[
        list[Url],
        Meta(
            min_length=1,
            max_length=10,
            description="`matched` takes 3 to 10; `cloned` 1 to 10, which last 2 to 30 s together.",
        ),
    ]
    description: Words | None = None


class AvatarRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An avatar like this, please."""

    name: Name
    image_url: Url
    style: Style = "professional"
    description: Words | None = None
    mouths_url: Annotated[
        Url | None,
        Meta(
            description="A film of the same person who holds `ah`, `ee`, `oo` and `mm`, a second each, for sharp lips"
            " and teeth. It costs as much again."
        ),
    ] = None
    gender: Annotated[
        Literal["female", "male"],
        Meta(description="What GET /api/v1/avatars says of it; nothing else depends on it."),
    ] = "female"


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How the service is; `degraded` where a component is missing or away."""

    status: Literal["healthy", "degraded"]
    components: dict[str, bool]
    version: str
    uptime: Annotated[float, Meta(description="Seconds since the service was started.")]
