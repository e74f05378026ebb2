"""Speech, and videos of it."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath, QueryParameter
from litestar.types import ASGIApp

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.catalogue.choosing import Choosing
from service.catalogue.own import own_job
from service.catalogue.port import Voice
from service.errors import InvalidRequest, OrderNotFound
from service.orders.choice import Choice
from service.orders.video import VideoState
from service.routes.a2e.envelope import ok
from service.routes.a2e.names import find_avatar, find_voice, new_record, public_id, record_id
from service.routes.a2e.records import Answer, AnyRequest, IdempotencyKey
from service.routes.a2e.schemas import Generation, Named, Speech, speed_of
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.http.waiting import unless_gone
from service.studio.avatars import EMOTION, Avatars
from service.studio.films import Film, Films
from service.studio.library import Library
from service.studio.media import Kind
from service.studio.speaking import Speaking
from service.studio.voices import Voices

MOST_CHARS = 1000
"""Of `send_tts`, as A2E has it."""

LONGEST_WAIT = timedelta(seconds=45)
"""For which `awsResult` waits: scripts ask once, with a timeout of a minute."""

NEUTRAL = "neutral"


@post("/video/send_tts", status_code=200)
async def send_tts(
    request: AnyRequest,
    keys: Part[Keys],
    choosing: Part[Choosing],
    own_voices: Part[Voices],
    speaking: Part[Speaking],
    links: Part[Links],
    idempotency_key: IdempotencyKey = None,
) -> ASGIApp:
    """Speak a text; the data is the link of the file."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Speech, lenient=True)
    speed = speed_of(asked.speechRate)
    if len(asked.msg) > MOST_CHARS:
        raise InvalidRequest(f"'msg' has more than {MOST_CHARS:,} characters.", field="msg")
    voice = await _voice(asked, account_id, choosing, own_voices)
    medium = await unless_gone(
        request.receive, speaking.say(account_id, asked.msg, voice, speed=speed, key=idempotency_key)
    )
    url = None if medium is None else links.of(request, "media", medium.file_name)
    return ok(url).to_asgi_response(None, request)


@post("/video/generate", status_code=200)
async def generate(
    request: AnyRequest,
    keys: Part[Keys],
    choosing: Part[Choosing],
    library: Part[Library],
    films: Part[Films],
    own_avatars: Part[Avatars],
    own_voices: Part[Voices],
    idempotency_key: IdempotencyKey = None,
) -> Answer:
    """Have a video made of an anchor that says something."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Generation, lenient=True)
    stage = asked.stage()
    if (asked.audioSrc is None) == (asked.msg is None):
        raise InvalidRequest("Name either 'audioSrc', or 'msg' with 'tts_id'.", field="audioSrc")
    own = await own_avatars.find(account_id, asked.anchor_id)
    if own is not None and own.spoken_as is not None:
        look = Choice(avatar=own.spoken_as, emotion=EMOTION)
    else:
        avatar = find_avatar(asked.anchor_id, (await choosing.avatars()).values())
        emotion = NEUTRAL if NEUTRAL in avatar.emotions else avatar.emotions[0]
        look = Choice(avatar=avatar.name, emotion=emotion)
    choice, record = look, new_record()
    if asked.msg is not None:
        voice = await _voice(asked, account_id, choosing, own_voices)
        choice = msgspec.structs.replace(choice, language=voice.language, voice=voice.name)
        order = await films.of_text(
            account_id, asked.msg, choice, public_id=record, key=idempotency_key, stage=stage
        )
    else:
        medium = await library.bring(
            account_id, asked.audioSrc or "", wanted=(Kind.SPEECH,), field="audioSrc"
        )
        order = await films.of_recording(
            account_id, medium, choice, public_id=record, key=idempotency_key, stage=stage
        )
    return ok({"_id": record_id(order.public_id or ""), "title": asked.title, "status": "init"})


@post("/video/awsResult", status_code=200)
async def result(request: AnyRequest, keys: Part[Keys], films: Part[Films], links: Part[Links]) -> ASGIApp:
    """Tell how far a video is, once it is over or soon."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Named, lenient=True)
    return await _result(request, account_id, asked.id, films, links)


@get("/video/awsResult")
async def result_by_get(
    request: AnyRequest,
    keys: Part[Keys],
    films: Part[Films],
    links: Part[Links],
    record: Annotated[str, QueryParameter(name="_id")],
) -> ASGIApp:
    """Tell how far a video is, for clients that ask by GET."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    return await _result(request, account_id, record, films, links)


async def _result(request: AnyRequest, account_id: int, record: str, films: Films, links: Links) -> ASGIApp:
    film = await _find(films, account_id, record)
    ended = await unless_gone(request.receive, films.ended(film, longest=LONGEST_WAIT))
    told = [] if ended is None else [_told(request, links, ended)]
    return ok(told).to_asgi_response(None, request)


@get("/video/allRecords")
async def records(request: AnyRequest, keys: Part[Keys], films: Part[Films], links: Part[Links]) -> Answer:
    """List the newest videos of an account that were made by this API."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    found = [_told(request, links, film) for film in await films.of_account(account_id)]
    listed = [each for each in found if each["_id"] is not None]
    return ok({"list": listed, "total": len(listed)})


@delete("/video/{record:str}", status_code=200)
async def delete_video(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], films: Part[Films]
) -> Answer:
    """Delete a video, or have it made no further: then it costs nothing."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    await films.delete(await _find(films, account_id, record))
    return ok({"_id": record})


async def _find(films: Films, account_id: int, record: str) -> Film:
    film = await films.find(account_id, public_id(record))
    if film.state is VideoState.DELETED or record_id(film.order.public_id or "") != record:
        raise OrderNotFound(record)
    return film


def _told(request: AnyRequest, links: Links, film: Film) -> dict[str, Any]:
    public = film.order.public_id or ""
    status = {VideoState.READY: "success", VideoState.FAILED: "failed"}.get(film.state)
    told = {
        "_id": record_id(public),
        "status": status or ("process" if film.percent else "init"),
        "process": film.percent,
        "result": links.of(request, "inference", public, "video.mp4") if status == "success" else "",
        "duration": film.order.wish.duration_ms / 1000,
        "createdAt": film.order.created_at,
    }
    if status == "failed":
        reason = None if film.video is None else film.video.failure
        told["failed_message"] = reason or "The video could not be made. It has cost nothing."
    return told


async def _voice(
    asked: Speech | Generation, account_id: int, choosing: Choosing, own_voices: Voices
) -> Voice:
    """Find who speaks: a voice of ours, or one of the account's.

    Raises:
        InvalidRequest: Nobody is named, or there is no such voice that can speak.
    """
    own = await own_voices.find(account_id, own_job(asked.tts_id) or asked.tts_id) if asked.tts_id else None
    if asked.tts_id and own is None:
        return find_voice(asked.tts_id, await choosing.voices())
    if own is None and not asked.user_voice_id:
        raise InvalidRequest(
            "Field 'tts_id' is missing: GET anchor/voice_list lists the voices.", field="tts_id"
        )
    own = own or await own_voices.find(account_id, asked.user_voice_id or "")
    if own is None or own.spoken_as is None or own.gender is None:
        raise InvalidRequest(
            "There is no voice with this 'user_voice_id' that can speak: GET userVoice/completedRecord lists them.",
            field="user_voice_id",
        )
    return Voice(name=own.spoken_as, language=own.language, gender=own.gender)


HANDLERS = [send_tts, generate, result, result_by_get, records, delete_video]
