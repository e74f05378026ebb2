"""`/livekit/…`: a face in a LiveKit room, for an agent that speaks by it. `docs/live.md` tells of it."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, post
from litestar.params import FromPath
from msgspec import Meta

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.errors import InvalidRequest, SessionNotFound
from service.orders.choice import Choice
from service.routes.avatartalk import refusals
from service.routes.avatartalk.schemas import AVATARS, EMOTIONS
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.sessions.places import Room
from service.sessions.rooms import Rooms
from service.sessions.session import Wish

NO_STORE = {"Cache-Control": "no-store"}

EXAMPLE = {
    "room_name": "my-meeting-room",
    "room_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhdmF0YXIifQ.c2lnbmF0dXJl",
    "listener_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsaXN0ZW5lciJ9.c2lnbmF0dXJl",
    "livekit_url": "wss://livekit.example.com",
    "avatar": "european_woman",
    "emotion": "neutral",
}


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A face in a room, please. Fields that are not known are passed over."""

    room_token: Annotated[str, Meta(description="Token by which the avatar joins. It names the room.")]
    listener_token: Annotated[
        str, Meta(description="Token by which it listens to the agent: identity `listener`.")
    ]
    avatar: Annotated[str, Meta(description="Who speaks; GET /avatars lists them.")]
    livekit_url: Annotated[str, Meta(description="`wss://` URL of the LiveKit server, on the internet.")] = ""
    emotion: Annotated[str, Meta(description="How it looks.")] = "neutral"
    room_name: Annotated[str, Meta(description="The room, as the tokens name it; not read.")] = ""
    agent_identity: Annotated[
        str | None,
        Meta(
            description="Whose speech it listens to; else whom `lk.publish_on_behalf` in the token names, else the"
            " first agent in the room."
        ),
    ] = None

    @property
    def wish(self) -> Wish:
        """How the session is to be, by the names that we have for it."""
        if not self.avatar:
            raise InvalidRequest("Field 'avatar' is empty: GET /avatars lists who there is.", field="avatar")
        emotion = self.emotion or "neutral"
        choice = Choice(avatar=AVATARS.get(self.avatar, self.avatar), emotion=EMOTIONS.get(emotion, emotion))
        return Wish(choice=choice, audio=True, output="livekit")

    @property
    def room(self) -> Room:
        """Where it is to be."""
        return Room(
            url=self.livekit_url,
            token=self.room_token,
            listener_token=self.listener_token,
            agent=self.agent_identity or None,
        )


class SessionBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is shown in its room."""

    task_id: Annotated[str, Meta(description="By which it is ended.")]


class SessionEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is over."""

    status: str


@post(
    "/livekit/create-session",
    status_code=200,
    summary="Show a face in a LiveKit room",
    description="For the holder of a key with the scope `video:make`: the avatar joins the room and speaks what an"
    " agent of livekit-agents 1.x sends it. Answers once its pictures are published. It costs video time for as long"
    " as it is there, at rest as well; it ends when it is deleted, when the avatar is removed or the room closed, when"
    " nobody was there or nothing was said for some minutes, and with its tokens or the video time.",
    tags=["Accounts"],
    security=openapi.KEY_SECURITY,
    operation_id="createLiveKitSession",
    operation_class=openapi.operation(
        body=SessionRequest, example=EXAMPLE, headers={**openapi.KEY_HEADERS, **refusals.RETRIED}
    ),
    exception_handlers=refusals.HANDLERS,
    responses=refusals.described(
        types.INVALID_REQUEST,
        types.RENDER_REFUSED,
        types.INVALID_API_KEY,
        types.INSUFFICIENT_CREDITS,
        types.INSUFFICIENT_SCOPE,
        types.CONTENT_REFUSED,
        types.BODY_TOO_SLOW,
        types.BODY_TOO_LARGE,
        types.INTERNAL_ERROR,
        types.RENDERER_BUSY,
        types.RENDERER_UNAVAILABLE,
        types.RESTARTING,
        types.UNAVAILABLE,
    ),
)
async def create_session(
    request: Request[Any, Any, Any], keys: Part[Keys], rooms: Part[Rooms]
) -> Response[SessionBegun]:
    """Show a face in a LiveKit room."""
    holder = await keys.of_account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, SessionRequest, lenient=True)
    session_id = await rooms.create(holder.account_id, asked.wish, asked.room, key_id=holder.key_id)
    return Response(SessionBegun(task_id=session_id), headers=NO_STORE)


@delete(
    "/livekit/delete-session/{task_id:str}",
    status_code=200,
    summary="End a face in a LiveKit room",
    description="For the holder of a key of its account. What it has cost is settled when this is answered.",
    tags=["Accounts"],
    security=openapi.KEY_SECURITY,
    operation_id="deleteLiveKitSession",
    operation_class=openapi.operation(headers={**openapi.KEY_HEADERS, **refusals.RETRIED}),
    exception_handlers=refusals.HANDLERS,
    responses=refusals.described(
        types.INVALID_REQUEST,
        types.INVALID_API_KEY,
        types.INSUFFICIENT_SCOPE,
        types.INTERNAL_ERROR,
        types.UNAVAILABLE,
    )
    | refusals.missing(not_found="The account has no such session, or it is over."),
)
async def delete_session(
    request: Request[Any, Any, Any], task_id: FromPath[str], keys: Part[Keys], rooms: Part[Rooms]
) -> Response[SessionEnded]:
    """End a face in a LiveKit room."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    if not await rooms.end(account_id, task_id):
        raise SessionNotFound(f"Task {task_id} not found")
    return Response(SessionEnded(status=f"Task {task_id} deleted successfully"), headers=NO_STORE)
