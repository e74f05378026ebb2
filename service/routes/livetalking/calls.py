"""`/offer`, `/human` and the others: a call, as LiveTalking's clients make one. `docs/webrtc.md` tells of it."""

from typing import Any

import msgspec
from litestar import Request, Response, post

from service.errors import InvalidRequest
from service.routes.http import openapi
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.routes.http.uploads import Spool
from service.routes.livetalking import shapes
from service.routes.livetalking.refusals import HEADERS, LIVETALKING
from service.routes.livetalking.shapes import (
    NO_STORE,
    Answered,
    Offer,
    OfSession,
    RecordingWish,
    Result,
    Said,
)
from service.sessions.callers import Callers
from service.sessions.calls import Calls, number_of

AnyRequest = Request[Any, Any, Any]

TAGS = ["Live"]

LONGEST_TEXT = 5_000


async def admitted(request: AnyRequest, callers: Callers) -> int:
    """Tell whose account a request is of, before anything of it is read."""
    return await callers.account(key_of(request), shapes.shown(request))


@post(
    "/offer",
    status_code=200,
    summary="See a face by WebRTC",
    description="LiveTalking's contract, for the holder of a key with the scope `video:make`, or of a link that"
    " `GET /api/v1/avatar/session` made. Answers the offer with all candidates; what cannot be is `code` -1. It costs"
    " video time for as long as something is sent, at rest as well, and ends ten seconds after the viewer is gone.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="offerCall",
    operation_class=openapi.operation(
        body=Offer,
        example={"sdp": "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n…", "type": "offer", "avatar": "european_woman"},
        headers=HEADERS,
    ),
    exception_handlers=LIVETALKING.handlers,
    responses=LIVETALKING.described(408, 413),
)
async def offer(request: AnyRequest, callers: Part[Callers], calls: Part[Calls]) -> Response[Answered]:
    """See a face by WebRTC."""
    caller = await callers.admit(key_of(request), shapes.shown(request))
    asked = await read_json(request, Offer, lenient=True)
    if asked.type != "offer":
        raise InvalidRequest("Field 'type' must be 'offer'.", field="type")
    place = request.query_params
    choice, number = asked.choice, None
    if shapes.shown(request) is not None and "channel" in place:  # a link that names the call
        number = number_of(place["channel"])
        choice = msgspec.structs.replace(choice, avatar=choice.avatar or place.get("avatar"))
    call, sdp = await calls.open(caller, choice, asked.sdp, number=number)
    return Response(Answered(sdp=sdp, type="answer", sessionid=call.number), headers=NO_STORE)


@post(
    "/human",
    status_code=200,
    summary="Say something in a call",
    description="Answered once it is on its way. `interrupt` drops what is being said and what waits. `type` `chat` has"
    " the text answered by the operator's chat endpoint, in place of what is being said; it costs what a script does.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="sayInCall",
    operation_class=openapi.operation(
        body=Said,
        example={"sessionid": 4503599627370495, "text": "Hello!", "type": "echo", "interrupt": True},
        headers=HEADERS,
    ),
    exception_handlers=LIVETALKING.handlers,
    responses=LIVETALKING.described(408, 413),
)
async def human(request: AnyRequest, callers: Part[Callers], calls: Part[Calls]) -> Response[Result]:
    """Say something in a call."""
    account_id = await admitted(request, callers)
    asked = await read_json(request, Said, lenient=True)
    call = calls.get(account_id, number_of(asked.sessionid))
    if asked.type not in ("echo", "chat"):
        raise InvalidRequest("Field 'type' must be 'echo' or 'chat'.", field="type")
    text = asked.text.strip()
    if not text and not asked.interrupt:
        raise InvalidRequest("Field 'text' is empty.", field="text")
    if len(text) > LONGEST_TEXT:
        raise InvalidRequest(f"Field 'text' has more than {LONGEST_TEXT} characters.", field="text")
    if text and asked.type == "chat":
        await calls.ask(account_id, call.number, text)
    elif text:
        await call.say(text, interrupt=asked.interrupt)
    else:
        await call.interrupt()
    return Response(Result(), headers=NO_STORE)


