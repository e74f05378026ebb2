"""Voices of accounts: what is asked for, and what is told of them. Pure."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from service.catalogue.own import own_name
from service.rendering.port import Likeness
from service.studio.artist import Gender
from service.studio.job import Job, State

Method = Literal["matched", "cloned"]

MATCHED: Method = "matched"
"""How a voice is made: by choosing and turning one of ours."""

CLONED: Method = "cloned"
"""How a voice is made: by speaking like the samples."""


class VoiceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; a row's request.

    Attributes:
        samples: Tokens of the library.
        gender: Of our voices that are tried; None tries all. Of one that is cloned: the speaker's.
        consent: That the speaker has agreed, in the words of who asked.
        words: What is said in each of the samples, of one that is cloned.
    """

    name: str
    language: str
    samples: tuple[str, ...]
    consent: str
    gender: Gender | None = None
    description: str | None = None
    method: Method = MATCHED
    words: tuple[str, ...] = ()

    def written(self) -> dict[str, Any]:
        """Return what its row has: of one that is matched as before there were others, so that its key finds it."""
        written: dict[str, Any] = msgspec.to_builtins(self)
        if self.method == MATCHED:
            del written["method"], written["words"]
        return written


class Likened(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a voice that was cloned; its row's result.

    Attributes:
        template: What speaks it.
        seconds: Of the samples together.
        pitch_hz: Their median.
        similarity: Of the envelopes of the samples and of a sentence that the voice said.
    """

    template: str
    gender: str
    seconds: float
    pitch_hz: float
    similarity: float | None


class OwnVoice(msgspec.Struct, frozen=True, kw_only=True):
    """A voice of an account.

    Attributes:
        id: 24 hexadecimal digits.
        spoken_as: What a choice names it by; None until it is made.
        likeness: What was measured of one that is matched; None until then.
        likened: Of one that is cloned.
    """

    id: str
    name: str
    language: str
    state: State
    stage: str
    progress: int
    failure: str | None
    consent: str
    description: str | None
    spoken_as: str | None
    likeness: Likeness | None
    created_at: datetime
    method: Method = MATCHED
    likened: Likened | None = None

    @property
    def gender(self) -> str | None:
        """Of who speaks; None until it is made."""
        made = self.likeness or self.likened
        return None if made is None else made.gender


def voice_of(job: Job) -> OwnVoice:
    """Tell of a voice by its job."""
    asked = msgspec.convert(job.request, VoiceRequest)
    cloned = asked.method == CLONED
    like = None if job.result is None or cloned else msgspec.convert(job.result, Likeness)
    likened = None if job.result is None or not cloned else msgspec.convert(job.result, Likened)
    spoken_as = own_name(job.public_id) if likened is not None else None
    return OwnVoice(
        id=job.public_id,
        name=asked.name,
        language=asked.language,
        state=job.state,
        stage=job.stage,
        progress=job.progress,
        failure=job.failure,
        consent=asked.consent,
        description=asked.description,
        spoken_as=spoken_as if like is None else like.voice,
        likeness=like,
        created_at=job.created_at,
        method=asked.method,
        likened=likened,
    )
