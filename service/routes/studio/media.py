"""The library of an account: files in, links out."""

from typing import Annotated, Any

from litestar import HttpMethod, Request, Response, delete, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Method

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.errors import InvalidRequest
from service.routes.http import cursors, openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.http.stored import answer_stored
from service.routes.http.videos import NO_CACHE
from service.routes.studio.receiving import MediaIntake
from service.routes.studio.schemas import FetchRequest, MediumAnswer, Uploaded
from service.studio.library import LONGEST_NAME, Library
from service.studio.media import UPLOADED, Kind, Medium

PAGE, LARGEST_PAGE = 50, 200

NO_STORE = {"Cache-Control": "no-store"}

KINDS = "`picture` (PNG, JPEG, WebP), `speech` (WAV, MP3, Ogg, M4A, WebM), `film` (MP4, MOV, WebM)"

Wanted = Annotated[
    Uploaded | None,
    QueryParameter(
        description=f"What it has to be: {KINDS}. Left out, its bytes decide; an MP4 or a WebM with pictures is a film."
    ),
]
Name = Annotated[str | None, QueryParameter(max_length=LONGEST_NAME, description="What you call it.")]

LOCATION = openapi.header("Its link.", "https://…/media/….png", required=True)


@post(
    "/media",
    summary="Upload a file to the library",
    description=f"For the holder of a key with the scope `media:write`. The body is the file, or a form with one. What"
    f" it is, is told by its bytes: {KINDS}. Whoever has the link in the answer has the file.",
    tags=["Library"],
    security=openapi.KEY_SECURITY,
    operation_id="uploadMedium",
    operation_class=openapi.operation(
        file=True, headers={**openapi.KEY_HEADERS, 201: {"Location": LOCATION}}
    ),
    responses={201: ResponseSpec(MediumAnswer, generate_examples=False, description="The file is kept.")}
    | openapi.key_refusals()
    | openapi.limited_problems(
        *openapi.BODY_REFUSALS,
        types.UNAVAILABLE,
        invalid_request="By its bytes this is not a picture (PNG, JPEG, WebP), whatever its name or its type says.",
    ),
)
async def upload(
    request: Request[Any, Any, Any],
    keys: Part[Keys],
    library: Part[Library],
    media_intake: Part[MediaIntake],
    links: Part[Links],
    kind: Wanted = None,
    name: Name = None,
) -> Response[MediumAnswer]:
    """Upload a file to the library."""
    wanted = UPLOADED if kind is None else (Kind(kind),)
    with media_intake.admit(request, wanted) as size:
        account_id = await keys.account(key_of(request), Scope.MEDIA)
        await library.check_room(account_id, size)
        async with media_intake.receive(request, wanted) as arrived:
            medium = await library.keep(account_id, arrived, name=_sane(name))
    url = link_of(medium, request, links)
    return Response(MediumAnswer.of(medium, url), status_code=201, headers={**NO_STORE, "Location": url})


@post(
    "/media/fetch",
    status_code=200,
    summary="Have the library fetch a file",
    description="For the holder of a key with the scope `media:write`. Of a host on the internet, within five minutes,"
    " or where `kind` is named half a minute for a picture and a minute for speech; what stands in a library already is"
    " not kept twice.",
    tags=["Library"],
    security=openapi.KEY_SECURITY,
    operation_id="fetchMedium",
    operation_class=openapi.operation(
        body=FetchRequest, example={"url": "https://example.org/face.jpg"}, headers=openapi.KEY_HEADERS
    ),
    responses=openapi.key_refusals()
    | openapi.limited_problems(
        *openapi.BODY_REFUSALS,
        types.MEDIUM_NOT_FOUND,
        types.MEDIUM_GONE,
        types.UNAVAILABLE,
        invalid_request="Field 'url' was answered with 404.",
    ),
)
async def fetch(
    request: Request[Any, Any, Any], keys: Part[Keys], library: Part[Library], links: Part[Links]
) -> Response[MediumAnswer]:
    """Have the library fetch a file."""
    account_id = await keys.account(key_of(request), Scope.MEDIA)
    asked = await read_json(request, FetchRequest)
    wanted = UPLOADED if asked.kind is None else (Kind(asked.kind),)
    medium = await library.bring(account_id, asked.url, wanted=wanted, field="url", name=asked.name)
    return Response(MediumAnswer.of(medium, link_of(medium, request, links)), headers=NO_STORE)


