"""Avatars of an account: sold by video time, made by a worker of a picture, a film or a portrait that was drawn here.

An avatar has two passes. The first makes it ready to speak; the second, of a portrait that was drawn, films its own
mouths for sharper lips. Each is a job with a pack of its own, so that a pack never changes: the avatar is then known
by the newest.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from service.catalogue.own import own_name, pack_object
from service.errors import InvalidRequest, RenderRefused, ServiceError, ToldError
from service.jobs.port import Objects
from service.studio.artist import Artist, Gender, Person, Source
from service.studio.job import Job, Kind, State
from service.studio.jobs import Studio
from service.studio.library import Library
from service.studio.media import Kind as MediaKind
from service.studio.media import Medium
from service.studio.port import Note
from service.studio.portraits import drawn_from
from service.studio.terms import StudioTerms

EMOTION = "neutral"
"""What a made avatar shows."""

LONGEST_NAME = 100

MOST_BYTES = 64 << 20
"""Of a picture or film that somebody is made of, as workers take it."""

MOST = 1000
"""Passes of an account that are looked through, the newest first."""

SHARP_OF_DRAWN = (
    "A second pass films the mouths of a portrait that was drawn here. This avatar was made of a picture or a film,"
    " and has been studied as far as it can be."
)


MOUTHS_OF_DRAWN = (
    "A portrait that was drawn here has its mouths filmed by the second pass, and by no film of somebody's."
)


class AvatarRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass works on.

    Attributes:
        medium: The token of the picture or film.
        first: The job of the first pass, of a second one.
        mouths: The token of a film of its mouths.
    """

    name: str
    gender: Gender
    medium: str
    first: str | None = None
    mouths: str | None = None

    def written(self) -> dict[str, Any]:
        """Return what its row has: without mouths what it had before there were any, so that its key finds it."""
        written: dict[str, Any] = msgspec.to_builtins(self)
        if self.mouths is None:
            del written["mouths"]
        return written


class Avatar(msgspec.Struct, frozen=True, kw_only=True):
    """An avatar of an account.

    Attributes:
        id: The job of its first pass.
        state: Of the pass that was begun last; COMPLETED once the first is, whatever became of a second.
        sharp: Its own mouths were filmed.
        spoken_as: What a choice names it by; None until it can speak.
        medium: The token of what it was made of.
    """

    id: str
    name: str
    gender: Gender
    state: State
    stage: str
    progress: int
    failure: str | None
    warnings: tuple[str, ...]
    sharp: bool
    spoken_as: str | None
    medium: str
    created_at: datetime


class NotSharper(ToldError):
    """The avatar has no second pass."""

    def __init__(self) -> None:
        super().__init__(SHARP_OF_DRAWN)


class Avatars:
    """Takes orders for avatars, and lists them.

    Args:
        studio: Sells the work.
        library: Has what they are made of.
        objects: Has their packs.
        terms: Prices.
    """

    def __init__(self, *, studio: Studio, library: Library, objects: Objects, terms: StudioTerms) -> None:
        self._studio = studio
        self._library = library
        self._objects = objects
        self._terms = terms

    async def begin(
        self,
        account_id: int,
        *,
        name: str,
        gender: Gender,
        url: str,
        field: str,
        kind: Literal["picture", "film"] | None = None,
        mouths_url: str | None = None,
        key: str | None = None,
    ) -> Avatar:
        """Have an avatar made of what an address leads to: of the library, or of the internet.

        Args:
            account_id: Who pays.
            name: What people call it.
            gender: Chooses the voice where none is named.
            url: Where its picture or film is.
            field: What named that.
            kind: What it has to be; None: either.
            mouths_url: Where a film is in which its mouth has four shapes, which it costs as much again.
            key: As `Studio.begin` says.

        Raises:
            InvalidRequest: The name is too long, or nothing of use is there.
            MediumNotFound, MediumGone: The address is a link of ours that leads nowhere now.
            As `Studio.begin` says.
        """
        if not 0 < len(name.strip()) <= LONGEST_NAME:
            raise InvalidRequest(f"Field 'name' has 1 to {LONGEST_NAME} characters.", field="name")
        wanted = (MediaKind.PICTURE, MediaKind.FILM) if kind is None else (MediaKind(kind),)
        medium = await self._library.bring(account_id, url, wanted=wanted, field=field)
        _check_size(medium, field)
        mouths = None
        if mouths_url is not None:
            if drawn_from(medium) is not None:
                raise InvalidRequest(MOUTHS_OF_DRAWN, field="mouths_url")
            mouths = await self._library.bring(
                account_id, mouths_url, wanted=(MediaKind.FILM,), field="mouths_url"
            )
            _check_size(mouths, "mouths_url")
        asked = AvatarRequest(
            name=name.strip(),
            gender=gender,
            medium=medium.token,
            mouths=None if mouths is None else mouths.token,
        )
        films = 1 if mouths is None else 2
        job = await self._studio.begin(
            account_id,
            Kind.AVATAR,
            asked.written(),
            held_ms=films * self._terms.avatar_s * 1000,
            key=key,
            most=self._terms.avatars_per_account,
        )
        return _avatar([job])

    async def sharpen(self, account_id: int, avatar_id: str, *, key: str | None = None) -> Avatar | None:
        """Have the second pass of an avatar done, once; None where the account has no such avatar.

        Raises:
            NotSharper: It has none.
            InvalidRequest: Its first pass is not done.
            MediumNotFound, MediumGone: What it was made of is not there any more.
            As `Studio.begin` says.
        """
        passes = await self._passes(account_id, avatar_id)
        if not passes:
            return None
        if passes[0].state is not State.COMPLETED:
            raise InvalidRequest("The avatar is not ready yet.", field="_id")
        if any(job.state is not State.FAILED for job in passes[1:]):
            return _avatar(passes)
        first = msgspec.convert(passes[0].request, AvatarRequest)
        if drawn_from(await self._library.find(first.medium)) is None:
            raise NotSharper
        job = await self._studio.begin(
            account_id,
            Kind.AVATAR,
            msgspec.structs.replace(first, first=avatar_id).written(),
            held_ms=self._terms.sharp_avatar_s * 1000,
            key=key,
            most=self._terms.avatars_per_account,
        )
        return _avatar([*passes, job])

    async def find(self, account_id: int, avatar_id: str) -> Avatar | None:
        """Find an avatar of an account."""
        passes = await self._passes(account_id, avatar_id)
        return _avatar(passes) if passes else None

    async def all(self, account_id: int) -> list[Avatar]:
        """Return the avatars of an account, the newest first."""
        jobs = await self._studio.of_account(account_id, kinds=(Kind.AVATAR,), limit=MOST)
        return [
            _avatar([job, *_seconds(jobs, job.public_id)]) for job in jobs if job.request.get("first") is None
        ]

    async def delete(self, account_id: int, avatar_id: str) -> bool:
        """Delete an avatar with its packs; whether there was one. What is not done yet is paid back."""
        passes = await self._passes(account_id, avatar_id)
        for job in reversed(passes):
            await self._studio.delete(job.public_id, account_id)
            await self._objects.delete(pack_object(job.public_id))
        return bool(passes)

    async def _passes(self, account_id: int, avatar_id: str) -> list[Job]:
        """Return the passes of an avatar, the first one first."""
        first = await self._studio.find(avatar_id, account_id)
        if first is None or first.kind is not Kind.AVATAR or first.request.get("first") is not None:
            return []
        jobs = await self._studio.of_account(account_id, kinds=(Kind.AVATAR,), limit=MOST)
        return [first, *_seconds(jobs, avatar_id)]


