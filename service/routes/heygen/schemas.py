"""What goes over the wire, in the names of this API."""

import datetime as dt
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta

from service.catalogue.built_in import LANGUAGES
from service.orders.order import Order, Status
from service.orders.video import Video, VideoState
from service.routes.heygen.names import STYLES

VideoStatus = Literal["pending", "processing", "completed", "failed"]

RESOLUTIONS = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
MP4 = "mp4"
FORMATS = (MP4, "mov", "avi", "webm")

UNMADE = "The video could not be made. It has cost no video time."


def one_of(values: object, **more: Any) -> Any:
    """Describe a text that has to be one of several; the handler says which, where it is another."""
    return Meta(extra_json_schema={"enum": [*values], **more})  # type: ignore[misc]  # names or a mapping of them


Language = Annotated[str, one_of(LANGUAGES)]
Style = Annotated[str, one_of(STYLES)]
Script = Annotated[str, Meta(min_length=10, max_length=5000, description="What is spoken.")]
Name = Annotated[str, Meta(min_length=2, max_length=50)]
Words = Annotated[str, Meta(max_length=1000)]
Url = Annotated[str, Meta(min_length=1, max_length=2000)]


class VideoRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A video, please."""

    script: Script
    avatar_id: Annotated[str, Meta(description="Who speaks: GET /api/v1/avatars lists them.")]
    voice_id: Annotated[str, Meta(description="Whose voice: GET /api/v1/voices lists them.")]
    language: Annotated[
        Language | None, Meta(description="What it is spoken in; else what the voice speaks.")
    ] = None
    style: Annotated[Style, Meta(description="How the avatar looks.")] = "professional"
    resolution: Annotated[str, one_of(RESOLUTIONS)] = "720p"
    output_format: Annotated[str, one_of(FORMATS)] = "mp4"
    duration: Annotated[
        Annotated[float, Meta(ge=1, le=600)] | None,
        Meta(description="Seconds that it should take, as far as a pace from 0.8 to 1.25 makes it."),
    ] = None
    background: Annotated[
        Url | None,
        Meta(
            description="The address of a picture or a film, or a colour, `#rrggbb`; else what the avatar was filmed"
            " before.",
            examples=["#1f3b57"],
        ),
    ] = None
    custom_settings: Annotated[
        dict[str, str | bool] | None,
        Meta(
            description="`lighting`: studio; `camera_angle`: front; `layout`: center, left or right; `emotion`: as"
            " GET /avatars lists them; `captions`: true writes what is said into the picture."
        ),
    ] = None


class BatchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several videos, please."""

    videos: Annotated[
        list[dict[str, Any]],
        Meta(
            min_length=1,
            max_length=10,
            description="Each as POST /api/v1/videos/create takes it; one that cannot be made fails alone.",
        ),
    ]


class VideoFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no video."""

    error: str
    error_code: str


class VideoAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A video, as far as it is made."""

    video_id: Annotated[str | None, Meta(description="null: a part of a batch that was refused.")]
    status: VideoStatus
    output_url: Annotated[
        str | None,
        Meta(
            description="Plays without a key: an MP4 also while it is being made, another once it is whole."
        ),
    ]
    duration: Annotated[float | None, Meta(description="Seconds, once it is whole.")]
    file_size: Annotated[int | None, Meta(description="Bytes of an MP4, once it is whole.")]
    created_at: dt.datetime
    updated_at: dt.datetime
    metadata: dict[str, Any]
    failure: VideoFailure | None = None

    @classmethod
    def of(
        cls, order: Order, video: Video | None, *, metadata: dict[str, Any], link: str, now: dt.datetime
    ) -> Self:
        """Translate.

        Args:
            order: What was asked for.
            video: As far as it is stored.
            metadata: What the request said.
            link: Where it plays.
            now: The time.
        """
        status = _status(order, video, now)
        whole = video if status == "completed" else None
        plays = metadata.get("output_format", MP4) == MP4
        failure = None
        if status == "failed":
            reason = video.failure if video is not None and video.refused else None
            failure = VideoFailure(error=reason or UNMADE, error_code="VIDEO_FAILED")
        return cls(
            video_id=order.public_id,
            status=status,
            output_url=link if whole or (plays and not failure) else None,
            duration=None if whole is None else whole.seconds,
            file_size=whole.size if whole and plays else None,
            created_at=order.created_at,
            updated_at=_updated_at(order, video),
            metadata=metadata,
            failure=failure,
        )

    @classmethod
    def refused(cls, refusal: str, *, created_at: dt.datetime) -> Self:
        """Tell of a part of a batch that was no video to begin with."""
        return cls(
            video_id=None,
            status="failed",
            output_url=None,
            duration=None,
            file_size=None,
            created_at=created_at,
            updated_at=created_at,
            metadata={},
            failure=msgspec.json.decode(refusal, type=VideoFailure),
        )


def _status(order: Order, video: Video | None, now: dt.datetime) -> VideoStatus:
    if order.status is Status.REFUNDED:
        return "failed"
    if video is None:
        return "pending"
    match video.state_at(now):
        case VideoState.READY:
            return "completed"
        case VideoState.FAILED:
            return "failed"
        case VideoState.RENDERING:
            return "processing"
    return "processing" if video.frames else "pending"


def _updated_at(order: Order, video: Video | None) -> dt.datetime:
    known = () if video is None else (video.finished_at, video.tried_at)
    return max((order.created_at, *(moment for moment in known if moment is not None)))


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Several videos, as far as they are made."""

    batch_id: str
    videos: list[VideoAnswer]
    total_count: int
    completed_count: int
    failed_count: int
