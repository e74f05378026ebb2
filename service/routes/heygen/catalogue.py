"""`/api/v1/voices` and `/api/v1/avatars`: who and what there is, by our names and by those of this API's examples."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath

from service.accounts.askers import Askers
from service.accounts.port import Scope
from service.catalogue.choosing import Choosing
from service.catalogue.own import own_job, own_name
from service.catalogue.port import Avatar, Voice
from service.errors import InvalidRequest, MediumGone, MediumNotFound
from service.routes.heygen import describing, refusals
from service.routes.heygen.catalogue_schemas import AvatarAnswer, AvatarRequest, CloneRequest, VoiceAnswer
from service.routes.heygen.keys import Key
from service.routes.heygen.names import (
    LOOKS,
    NEUTRAL,
    STYLES,
    accent_of,
    age_of,
    avatar_aliases,
    gender_of,
    voice_aliases,
)
from service.routes.heygen.refusals import NotListed
from service.routes.heygen.wishes import check
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.studio.avatars import Avatar as OwnAvatar
from service.studio.avatars import Avatars
from service.studio.job import State
from service.studio.library import Library
from service.studio.voice import CLONED, MATCHED, OwnVoice
from service.studio.voices import Voices

NO_CACHE = {"Cache-Control": "no-cache"}

NO_STORE = {"Cache-Control": "no-store"}

SAMPLE_RATE = 24_000
"""Hertz of the sound of our videos."""

LEAST_MATCHED = 3
"""Samples that a voice is matched to."""

MOST_LISTED = 100
"""Avatars of an account, the newest first."""

MADE_OF_MEDIA = refusals.described(
    *refusals.PAID,
    *refusals.BODY,
    (HTTPStatus.NOT_FOUND, "An address is a link of a library that leads nowhere."),
    (HTTPStatus.GONE, "An address is a link of a library whose time is over."),
)
"""What it may be answered with who has something made of files that addresses lead to."""


@get(
    "/voices",
    summary="List voices",
    description="Each is listed by our name and, where it has one, by the name of this API's examples as well.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenListVoices",
    operation_class=describing.operation(),
    responses=describing.answers(list[VoiceAnswer], "The voices that there are now.")
    | refusals.described(*refusals.KEYS),
)
async def list_voices(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    choosing: Part[Choosing],
    own_voices: Part[Voices],
) -> Response[list[VoiceAnswer]]:
    """List voices."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    voices = {voice.name: voice for voice in await choosing.voices()}
    told = [_voice(alias, voices[name]) for alias, name in voice_aliases(voices).items()]
    told += [_voice(name, voice) for name, voice in voices.items()]
    told += [_own_voice(own) for own in await own_voices.all(account_id)]
    return Response(told, headers=NO_CACHE)


@get(
    "/avatars",
    summary="List avatars",
    description="Each is listed by our name and, where it has one, by the name of this API's examples as well.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenListAvatars",
    operation_class=describing.operation(),
    responses=describing.answers(list[AvatarAnswer], "The avatars that there are now.")
    | refusals.described(*refusals.KEYS),
)
async def list_avatars(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    choosing: Part[Choosing],
    own_avatars: Part[Avatars],
    library: Part[Library],
    links: Part[Links],
) -> Response[list[AvatarAnswer]]:
    """List avatars."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    avatars = await choosing.avatars()
    told = [
        _avatar(name, avatar, links, request)
        for name, avatar in (
            *((alias, avatars[ours]) for alias, ours in avatar_aliases(avatars).items()),
            *avatars.items(),
        )
    ]
    mine = (await own_avatars.all(account_id))[:MOST_LISTED]
    told += [await _own_avatar(own, library, links, request) for own in mine]
    return Response(told, headers=NO_CACHE)


@post(
    "/voices/clone",
    status_code=200,
    summary="Match a voice to samples, or clone it",
    description="`matched` chooses which of our voices is nearest to the samples, and turns it to their pitch, vocal"
    " tract and colour: it resembles the speaker and is no clone. `cloned` keeps the samples and speaks like"
    " them, where a renderer can (503 says what to set). Both cost some video time, which comes back where nothing"
    " can be made. It is made meanwhile: `characteristics.status` of GET /api/v1/voices tells when it is `completed`"
    " and can speak.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenCloneVoice",
    operation_class=describing.operation(
        body=CloneRequest,
        example={
            "voice_name": "My Custom Voice",
            "audio_samples": [f"https://example.com/audio/sample{n}.wav" for n in (1, 2, 3)],
            "description": "Professional voice for business presentations",
            "consent": True,
        },
    ),
    responses=describing.answers(VoiceAnswer, "The voice, which is being made.") | MADE_OF_MEDIA,
)
async def clone_voice(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    own_voices: Part[Voices],
    idempotency_key: Key = None,
) -> Response[VoiceAnswer]:
    """Match a voice to samples, or clone it."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, CloneRequest)
    if asked.method == MATCHED and len(asked.audio_samples) < LEAST_MATCHED:
        raise InvalidRequest(
            f"Field 'audio_samples': a voice is matched to {LEAST_MATCHED} samples at least.",
            field="audio_samples",
        )
    voice = await own_voices.begin(
        account_id,
        name=asked.voice_name,
        urls=asked.audio_samples,
        field="audio_samples",
        language=asked.language,
        consent=asked.consent,
        gender=asked.gender,
        description=asked.description,
        key=idempotency_key,
        method=asked.method,
        words=asked.sample_words or (),
    )
    return Response(_own_voice(voice), headers=NO_STORE)


