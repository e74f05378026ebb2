"""Sells voices of accounts: matched to samples of somebody's, or cloned from them.

One that is matched is a voice of ours, turned to be like the samples, which are not kept. One that is cloned is the
samples themselves, with their words, spoken like by a template of a worker: they are kept as an object of the voice,
which workers are lent. Who asks for either says that the speaker has agreed, which is kept with the voice.
"""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import msgspec

from service.catalogue.built_in import LANGUAGES
from service.catalogue.own import voice_object
from service.errors import (
    EngineMissing,
    InvalidRequest,
    RenderFailed,
    RenderRefused,
    ServiceError,
    WorkerDown,
)
from service.jobs.port import Objects
from service.rendering.port import Cloned, Likeness
from service.studio.artist import Gender
from service.studio.job import Job, Kind
from service.studio.jobs import Studio
from service.studio.library import Library
from service.studio.media import Kind as MediaKind
from service.studio.media import Medium
from service.studio.port import Note
from service.studio.terms import StudioTerms
from service.studio.voice import CLONED, MATCHED, Likened, Method, OwnVoice, VoiceRequest, voice_of

MOST_SAMPLES = 10

LONGEST_NAME = 50

LONGEST_SAMPLE_S = 300
"""Of one sample; its first minute is listened to."""

HEARD_BYTES = 60 * 16_000 * 2

MOST = 200
"""Voices of an account that are listed."""

LEAST_CONSENT = 10
"""Characters that say who has agreed to be cloned."""

LONGEST_CONSENT, LONGEST_WORDS = 500, 1000

MOST_CLONED_BYTES = 48 << 20
"""Of all samples of one voice that is cloned: half a minute of anything is less."""

NO_TEMPLATE = (
    "No renderer here speaks like a recording. The operator sets what does, by a voice with `template = true` in the"
    " file that SATSPEAK_WORKER_VOICES names. Without it voices are matched: method 'matched'."
)


class Ear(Protocol):
    """Hears recordings."""

    async def pcm(self, content: bytes, *, most_s: int) -> bytes:
        """Decode a recording, s16le mono at 16 kHz; raises RenderRefused, WorkerDown."""
        ...

    async def match(self, samples: Sequence[bytes], *, language: str, gender: str | None) -> Likeness:
        """Find the voice of ours that is most like that of some samples; raises as `pcm`."""
        ...

    async def clones(self) -> Collection[str]:
        """Tell which languages are spoken like any recording; raises WorkerDown."""
        ...

    async def clone(
        self,
        samples: Sequence[bytes],
        words: Sequence[str],
        *,
        language: str,
        gender: str | None,
        trial: bool,
    ) -> Cloned:
        """Make a voice that speaks like samples, files as they came; raises as `pcm`, and RenderFailed."""
        ...