@post(
    "/humanaudio",
    status_code=200,
    summary="Have a recording spoken in a call",
    description="A form with `sessionid` and a file: WAV, WebM, Ogg, or an MP4 in fragments.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="playInCall",
    operation_class=openapi.operation(form=OfSession, headers=HEADERS),
    exception_handlers=LIVETALKING.handlers,
    responses=LIVETALKING.described(408, 413),
)
async def human_audio(
    request: AnyRequest, callers: Part[Callers], calls: Part[Calls], spool: Part[Spool]
) -> Response[Result]:
    """Have a recording spoken in a call."""
    account_id = await admitted(request, callers)
    async with spool.receive(request, OfSession) as (file, asked):
        call = calls.get(account_id, number_of(asked.sessionid))
        await call.play(file)
    return Response(Result(), headers=NO_STORE)


@post(
    "/interrupt_talk",
    status_code=200,
    summary="Interrupt what is said in a call",
    description="Nothing more is heard of it, nor of what waits.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="interruptCall",
    operation_class=openapi.operation(
        body=OfSession, example={"sessionid": 4503599627370495}, headers=HEADERS
    ),
    exception_handlers=LIVETALKING.handlers,
    responses=LIVETALKING.described(408, 413),
)
async def interrupt_talk(request: AnyRequest, callers: Part[Callers], calls: Part[Calls]) -> Response[Result]:
    """Interrupt what is said in a call."""
    account_id = await admitted(request, callers)
    asked = await read_json(request, OfSession, lenient=True)
    await calls.get(account_id, number_of(asked.sessionid)).interrupt()
    return Response(Result(), headers=NO_STORE)


@post(
    "/is_speaking",
    status_code=200,
    summary="Ask whether a face speaks",
    description="`data` tells it.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="askWhetherCallSpeaks",
    operation_class=openapi.operation(
        body=OfSession, example={"sessionid": 4503599627370495}, headers=HEADERS
    ),
    exception_handlers=LIVETALKING.handlers,
    responses=LIVETALKING.described(408, 413),
)
async def is_speaking(request: AnyRequest, callers: Part[Callers], calls: Part[Calls]) -> Response[Result]:
    """Ask whether a face speaks."""
    account_id = await admitted(request, callers)
    asked = await read_json(request, OfSession, lenient=True)
    call = calls.get(account_id, number_of(asked.sessionid))
    return Response(Result(data=call.speaks), headers=NO_STORE)


@post(
    "/record",
    status_code=200,
    summary="Record a call",
    description="What is sent is recorded, with nothing coded anew. `end_record` is answered once the recording is"
    " kept.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="recordCall",
    operation_class=openapi.operation(
        body=RecordingWish,
        example={"sessionid": 4503599627370495, "type": "start_record"},
        headers=HEADERS,
    ),
    exception_handlers=LIVETALKING.handlers,
    responses=LIVETALKING.described(408, 413),
)
async def record(request: AnyRequest, callers: Part[Callers], calls: Part[Calls]) -> Response[Result]:
    """Record a call."""
    account_id = await admitted(request, callers)
    asked = await read_json(request, RecordingWish, lenient=True)
    call = calls.get(account_id, number_of(asked.sessionid))
    match asked.type:
        case "start_record":
            call.record()
        case "end_record":
            if not await call.stop_recording():
                raise InvalidRequest("Nothing is being recorded.")
        case _:
            raise InvalidRequest("Field 'type' must be 'start_record' or 'end_record'.", field="type")
    return Response(Result(), headers=NO_STORE)


HANDLERS = (human, interrupt_talk, is_speaking, record)
"""Those that take little and last no longer than they need."""
