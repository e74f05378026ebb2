"""`userVoice`: voices of an account, matched to samples or cloned. What A2E calls training is either here."""

from typing import Any

from litestar import delete, get, post
from litestar.params import FromPath

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.errors import OrderNotFound
from service.routes.a2e.envelope import ok
from service.routes.a2e.making import Voicing
from service.routes.a2e.records import Answer, AnyRequest, IdempotencyKey, owned, status_of
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.studio.avatars import Avatars
from service.studio.job import State
from service.studio.library import Library
from service.studio.media import Kind
from service.studio.voice import OwnVoice
from service.studio.voices import Voices


@post(["/userVoice/training", "/userVoice/startTraining"], status_code=200)
async def train(
    request: AnyRequest, keys: Part[Keys], own_voices: Part[Voices], idempotency_key: IdempotencyKey = None
) -> Answer:
    """Make a voice of samples."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Voicing, lenient=True)
    field, urls = asked.samples
    voice = await own_voices.begin(
        account_id,
        name=asked.name or "",
        urls=urls,
        field=field,
        language=asked.spoken,
        consent=asked.consent,
        gender=asked.of_gender,
        kinds=(Kind.SPEECH, Kind.FILM),
        key=idempotency_key,
        method=asked.made,
        words=asked.words,
    )
    return ok(_told(voice))


@post("/userVideoTwin/cloneVoice", status_code=200)
async def of_twin(
    request: AnyRequest,
    keys: Part[Keys],
    own_avatars: Part[Avatars],
    own_voices: Part[Voices],
    library: Part[Library],
    idempotency_key: IdempotencyKey = None,
) -> Answer:
    """Make a voice of that of the film which an avatar was made of."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Voicing, lenient=True)
    avatar = owned(await own_avatars.find(account_id, asked.id or ""), asked.id or "")
    film = await library.find(avatar.medium)
    voice = await own_voices.begin(
        account_id,
        name=asked.name or avatar.name,
        urls=[f"/media/{film.file_name}"],
        field="_id",
        language=asked.spoken,
        consent=asked.consent,
        kinds=(Kind.FILM,),
        key=idempotency_key,
        method=asked.made,
        words=asked.words,
    )
    return ok(_told(voice))


@get("/userVoice/completedRecord")
async def completed(request: AnyRequest, keys: Part[Keys], own_voices: Part[Voices]) -> Answer:
    """List the voices of an account that can speak, the newest first."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    found = await own_voices.all(account_id)
    return ok([_told(voice) for voice in found if voice.state is State.COMPLETED])


@get("/userVoice/processingRecord")
async def in_work(request: AnyRequest, keys: Part[Keys], own_voices: Part[Voices]) -> Answer:
    """List the voices of an account that are being matched."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    return ok([_told(voice) for voice in await own_voices.all(account_id) if not voice.state.final])


@get("/userVoice/{record:str}")
async def voice_of(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], own_voices: Part[Voices]
) -> Answer:
    """Tell how far a voice is."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    return ok(_told(owned(await own_voices.find(account_id, record), record)))


@delete("/userVoice/{record:str}", status_code=200)
async def delete_voice(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], own_voices: Part[Voices]
) -> Answer:
    """Delete a voice; one that is not matched yet costs nothing."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    if not await own_voices.delete(account_id, record):
        raise OrderNotFound(record)
    return ok({"_id": record})


def _told(voice: OwnVoice) -> dict[str, Any]:
    told: dict[str, Any] = {
        "_id": voice.id,
        "name": voice.name,
        "language": voice.language,
        "current_status": status_of(voice.state),
        "process": voice.progress,
        "method": voice.method,
        "consent": voice.consent,
        "consentedAt": voice.created_at,
        "createdAt": voice.created_at,
    }
    if voice.gender is not None:
        told["gender"] = voice.gender
    if voice.likeness is not None:
        told["similarity"] = voice.likeness.cosine
    elif voice.likened is not None:
        told["similarity"] = voice.likened.similarity
    if voice.failure:
        told["failed_message"] = voice.failure
    return told


HANDLERS = [train, of_twin, completed, in_work, voice_of, delete_voice]