class Voices:
    """Takes orders for voices, and lists them.

    Args:
        studio: Sells the work.
        library: Has what they are made of.
        ear: Looks at it, before it is paid for.
        objects: Has the voices that are cloned.
        terms: Prices.
    """

    def __init__(
        self, *, studio: Studio, library: Library, ear: Ear, objects: Objects, terms: StudioTerms
    ) -> None:
        self._studio = studio
        self._library = library
        self._ear = ear
        self._objects = objects
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
        method: Method = MATCHED,
        words: Sequence[str] = (),
    ) -> OwnVoice:
        """Have a voice made of samples that addresses lead to: of the library, or of the internet.

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
            method: How it is made.
            words: What is said in each sample, for one that is cloned.

        Raises:
            InvalidRequest: Nobody says that the speaker has agreed, a field cannot be, or nothing can be cloned from
                the samples.
            EngineMissing: Nothing here clones voices.
            WorkerDown: Nobody could look at the samples now.
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
        if method == CLONED:
            await self._check_cloning(agreed, urls, words, field=field, language=language)
        media = [await self._library.bring(account_id, url, wanted=kinds, field=field) for url in urls]
        asked = VoiceRequest(
            name=name.strip(),
            language=language,
            samples=tuple(medium.token for medium in media),
            consent=agreed.strip()[:LONGEST_CONSENT],
            gender=gender,
            description=description,
            method=method,
            words=tuple(words) if method == CLONED else (),
        )
        if method == CLONED:
            await self._examine(asked, media, field)
        price_s = self._terms.cloned_voice_s if method == CLONED else self._terms.voice_s
        job = await self._studio.begin(
            account_id,
            Kind.VOICE,
            asked.written(),
            held_ms=price_s * 1000,
            key=key,
            most=self._terms.voices_per_account,
        )
        return voice_of(job)

    async def _check_cloning(
        self, consent: str, urls: Sequence[str], words: Sequence[str], *, field: str, language: str
    ) -> None:
        """Refuse what nobody has agreed to in words, what lacks the words of the samples, and what is not spoken."""
        if len(consent.strip()) < LEAST_CONSENT:
            raise InvalidRequest(
                "Field 'consent' has to say in words who has agreed that this voice is cloned, and how:"
                " 'Ann Miller, who speaks, by letter of 3 May'.",
                field="consent",
            )
        if len(words) != len(urls) or not all(0 < len(each.strip()) <= LONGEST_WORDS for each in words):
            raise InvalidRequest(
                f"Field 'sample_words' has what is said in each of '{field}', in their order: nothing here writes"
                f" down what it hears. Each has 1 to {LONGEST_WORDS:,} characters.",
                field="sample_words",
            )
        spoken = await self._ear.clones()
        if not spoken:
            raise EngineMissing(NO_TEMPLATE)
        if language not in spoken:
            raise InvalidRequest(f"Voices are cloned here in: {', '.join(spoken)}.", field="language")

    async def _examine(self, asked: VoiceRequest, media: Sequence[Medium], field: str) -> None:
        """Refuse samples that nothing can be made of, before they are paid for."""
        if sum(medium.size for medium in media) > MOST_CLONED_BYTES:
            raise InvalidRequest(
                f"Field '{field}' leads to more than {MOST_CLONED_BYTES >> 20} MiB: half a minute will do.",
                field=field,
            )
        try:
            samples = [await content_of(self._library, medium) for medium in media]
            await self._ear.clone(
                samples, asked.words, language=asked.language, gender=asked.gender, trial=False
            )
        except RenderRefused as error:
            raise InvalidRequest(error.detail, field=field) from error
        except FileNotFoundError as error:
            raise InvalidRequest("A sample was deleted.", field=field) from error
        except RenderFailed as error:
            raise WorkerDown("The renderer is not well. Try again soon.") from error

    async def find(self, account_id: int, voice_id: str) -> OwnVoice | None:
        """Find a voice of an account."""
        job = await self._studio.find(voice_id, account_id)
        return voice_of(job) if job is not None and job.kind is Kind.VOICE else None

    async def all(self, account_id: int) -> list[OwnVoice]:
        """Return the voices of an account, the newest first."""
        jobs = await self._studio.of_account(account_id, kinds=(Kind.VOICE,), limit=MOST)
        return [voice_of(job) for job in jobs]

    async def delete(self, account_id: int, voice_id: str) -> bool:
        """Forget a voice, and the samples of one that is cloned; whether there was one.

        Videos that were ordered with one that is matched are spoken with it all the same. One that is cloned is lent to
        nobody any more: a video that waits for it cannot be made, and costs nothing.
        """
        if await self.find(account_id, voice_id) is None:
            return False
        await self._studio.delete(voice_id, account_id)
        await self._objects.delete(voice_object(voice_id))
        return True


class VoiceMaker:
    """Has voices made, and keeps those that are cloned."""

    def __init__(self, ear: Ear, library: Library, objects: Objects) -> None:
        self._ear = ear
        self._library = library
        self._objects = objects

    async def make(self, job: Job, note: Note) -> dict[str, Any]:
        """Do it, as `Maker` says."""
        asked = msgspec.convert(job.request, VoiceRequest)
        files: list[bytes] = []
        for number, token in enumerate(asked.samples):
            await note("listening", 5 + 50 * number // len(asked.samples))
            try:
                files.append(await content_of(self._library, await self._library.find(token)))
            except (ServiceError, FileNotFoundError) as error:
                raise RenderRefused(f"Sample {number + 1} was deleted.") from error
        if asked.method == CLONED:
            return await self._cloned(job, asked, files, note)
        samples = [(await self._ear.pcm(file, most_s=LONGEST_SAMPLE_S))[:HEARD_BYTES] for file in files]
        await note("matching", 60)
        like = await self._ear.match(samples, language=asked.language, gender=asked.gender)
        return dict(msgspec.to_builtins(like))

    async def _cloned(
        self, job: Job, asked: VoiceRequest, files: Sequence[bytes], note: Note
    ) -> dict[str, Any]:
        await note("cloning", 60)
        made = await self._ear.clone(
            files, asked.words, language=asked.language, gender=asked.gender, trial=True
        )
        await note("keeping", 90)
        await self._objects.put(voice_object(job.public_id), made.pack)
        likened = Likened(
            template=made.template,
            gender=made.gender,
            seconds=made.seconds,
            pitch_hz=made.pitch_hz,
            similarity=made.similarity,
        )
        return dict(msgspec.to_builtins(likened))


async def content_of(library: Library, medium: Medium) -> bytes:
    """Read a file of a library whole."""
    return b"".join([chunk async for chunk in library.read(medium)])
