"""How what is asked about calls is turned away: one table, in LiveTalking's words and in those of a proxy before it."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from service import errors
from service.routes.http import openapi, problems
from service.routes.http.problems import AnyRequest, Handlers
from service.routes.livetalking.pydantic import Misfits
from service.routes.livetalking.shapes import FAILED, NO_STORE, Result

NOTHING_RECORDED = "No recording found. Make sure you stopped recording before downloading."

HEADERS = {
    **openapi.KEY_HEADERS,
    **{status: {"Retry-After": openapi.RETRY_AFTER} for status in (429, 503)},
}

_NO_KEY = {"WWW-Authenticate": 'Bearer realm="payments"'}

_MISFIT = {
    "type": "string_too_short",
    "loc": ["body", "text"],
    "msg": "String should have at least 1 character",
}

MEANINGS: dict[int, tuple[str, Any]] = {
    400: ("The request cannot be read.", "The request cannot be read."),
    401: (
        "No key, JSON Web Token or link that is good.",
        "A key, or the token of a link, is missing or not valid.",
    ),
    403: (
        "The key is good for other things, or its account has no video time.",
        "This key has no scope 'video:make'.",
    ),
    404: ("There is no such session, or nothing was recorded in it.", NOTHING_RECORDED),
    408: ("The body took too long.", "The body took too long to arrive."),
    413: ("The body is too large.", "The body is too large."),
    416: ("The range lies past the end.", "The range lies past the end."),
    422: ("The body does not fit.", [_MISFIT]),
    429: ("Too many requests: `Retry-After` says when to ask again.", "Too many requests."),
    500: ("Our fault.", "Something went wrong here."),
    503: ("Not now: `Retry-After` says when to ask again.", "Try again soon."),
}
"""What each status means, and what is said with it."""

NO_CREDITS = "The account has no more video time: POST /lightning/top-up buys some."


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: words, or for 422 a list of `{loc, msg, type}`."""

    detail: str | list[dict[str, Any]]


class Refusals:
    """The table in one shape.

    Args:
        shape: What a refusal is documented as.
        body: Makes one of what is said.
        usual: The status of what a request asked for in vain; None: each has its own.
        missing: That of a session that there is not.
    """

    def __init__(
        self, shape: type[Any], body: Callable[[Any], Any], *, usual: int | None = None, missing: int = 404
    ) -> None:
        self._shape = shape
        self._body = body
        own = self._known(None)
        self.handlers: Handlers = {
            **dict.fromkeys(problems.TABLE, self._known(usual)),
            errors.TooManyRequests: own,
            errors.BodyTooLarge: own,
            errors.BodyTooSlow: own,
            errors.RangeNotSatisfiable: own,
            errors.SessionNotFound: lambda _request, error: self._say(missing, str(error)),
            errors.InvalidApiKey: lambda _request, _error: self._say(401, MEANINGS[401][1], _NO_KEY),
            errors.KeyNotAllowed: lambda _request, _error: self._say(403, MEANINGS[403][1]),
            errors.InsufficientCredits: lambda _request, _error: self._say(403, NO_CREDITS),
            Misfits: lambda _request, error: self._say(422, error.errors),
            HTTPException: lambda _request, error: self._say(
                error.status_code, error.detail or "Refused.", dict(error.headers or {})
            ),
            Exception: self._unexpected,
        }

    def described(self, *statuses: int) -> dict[int, ResponseSpec]:
        """Describe these, and those that every request may meet."""
        return {
            status: ResponseSpec(
                self._shape,
                generate_examples=False,
                description=MEANINGS[status][0],
                examples=[Example(value=msgspec.to_builtins(self._body(MEANINGS[status][1])))],
            )
            for status in (*statuses, 400, 401, 403, 429, 500, 503)
        }

    def _known(self, status: int | None) -> Callable[[AnyRequest, Exception], Response[bytes]]:
        def say(_request: AnyRequest, error: Exception) -> Response[bytes]:
            kind, detail = problems.of(error)
            if status is not None:
                return self._say(status, detail)
            return self._say(kind.status, detail, problems.headers_of(error))

        return say

    def _unexpected(self, _request: AnyRequest, error: Exception) -> Response[bytes]:
        problems.log_unexpected(error)
        return self._say(500, MEANINGS[500][1])

    def _say(self, status: int, said: Any, headers: dict[str, str] | None = None) -> Response[bytes]:
        return Response(
            msgspec.json.encode(self._body(said)),
            status_code=status,
            media_type="application/json",
            headers={**NO_STORE, **(headers or {})},
        )


def _failed(said: Any) -> Result:
    return Result(code=FAILED, msg=said)


LIVETALKING = Refusals(Result, _failed, usual=HTTPStatus.OK, missing=HTTPStatus.OK)
"""As LiveTalking does: most of it with status 200."""

NOT_THERE = Refusals(Result, _failed, usual=HTTPStatus.OK)
"""The same where an answer is no JSON."""

PROXY = Refusals(Detail, lambda said: Detail(detail=said))
"""As programs in front of LiveTalking do."""
