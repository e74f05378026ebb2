"""What is asked for, checked: the request of a render with all its choices settled. Pure but for asking speech."""

import msgspec

from worker.avatars import Avatars, Pack
from worker.encode import FPS, SAMPLE_RATES
from worker.errors import MalformedRequest, NoSpeech
from worker.records import RenderRequest
from worker.speech import SAMPLE_RATE as SPEECH_RATE
from worker.speech import Speech, Voice
from worker.stage import PLAIN, check

SAMPLE_BYTES = 2
_CHARACTERS_PER_S = 14  # of most languages


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A request that can be rendered."""

    request: RenderRequest
    pack: Pack
    voice: Voice | None  # of a text order

    @property
    def sample_rate(self) -> int:
        """Rate of all of its speech."""
        return SPEECH_RATE if self.voice else self.request.sample_rate

    @property
    def language(self) -> str | None:
        """What is spoken; of an audio order only what was told."""
        return self.voice.language if self.voice else self.request.language

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        stage = self.request.stage
        return (PLAIN, PLAIN) if stage is None else (stage.width, stage.height)

    @property
    def speed(self) -> float:
        """How fast the voice speaks."""
        return 1.0 if self.request.stage is None else self.request.stage.speed

    @property
    def unspoken(self) -> str:
        """The text that the PCM of the request does not say yet."""
        return (self.request.text or "")[self.request.spoken :]


def frames_to_render(order: Order, pcm_bytes: int) -> int:
    """Estimate the length of what is asked for; only for planning.

    Args:
        order: settled.
        pcm_bytes: that followed its request.
    """
    seconds = (
        pcm_bytes / SAMPLE_BYTES / order.sample_rate + len(order.unspoken) / _CHARACTERS_PER_S / order.speed
    )
    return max(0, round(seconds * FPS) - order.request.first_frame)


def settle(request: RenderRequest, pcm_bytes: int, *, avatars: Avatars, speech: Speech) -> Order:
    """Check a request and choose what it leaves open.

    Args:
        request: as it came.
        pcm_bytes: that followed it.
        avatars: who can speak.
        speech: how they can; detecting a language takes a few milliseconds.

    Raises:
        Unrenderable, SpeechError: it can never be rendered.
    """
    _check(request, pcm_bytes)
    pack = avatars.find(request.avatar, request.emotion)
    voice = None
    if request.text is not None:
        voice = speech.choose(
            language=request.language,
            voice=request.voice,
            text=request.text,
            gender=pack.gender,
            elderly=pack.elderly,
        )
    return Order(request=request, pack=pack, voice=voice)


def _check_stage(request: RenderRequest, pcm_bytes: int) -> None:
    if request.stage is None:
        return
    check(request.stage)
    if request.text is None and request.stage.speed != 1:
        raise MalformedRequest("A recording has a pace of its own: leave speed out.")
    if not request.stage.captions:
        return
    if request.text is None:
        raise MalformedRequest("Nobody knows the words of a recording: leave captions out.")
    samples, spoken = sum(each for each, _ in request.told), [each for _, each in request.told]
    if (
        samples * SAMPLE_BYTES != pcm_bytes
        or spoken != sorted({*spoken})
        or (spoken or [0])[-1] != request.spoken
    ):
        raise MalformedRequest("What is told of the speech in the PCM does not add up to it.")


def _check(request: RenderRequest, pcm_bytes: int) -> None:
    if pcm_bytes % SAMPLE_BYTES:
        raise MalformedRequest(
            f"{pcm_bytes} bytes of PCM are not whole 16-bit samples. Send s16le mono, two bytes a sample."
        )
    _check_stage(request, pcm_bytes)
    if request.first_frame < 0 or request.spoken < 0:
        raise MalformedRequest("first_frame and spoken count from 0; send no negative numbers.")
    if request.text is None:
        if not pcm_bytes:
            raise NoSpeech
        if request.sample_rate not in SAMPLE_RATES:
            rates = ", ".join(str(rate) for rate in sorted(SAMPLE_RATES))
            raise MalformedRequest(
                f"A sample_rate of {request.sample_rate} cannot be encoded. Use one of {rates}."
            )
        return
    if request.spoken > len(request.text):
        raise MalformedRequest(
            f"spoken is {request.spoken}, but the text has {len(request.text)} characters."
        )
    if pcm_bytes and request.sample_rate != SPEECH_RATE:
        raise MalformedRequest(
            f"The PCM of a text order is the worker's own: its sample_rate is {SPEECH_RATE}."
        )
    if request.spoken and not pcm_bytes:
        raise MalformedRequest("Text was spoken already, so its PCM must follow the record.")
    if not request.text.strip():
        raise NoSpeech