class AvatarMaker:
    """Has avatars made, and keeps their packs."""

    def __init__(self, artist: Artist, library: Library, objects: Objects) -> None:
        self._artist = artist
        self._library = library
        self._objects = objects

    async def make(self, job: Job, note: Note) -> dict[str, Any]:
        """Do it, as `Maker` says."""
        asked = msgspec.convert(job.request, AvatarRequest)
        try:
            medium = await self._library.find(asked.medium)
            mouths = None if asked.mouths is None else await self._library.find(asked.mouths)
        except ServiceError as error:
            raise RenderRefused("What the avatar is made of was deleted.") from error
        person = Person(name=own_name(job.public_id), label=asked.name, gender=asked.gender)
        recipe = drawn_from(medium)
        if recipe is None:
            await note("studying", 10)
            making = self._artist.studied(
                person, self._source(medium), None if mouths is None else self._source(mouths)
            )
        else:
            await note("filming", 10)
            sharp = asked.first is not None
            making = self._artist.filmed(person, recipe, emotions=(EMOTION,), mouths=sharp)
        async with making as pack:
            await note("keeping", 90)
            await self._objects.put(pack_object(job.public_id), pack.chunks)
        return {
            "label": asked.name,
            "gender": asked.gender,
            "emotions": [EMOTION],
            "warnings": list(pack.warnings),
        }

    def _source(self, medium: Medium) -> Source:
        return Source(size=medium.size, read=lambda: self._library.read(medium))


def _check_size(medium: Medium, field: str) -> None:
    """Refuse what no worker takes, before it is paid for."""
    if medium.size > MOST_BYTES:
        raise InvalidRequest(
            f"Field '{field}' leads to a file of more than {MOST_BYTES >> 20} MiB: a few seconds of somebody will do.",
            field=field,
        )


def _seconds(jobs: Sequence[Job], first: str) -> list[Job]:
    """Return the second passes of an avatar, the oldest first."""
    return [job for job in reversed(jobs) if job.request.get("first") == first]


def _avatar(passes: Sequence[Job]) -> Avatar:
    """Tell of an avatar by its passes, the first one first."""
    first, newest = passes[0], passes[-1]
    asked = msgspec.convert(first.request, AvatarRequest)
    done = [job for job in passes if job.state is State.COMPLETED]
    # A second pass that failed takes nothing from what the first has made.
    shown = done[-1] if done and newest.state is State.FAILED else newest
    result = (done[-1].result or {}) if done else {}
    return Avatar(
        id=first.public_id,
        name=asked.name,
        gender=asked.gender,
        state=shown.state,
        stage=shown.stage,
        progress=shown.progress,
        failure=newest.failure,
        warnings=tuple(result.get("warnings", ())),
        sharp=len(done) > 1 or (bool(done) and asked.mouths is not None),
        spoken_as=own_name(done[-1].public_id) if done else None,
        medium=asked.medium,
        created_at=first.created_at,
    )
