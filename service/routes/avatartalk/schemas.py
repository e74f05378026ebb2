"""What goes over the wire, in the names of the source API, and what older clients of it call things."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.accounts.account import whole_seconds
from service.catalogue.built_in import LANGUAGES
from service.errors import InvalidRequest
from service.orders.choice import Choice
from service.orders.order import Order
from service.orders.video import Video
from service.routes.http.shapes import StageWish, WebhookUrl

AVATARS = {"black_man": "african_man", "black_woman": "african_woman", "old_asian_man": "old_japanese_man"}
EMOTIONS = {"expressive": "neutral"}
SPEECH = {"cn": "zh"}
"""What earlier versions of the source API and of its clients call what it has today."""

DEFAULT_LANGUAGE = "en"

Switch = bool | str | None
"""`true` or `"true"`: clients send either."""

MS = 1000


class InferenceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A video, please. Fields that are not known are passed over."""

    text: Annotated[
        str, Meta(description="What the avatar says.", examples=["Hello, this is a test message"])
    ]
    avatar: Annotated[str, Meta(description="Who speaks; GET /avatars lists them.", examples=["african_man"])]
    emotion: Annotated[
        str, Meta(description="How it looks; GET /avatars lists what there is.", examples=["neutral"])
    ]
    language: Annotated[
        str | None,
        Meta(
            description="What the text is spoken in.",
            examples=["en"],
            extra_json_schema={"default": DEFAULT_LANGUAGE, "enum": [*LANGUAGES, *SPEECH, None]},
        ),
    ] = None
    stage: StageWish = None
    stream: Annotated[Switch, Meta(description="As the parameter `stream`.", examples=[False])] = None
    delayed: Annotated[Switch, Meta(description="As the parameter `delayed`.", examples=[False])] = None
    webhook_url: Annotated[
        WebhookUrl | None,
        Meta(
            description="An https:// URL that is told what becomes of this video, in place of the account's webhook."
            " Signed as Standard Webhooks says with the `webhook_secret` of the answer, and with the account's where it"
            " has one."
        ),
    ] = None

    @property
    def choice(self) -> Choice:
        """What is to be seen and heard, by the names that we have for it.

        Raises:
            InvalidRequest: Nobody is to speak, or nohow.
        """
        for name in ("avatar", "emotion"):
            if not getattr(self, name):
                raise InvalidRequest(
                    f"Field '{name}' is empty: GET /avatars lists what there is.", field=name
                )
        language = self.language or DEFAULT_LANGUAGE
        return Choice(
            avatar=AVATARS.get(self.avatar, self.avatar),
            emotion=EMOTIONS.get(self.emotion, self.emotion),
            language=SPEECH.get(language, language),
        )


class Inference(msgspec.Struct, frozen=True, kw_only=True):
    """A video: made, or to be made when one of its addresses is opened."""

    id: Annotated[str, Meta(description="A random UUID: whoever knows it sees the video.")]
    status: Annotated[
        Literal["success", "delayed"],
        Meta(
            description="`delayed`: it is made, and paid for, when somebody first opens one of its addresses."
        ),
    ]
    stream: bool
    text: str
    created_at: dt.datetime
    language: str
    credits_consumed: Annotated[
        int, Meta(description="Video time in whole seconds, rounded up; never more than was predicted.")
    ]
    avatar: str
    emotion: str
    file_size_bytes: int | None
    inference_duration_ms: int | None
    video_duration_seconds: float | None
    html_url: Annotated[str, Meta(description="A page that plays it. No API key is needed.")]
    mp4_url: Annotated[str, Meta(description="The MP4. No API key is needed.")]
    captions_url: Annotated[str, Meta(description="Its captions, as WebVTT. No API key is needed.")]
    webhook_secret: Annotated[
        str | UnsetType,
        Meta(
            description="Verifies what `webhook_url` is told; absent where none was named. The header `Webhook-Secret`"
            " says it too. Told only here: keep it."
        ),
    ] = UNSET

    @classmethod
    def of(
        cls, order: Order, video: Video | None, *, used_ms: int, here: str, webhook_secret: str | None = None
    ) -> "Inference":
        """Translate.

        Args:
            order: What was asked for.
            video: Whole; None: it is delayed.
            used_ms: What it has cost.
            here: The address of this service, without a slash at its end.
            webhook_secret: Signs what a receiver is told that was named with it.
        """
        choice = order.wish.choice
        folder = f"{here}/inference/{order.public_id}"
        finished_at = None if video is None else video.finished_at
        return cls(
            id=order.public_id or "",
            status="delayed" if video is None else "success",
            stream=False,
            text=order.wish.text or "",
            created_at=order.created_at,
            language=choice.language or "",
            credits_consumed=whole_seconds(used_ms),
            avatar=choice.avatar or "",
            emotion=choice.emotion or "",
            file_size_bytes=None if video is None else video.size,
            inference_duration_ms=(
                None
                if finished_at is None
                else (finished_at - order.created_at) // dt.timedelta(milliseconds=1)
            ),
            video_duration_seconds=None if video is None else video.seconds,
            html_url=f"{folder}/video.html",
            mp4_url=f"{folder}/video.mp4",
            captions_url=f"{folder}/captions.vtt",
            webhook_secret=UNSET if webhook_secret is None else webhook_secret,
        )


def is_on(*said: Switch) -> bool:
    """Whether a switch is on, wherever it was said."""
    return any(
        each is True or (isinstance(each, str) and each.strip().lower() in ("true", "1")) for each in said
    )
