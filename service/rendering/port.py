"""What is asked of a worker, and what it answers."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from typing import Any, Protocol

import msgspec

from service.orders.choice import Choice
from service.orders.stage import Stage


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is to render. `first_frame` and `spoken` are above 0 where a render goes on."""

    order_id: int
    choice: Choice
    text: str | None
    sample_rate: int  # of the PCM that goes with it
    spoken: int  # characters of `text` that the PCM covers already
    first_frame: int
    told: tuple[
        tuple[int, int], ...
    ] = ()  # of the speech, for captions: samples of a part, `spoken` by its end
    stage: Stage | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """One record of a worker's answer. A newer worker may send fields that we do not know."""


class Speech(Record, frozen=True, kw_only=True):
    """Some of the synthesised speech, sent before the frames that show it; s16le mono."""

    first_sample: int
    sample_rate: int
    pcm: bytes
    spoken: int  # characters of the text that are spoken by its end
    language: str | None = None
    voice: str | None = None


class Init(Record, frozen=True, kw_only=True):
    """The start of the MP4, and what the worker chose where nobody did."""

    data: bytes
    language: str | None = None
    voice: str | None = None


class Segment(Record, frozen=True, kw_only=True):
    """About half a second of the MP4."""

    first_frame: int
    frames: int
    data: bytes


class End(Record, frozen=True, kw_only=True):
    """The video is whole."""

    frames: int
    engine: dict[str, Any]
    samples: int | None = None  # of the sound; None: an older worker does not say


class Renderer(Protocol):
    """A worker: renders elsewhere."""

    @property
    def many(self) -> bool:
        """Whether many workers share its address, so that another goes on there where one is lost."""
        ...

    @property
    def clones(self) -> Collection[str] | None:
        """The languages that it speaks like any recording; None where it has not said yet."""
        ...

    def render(self, job: RenderRequest, pcm: AsyncIterator[bytes]) -> AsyncGenerator[Record]:
        """Render a video as a stream of records that ends with `End`; closing it stops the worker.

        Raises:
            WorkerDown: The worker cannot take the job now.
            RenderRefused: The worker can never render this.
            RenderFailed: It took the job and did not finish it.
        """
        ...

    async def lend(self, avatar: str, pack: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it the pack of an account's own avatar, unless it has it.

        Raises:
            WorkerDown: It cannot take it now.
            RenderRefused: It can never show this avatar.
        """
        ...

    async def lend_background(self, digest: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it a picture or film to stand behind people, unless it has it.

        Raises:
            WorkerDown: It cannot take it now.
            RenderRefused: It can never show it.
        """
        ...

    async def lend_voice(self, voice: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it a voice of an account, unless it has it.

        Raises:
            VoiceAway: It does not speak with it.
            WorkerDown: It cannot take it now.
            RenderRefused: It can never speak with it.
        """
        ...


class Renderers(Protocol):
    """Knows who can render."""

    def rivals(self, choice: Choice) -> Collection[str] | None:
        """Tell the avatars whose renders may wait for the same workers as this one; None for all."""
        ...

    def least_loaded(self, choice: Choice, *, besides: Collection[Renderer] = ()) -> Renderer | None:
        """Choose who gets a render of this avatar; None where all who have it have been tried."""
        ...


class Utterance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A text that somebody wants to hear, as a file: `mp3` or `wav`.

    Attributes:
        speed: Of the voice. None is its own, of which a worker of an older version need not be told.
    """

    text: str
    language: str | None
    voice: str | None
    form: str
    speed: float | None = None


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """A voice of a worker's that is like somebody's; see `worker/speech/likeness.py`.

    Attributes:
        voice: What a choice names it by.
        base: The voice that is turned.
        pitch_hz: Median of the samples.
        pitch: Times that of the base.
        tract: Times the frequencies of its resonances.
        cosine: Of the envelopes of samples and voice.
        cosine_unmatched: Of samples and base.
    """

    voice: str
    base: str
    language: str
    gender: str
    pitch_hz: float
    pitch: float
    tract: float
    cosine: float
    cosine_unmatched: float


class Cloned(msgspec.Struct, frozen=True, kw_only=True):
    """A voice that speaks like a recording, as a worker has made it; see `worker/cloning.py`.

    Attributes:
        pack: What workers are to be lent.
        template: What speaks it there.
        seconds: Of the recording.
        pitch_hz: Its median.
        similarity: Of the envelopes of recording and voice; None where it was not tried.
    """

    pack: bytes
    template: str
    gender: str
    seconds: float
    pitch_hz: float
    similarity: float | None = None


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A text as a file, and how long it is."""

    content: bytes
    ms: int
