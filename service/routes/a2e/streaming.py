"""`streaming-avatar`: who speaks in a call as they are told to. A channel is a call, by WebRTC where A2E has Agora."""

from datetime import timedelta
from typing import Annotated

from litestar import get, post
from litestar.params import QueryParameter

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.catalogue.choosing import Choosing
from service.errors import InvalidRequest
from service.routes.a2e.catalogue import anchors
from service.routes.a2e.envelope import ok
from service.routes.a2e.names import find_avatar
from service.routes.a2e.records import Answer, AnyRequest
from service.routes.a2e.schemas import Body, Characters
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.sessions.call import Call
from service.sessions.callers import Callers
from service.sessions.calls import Calls, new_number, number_of
from service.sessions.live import Live
from service.studio.avatars import Avatars

LONGEST_TEXT = 5_000

LONGEST_CONTEXT = 20_000

DEFAULT_S = 60
"""For which a token is good, where nobody says."""

LONGEST_S = 366 * 86_400
"""That is counted with; a token ends long before."""


class Room(Body, frozen=True, kw_only=True):
    """`agora-token`."""

    avatar_id: str
    expire_seconds: int | str = DEFAULT_S


class Channel(Body, frozen=True, kw_only=True):
    """A call, by the channel of its token."""

    channel: str | int


class Words(Channel, frozen=True, kw_only=True):
    """`speak`: in place of what is being said, unless that is to go on."""

    text: str
    interrupt: bool = True


class Question(Channel, frozen=True, kw_only=True):
    """`ask`."""

    question: str


class Context(Channel, frozen=True, kw_only=True):
    """`set_qa_context`; clients call it either."""

    qa_context: str | None = None
    context: str | None = None


@get("/streaming-avatar/all_avatars")
async def avatars(
    request: AnyRequest,
    keys: Part[Keys],
    choosing: Part[Choosing],
    links: Part[Links],
    own_avatars: Part[Avatars],
) -> Answer:
    """List who can speak in a call."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    found = await anchors(request, choosing, links, await own_avatars.all(account_id), Characters())
    return ok([{**each, "id": each["_id"]} for each in found])


@post("/streaming-avatar/agora-token", status_code=200)
async def token(
    request: AnyRequest,
    keys: Part[Keys],
    callers: Part[Callers],
    choosing: Part[Choosing],
    own_avatars: Part[Avatars],
    live: Part[Live],
    links: Part[Links],
) -> Answer:
    """Name a channel, and where a page sends its offer to begin it."""
    key = key_of(request)
    account_id = await keys.account(key, Scope.VIDEO)
    asked = await read_json(request, Room, lenient=True)
    longest = timedelta(seconds=_seconds(asked.expire_seconds))
    own = await own_avatars.find(account_id, asked.avatar_id)
    avatar = own.spoken_as if own is not None else None
    if avatar is None:
        avatar = find_avatar(asked.avatar_id, (await choosing.avatars()).values(), field="avatar_id").name
    await live.require_time(account_id)
    link, until = await callers.link(account_id, key, longest=longest)
    channel = str(new_number())
    return ok(
        {
            "channel": channel,
            "token": link,
            "webrtc_url": links.of(request, "offer", token=link, channel=channel, avatar=avatar),
            "expires_at": until,
        }
    )


@post([f"/streaming-avatar/{name}" for name in ("speak", "direct-speak", "talk")], status_code=200)
async def speak(request: AnyRequest, keys: Part[Keys], calls: Part[Calls]) -> Answer:
    """Say something."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Words, lenient=True)
    await _call(calls, account_id, asked).say(_text("text", asked.text), interrupt=asked.interrupt)
    return ok({})


@post([f"/streaming-avatar/{name}" for name in ("ask", "ask_question")], status_code=200)
async def ask(request: AnyRequest, keys: Part[Keys], calls: Part[Calls]) -> Answer:
    """Have a question answered by the operator's chat endpoint; the data has the answer, too."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Question, lenient=True)
    call = _call(calls, account_id, asked)
    question = _text("question", asked.question)
    return ok({"answer": await calls.ask(account_id, call.number, question)})


@post("/streaming-avatar/set_qa_context", status_code=200)
async def set_context(request: AnyRequest, keys: Part[Keys], calls: Part[Calls]) -> Answer:
    """Say what the face is to know when it is asked; as long as the call lasts."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Context, lenient=True)
    context = asked.context if asked.qa_context is None else asked.qa_context
    if context is None:
        raise InvalidRequest("Field 'qa_context' is missing.", field="qa_context")
    if len(context) > LONGEST_CONTEXT:
        raise InvalidRequest(
            f"Field 'qa_context' has at most {LONGEST_CONTEXT:,} characters.", field="qa_context"
        )
    _call(calls, account_id, asked).context = context
    return ok({})


@get("/streaming-avatar/get_qa_context")
async def get_context(
    request: AnyRequest, keys: Part[Keys], calls: Part[Calls], channel: Annotated[str, QueryParameter()]
) -> Answer:
    """Tell what the face is to know."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    context = _call(calls, account_id, Channel(channel=channel)).context
    return ok({"qa_context": context, "context": context})


@post([f"/streaming-avatar/{name}" for name in ("leave", "leave-room", "leave_room")], status_code=200)
async def leave(request: AnyRequest, keys: Part[Keys], calls: Part[Calls]) -> Answer:
    """End the call; what was not shown of the video time set aside is free again when this is answered."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Channel, lenient=True)
    await calls.end(account_id, number_of(asked.channel))
    return ok({})


def _call(calls: Calls, account_id: int, asked: Channel) -> Call:
    return calls.get(account_id, number_of(asked.channel))


def _text(field: str, text: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST_TEXT:
        raise InvalidRequest(f"Field '{field}' has 1 to {LONGEST_TEXT:,} characters.", field=field)
    return text.strip()


def _seconds(said: int | str) -> int:
    try:
        seconds = int(said)
    except ValueError:
        seconds = 0
    if seconds < 1:
        raise InvalidRequest("Field 'expire_seconds' must be a whole number above 0.", field="expire_seconds")
    return min(seconds, LONGEST_S)


HANDLERS = [avatars, token, speak, ask, set_context, get_context, leave]
