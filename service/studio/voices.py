"""Sells voices that are matched to samples of somebody's: one of ours, turned to be like it. It is no clone.

Who asks for one says that the speaker has agreed, which is kept with the voice. The samples are not.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from service.catalogue.built_in import LANGUAGES
from service.errors import InvalidRequest, RenderRefused, ServiceError
from service.rendering.port import Likeness
from service.studio.artist import Gender
from service.studio.job import Job, Kind, State
from service.studio.jobs import Studio
from service.studio.library import Library
from service.studio.media import Kind as MediaKind
from service.studio.media import Medium
from service.studio.port import Note
from service.studio.terms import StudioTerms

MOST_SAMPLES = 10

LONGEST_NAME = 50

LONGEST_SAMPLE_S = 300
"""Of one sample; its first minute is listened to."""

HEARD_BYTES = 60 * 16_000 * 2

MOST = 200
"""Voices of an account that are listed."""

MATCHED = "matched"
"""How such voices are made: by choosing and turning one of ours."""


class VoiceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; a row's request.

    Attributes:
        samples: Tokens of the library.
        gender: Of our voices that are tried; None tries all.
        consent: That the speaker has agreed, in the words of who asked.
    """

    name: str
    language: str
    samples: tuple[str, ...]
    consent: str
    gender: Gender | None = None
    description: str | None = None


class OwnVoice(msgspec.Struct, frozen=True, kw_only=True):
    """A voice of an account.

    Attributes:
        id: 24 hexadecimal digits.
        spoken_as: What a choice names it by; None until it is made.
        likeness: What was measured; None until then.
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


class Ear(Protocol):
    """Hears recordings."""

    async def pcm(self, content: bytes, *, most_s: int) -> bytes:
        """Decode a recording, s16le mono at 16 kHz; raises RenderRefused, WorkerDown."""
        ...

    async def match(self, samples: Sequence[bytes], *, language: str, gender: str | None) -> Likeness:
        """Find the voice of ours that is most like that of some samples; raises as `pcm`."""
        ...


class Voices:
    """Takes orders for voices, and lists them."""

    def __init__(self, *, studio: Studio, library: Library, terms: StudioTerms) -> None:
        self._studio = studio
        self._library = library
        self._terms = terms

    async def begin(
        self,
        account_id: int,
        *,
        name: str,
        urls: Sequence[str],
        field: str,
        language: str,
        consent: str | bool | None,
        gender: Gender | None = None,
        description: str | None = None,
        kinds: Sequence[MediaKind] = (MediaKind.SPEECH,),
        key: str | None = None,
    ) -> OwnVoice:
        """Have a voice matched to samples that addresses lead to: of the library, or of the internet.

        Args:
            account_id: Whose it is to be.
            name: What its owner calls it.
            urls: Where the samples are.
            field: That names them, for refusals.
            language: That it speaks.
            consent: That the speaker has agreed: true, or in words.
            gender: Of our voices that are tried.
            description: What its owner says of it.
            kinds: What the samples may be.
            key: As `Studio.begin` says.

        Raises:
            InvalidRequest: Nobody says that the speaker has agreed, or a field cannot be.
            MediumNotFound, MediumGone: An address is a link of ours that leads nowhere now.
            As `Studio.begin` says.
        """
        agreed = "yes" if consent is True else (consent or "")
        if not agreed.strip():
            raise InvalidRequest(
                "Field 'consent' is missing: say that the speaker of the samples has agreed, by true or in words.",
                field="consent",
            )
        if not 0 < len(name.strip()) <= LONGEST_NAME:
            raise InvalidRequest(f"The name has 1 to {LONGEST_NAME} characters.", field="name")
        if not 0 < len(urls) <= MOST_SAMPLES:
            raise InvalidRequest(f"Field '{field}' names 1 to {MOST_SAMPLES} samples.", field=field)
        if language not in LANGUAGES:
            raise InvalidRequest(
                f"Field 'language' has to be one of: {', '.join(LANGUAGES)}.", field="language"
            )
        media = [await self._library.bring(account_id, url, wanted=kinds, field=field) for url in urls]
        asked = VoiceRequest(
            name=name.strip(),
            language=language,
            samples=tuple(medium.token for medium in media),
            consent=agreed.strip()[:500],
            gender=gender,
            description=description,
        )
        job = await self._studio.begin(
            account_id, Kind.VOICE, msgspec.to_builtins(asked), held_ms=self._terms.voice_s * 1000, key=key
        )
        return _voice(job)

    async def find(self, account_id: int, voice_id: str) -> OwnVoice | None:
        """Find a voice of an account."""
        job = await self._studio.find(voice_id, account_id)
        return _voice(job) if job is not None and job.kind is Kind.VOICE else None

    async def all(self, account_id: int) -> list[OwnVoice]:
        """Return the voices of an account, the newest first."""
        jobs = await self._studio.of_account(account_id, kinds=(Kind.VOICE,), limit=MOST)
        return [_voice(job) for job in jobs]

    async def delete(self, account_id: int, voice_id: str) -> bool:
        """Forget a voice; whether there was one. Videos that were ordered with it are spoken with it all the same."""
        if await self.find(account_id, voice_id) is None:
            return False
        await self._studio.delete(voice_id, account_id)
        return True


class VoiceMaker:
    """Has voices matched."""

    def __init__(self, ear: Ear, library: Library) -> None:
        self._ear = ear
        self._library = library

    async def make(self, job: Job, note: Note) -> dict[str, Any]:
        """Do it, as `Maker` says."""
        asked = msgspec.convert(job.request, VoiceRequest)
        samples = []
        for number, token in enumerate(asked.samples):
            await note("listening", 5 + 50 * number // len(asked.samples))
            try:
                medium = await self._library.find(token)
                content = await self._content(medium)
            except (ServiceError, FileNotFoundError) as error:
                raise RenderRefused(f"Sample {number + 1} was deleted.") from error
            heard = await self._ear.pcm(content, most_s=LONGEST_SAMPLE_S)
            samples.append(heard[:HEARD_BYTES])
        await note("matching", 60)
        like = await self._ear.match(samples, language=asked.language, gender=asked.gender)
        return dict(msgspec.to_builtins(like))

    async def _content(self, medium: Medium) -> bytes:
        return b"".join([chunk async for chunk in self._library.read(medium)])


def _voice(job: Job) -> OwnVoice:
    asked = msgspec.convert(job.request, VoiceRequest)
    like = None if job.result is None else msgspec.convert(job.result, Likeness)
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
        spoken_as=None if like is None else like.voice,
        likeness=like,
        created_at=job.created_at,
    )