@get(
    "/media",
    summary="List the files of a library",
    description="For the holder of a key with the scope `media:write`. The newest first; the header `Link` with"
    " `rel=next` leads to older ones.",
    tags=["Library"],
    security=openapi.KEY_SECURITY,
    operation_id="listMedia",
    operation_class=openapi.operation(headers={**openapi.KEY_HEADERS, 200: {"Link": openapi.LINK}}),
    responses=openapi.key_refusals()
    | openapi.limited_problems(
        types.INVALID_REQUEST, types.UNAVAILABLE, invalid_request="Parameter 'limit': Expected `int` >= 1."
    ),
)
async def list_media(
    request: Request[Any, Any, Any],
    keys: Part[Keys],
    library: Part[Library],
    links: Part[Links],
    kind: Annotated[Kind | None, QueryParameter(description="Only these.")] = None,
    limit: Annotated[
        int, QueryParameter(ge=1, le=LARGEST_PAGE, description="Most files in the answer.")
    ] = PAGE,
    cursor: cursors.Cursor = None,
) -> Response[list[MediumAnswer]]:
    """List the files of a library."""
    account_id = await keys.account(key_of(request), Scope.MEDIA)
    page = await library.page(
        account_id,
        kind=kind,
        before_id=None if cursor is None else cursors.read(cursor),
        limit=limit,
    )
    headers = dict(NO_STORE)
    if len(page) == limit and page[-1].id > 1:
        headers["Link"] = cursors.link(request, page[-1].id)
    return Response(
        [MediumAnswer.of(medium, link_of(medium, request, links)) for medium in page], headers=headers
    )


def _operation(_handler: HTTPRouteHandler, method: Method, _path: object) -> str:
    return "headMedium" if method == HttpMethod.HEAD else "getMedium"


@route(
    "/media/{name:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Read a file of a library",
    description="Needs no key: its link is the secret. Takes Range, If-Range and If-None-Match.",
    tags=["Library"],
    operation_id=_operation,
    operation_class=openapi.operation(
        headers={
            200: openapi.VIDEO_HEADERS | {"ETag": openapi.ETAG},
            206: openapi.VIDEO_HEADERS | {"ETag": openapi.ETAG, "Content-Range": openapi.CONTENT_RANGE},
            304: {"ETag": openapi.ETAG},
            416: {"Content-Range": openapi.CONTENT_RANGE},
        }
    ),
    responses=openapi.file(parts=True)
    | openapi.limited_problems(
        types.INVALID_REQUEST,
        types.MEDIUM_NOT_FOUND,
        types.MEDIUM_GONE,
        types.RANGE_NOT_SATISFIABLE,
        types.UNAVAILABLE,
    ),
)
async def medium(request: Request[Any, Any, Any], name: FromPath[str], library: Part[Library]) -> ASGIApp:
    """Read a file of a library."""
    return read(request, library, await library.find(_token(name)))


@delete(
    "/media/{name:str}",
    summary="Delete a file of a library",
    description="For the holder of a key with the scope `media:write`. Its link leads nowhere from now on.",
    tags=["Library"],
    security=openapi.KEY_SECURITY,
    operation_id="deleteMedium",
    operation_class=openapi.operation(headers=openapi.KEY_HEADERS),
    responses={204: ResponseSpec(None, generate_examples=False, description="It is deleted.")}
    | openapi.key_refusals()
    | openapi.limited_problems(types.INVALID_REQUEST, types.MEDIUM_NOT_FOUND, types.UNAVAILABLE),
)
async def delete_medium(
    request: Request[Any, Any, Any], name: FromPath[str], keys: Part[Keys], library: Part[Library]
) -> None:
    """Delete a file of a library."""
    account_id = await keys.account(key_of(request), Scope.MEDIA)
    await library.delete(account_id, _token(name))


def read(request: Request[Any, Any, Any], library: Library, found: Medium) -> ASGIResponse:
    """Answer with the bytes of a medium."""
    return answer_stored(
        request,
        lambda span: library.read(found, span.start, span.stop),
        found.size,
        etag=f'"{found.digest.hex()[:32]}"',
        headers={
            **NO_CACHE,
            "Content-Disposition": f'inline; filename="{found.file_name}"',
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
        media_type=found.mime,
    )


def link_of(found: Medium, request: Request[Any, Any, Any], links: Links) -> str:
    """Make the link of a medium."""
    return links.of(request, "media", found.file_name)


def _token(name: str) -> str:
    return name.partition(".")[0]


def _sane(name: str | None) -> str | None:
    if name and "\0" in name:  # PostgreSQL keeps none
        raise InvalidRequest("Parameter 'name' has a character of code 0 in it. Leave it out.", field="name")
    return name