@delete(
    "/voices/{voice_id:str}",
    status_code=204,
    summary="Delete a voice",
    response_description="It is deleted.",
    description="Of the account's own. Videos that were ordered with one that was matched are spoken with it all the"
    " same. Of one that was cloned the samples go as well: a video that waits for it is not made any more, and costs"
    " nothing.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenDeleteVoice",
    operation_class=describing.operation(),
    responses=refusals.described(
        *refusals.KEYS,
        (HTTPStatus.BAD_REQUEST, "The request cannot be read."),
        (HTTPStatus.NOT_FOUND, "The account has no such voice."),
    ),
)
async def delete_voice(
    request: Request[Any, Any, Any], voice_id: FromPath[str], askers: Part[Askers], own_voices: Part[Voices]
) -> None:
    """Delete a voice."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    job = own_job(voice_id)
    if job is None or not await own_voices.delete(account_id, job):
        raise NotListed("voice", voice_id, [own_name(own.id) for own in await own_voices.all(account_id)])


@post(
    "/avatars/create",
    status_code=200,
    summary="Make an avatar of a picture",
    description="Of a picture on the internet, or in the account's library, for some video time, which comes back where"
    " it cannot be made. It is made meanwhile: GET /api/v1/avatars tells when it is `completed` and can speak.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenCreateAvatar",
    operation_class=describing.operation(
        body=AvatarRequest,
        example={
            "name": "My Custom Avatar",
            "image_url": "https://example.com/my_photo.jpg",
            "style": "professional",
            "description": "Avatar based on my personal photo",
        },
    ),
    responses=describing.answers(AvatarAnswer, "The avatar, which is being made.") | MADE_OF_MEDIA,
)
async def create_avatar(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    own_avatars: Part[Avatars],
    library: Part[Library],
    links: Part[Links],
    idempotency_key: Key = None,
) -> Response[AvatarAnswer]:
    """Make an avatar of a picture."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, AvatarRequest)
    check("style", asked.style, STYLES)
    avatar = await own_avatars.begin(
        account_id,
        name=asked.name,
        gender=asked.gender,
        url=asked.image_url,
        field="image_url",
        kind="picture",
        mouths_url=asked.mouths_url,
        key=idempotency_key,
    )
    return Response(await _own_avatar(avatar, library, links, request), headers=NO_STORE)


async def _own_avatar(
    avatar: OwnAvatar, library: Library, links: Links, request: Request[Any, Any, Any]
) -> AvatarAnswer:
    try:
        picture = links.of(request, "media", (await library.find(avatar.medium)).file_name)
    except (MediumNotFound, MediumGone):
        picture = None
    return AvatarAnswer(
        avatar_id=avatar.spoken_as or own_name(avatar.id),
        name=avatar.name,
        gender=avatar.gender,
        style="custom",
        age_range=None,
        ethnicity=None,
        image_url=picture,
        is_custom=True,
        model={"emotions": [NEUTRAL], "warnings": [*avatar.warnings], "progress": avatar.progress},
        status=avatar.state.value,
        failure=avatar.failure if avatar.state is State.FAILED else None,
    )


def _own_voice(voice: OwnVoice) -> VoiceAnswer:
    like = voice.likeness
    measured = (
        {}
        if like is None
        else {
            "pitch_hz": like.pitch_hz,
            "base": like.base,
            "similarity": like.cosine,
            "similarity_unmatched": like.cosine_unmatched,
        }
    )
    if voice.likened is not None:
        measured = {
            "pitch_hz": voice.likened.pitch_hz,
            "sample_s": voice.likened.seconds,
            "similarity": voice.likened.similarity,
        }
    return VoiceAnswer(
        voice_id=own_name(voice.id),
        name=voice.name,
        language=voice.language,
        accent=None,
        gender=voice.gender or "",
        style="custom",
        sample_rate=SAMPLE_RATE,
        is_cloned=voice.method == CLONED,
        characteristics={
            "method": voice.method,
            "status": voice.state.value,
            "progress": voice.progress,
            "failure": voice.failure if voice.state is State.FAILED else None,
            "consent": voice.consent,
            "consented_at": voice.created_at,
            **measured,
        },
    )


def _voice(name: str, voice: Voice) -> VoiceAnswer:
    accent = accent_of(voice)
    kind = {"kokoro": "natural"}.get(voice.engine or "", "fast")
    return VoiceAnswer(
        voice_id=name,
        name=f"{voice.language.upper()} {voice.gender}, {voice.name}",
        language=voice.language,
        accent=accent,
        gender=voice.gender,
        style=kind,
        sample_rate=SAMPLE_RATE,
        is_cloned=False,
        characteristics={"engine": voice.engine, "voice": voice.name},
    )


def _avatar(name: str, avatar: Avatar, links: Links, request: Request[Any, Any, Any]) -> AvatarAnswer:
    look = LOOKS.get(avatar.name)
    shown = NEUTRAL if NEUTRAL in avatar.emotions else avatar.emotions[0]
    recipe = {} if look is None else {"hair_style": look.hair, "clothing": look.clothing}
    return AvatarAnswer(
        avatar_id=name,
        name=avatar.label,
        gender=gender_of(avatar),
        style="professional",
        age_range=age_of(avatar),
        ethnicity=None if look is None else look.ethnicity,
        image_url=links.of(request, "avatars", avatar.name, shown, "portrait.jpg"),
        is_custom=False,
        model={**recipe, "emotions": [*avatar.emotions], "avatar": avatar.name},
    )
