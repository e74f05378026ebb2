"""What A2E has and this service has not: in one place, each with its reason."""

from http import HTTPStatus
from typing import Any

from litestar import HttpMethod, Request, route

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.routes.a2e.envelope import NotHere
from service.routes.http.keys import key_of
from service.routes.http.parts import Part

NEVER = {
    "userFaceSwapTask": "Faces are not swapped here: there is no network for it whose weights may be used.",
    "userFaceSwapImage": "Faces are not swapped here: there is no network for it whose weights may be used.",
    "userFaceSwapPreview": "Faces are not swapped here: there is no network for it whose weights may be used.",
    "userImage2Video": "Pictures do not become films of a prompt here: no engine without a large GPU makes them.",
    "userCaptionRemoval": "Captions are not removed from films here: there is no engine for it.",
    "userDubbing": "Films are not dubbed here: that takes an engine that transcribes speech.",
}
"""By the first part of the path."""

METHODS = [HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE]


def _paths(first: dict[str, str]) -> list[str]:
    return [path for name in first for path in (f"/{name}", f"/{name}/{{rest:path}}")]


def _reason(request: Request[Any, Any, Any], known: dict[str, str]) -> str:
    place = request.url.path.partition("/api/v1/")[2]
    return next(reason for name, reason in known.items() if place == name or place.startswith(f"{name}/"))


@route(_paths(NEVER), http_method=METHODS)
async def never(request: Request[Any, Any, Any], keys: Part[Keys]) -> None:
    """Say why it is not to be had."""
    await keys.account(key_of(request), Scope.VIDEO)
    raise NotHere(HTTPStatus.NOT_IMPLEMENTED, _reason(request, NEVER))


HANDLERS = [never]
