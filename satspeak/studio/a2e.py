"""What the pipeline asks of a service, in A2E's shapes: `{code: 0, data}` or `{code, msg}`."""

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Self

import httpx

from satspeak.client.errors import InsufficientCredits, Problem, ServiceRefused, TryLater, Unreachable

ANSWER_S = 90.0
"""A service may take up to a minute to answer: it answers with the picture, and with the speech."""

PAUSE_S = 2.0
"""Between looks at what takes long, and before the same request is sent again that had no answer."""

TRIES = 4
"""Times that a request is sent which gets no answer: each has a key, by which it is done once."""

PAYMENT_REQUIRED = 402
TOO_MANY = 429


class A2E:
    """A service, and the key of an account.

    Args:
        url: Where it is.
        api_key: Whose video time is used.
    """

    def __init__(self, url: str, api_key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, timeout=ANSWER_S, headers={"Authorization": f"Bearer {api_key}"}
        )
        self._plain = httpx.AsyncClient(timeout=ANSWER_S)  # what it makes is read without the key

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        await self._plain.aclose()

    async def get(self, path: str, **query: str) -> Any:
        """Ask for something.

        Raises:
            ServiceRefused: The service says no.
            Unreachable: It says nothing.
        """
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> Any:
        """Have something done; with a key once, however often it is sent. Raises as `get` does."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self._ask("POST", path, json=body, headers=headers)

    async def read(self, url: str) -> bytes:
        """Read what was made, which needs no key. Raises as `get` does."""
        try:
            answer = await self._plain.get(url, follow_redirects=True)
        except httpx.HTTPError as error:
            raise Unreachable(f"{url} cannot be read: {error!r}") from error
        if answer.status_code != httpx.codes.OK:
            raise ServiceRefused(answer.status_code, Problem(detail=f"{url} is not there."))
        return answer.content

    async def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        for _ in range(TRIES - 1):
            with contextlib.suppress(Unreachable):
                return await self._ask_once(method, path, **arguments)
            await asyncio.sleep(PAUSE_S)
        return await self._ask_once(method, path, **arguments)

    async def _ask_once(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            answer = await self._http.request(method, f"/api/v1/{path}", **arguments)
        except httpx.HTTPError as error:
            raise Unreachable(f"{self._http.base_url} does not answer: {error!r}") from error
        try:
            told = answer.json()
        except ValueError:
            told = {}
        if answer.status_code == httpx.codes.OK and isinstance(told, dict) and told.get("code") == 0:
            return told.get("data")
        raise _refusal(answer, told if isinstance(told, dict) else {})


def _refusal(answer: httpx.Response, told: dict[str, Any]) -> Exception:
    """Make an error of an answer."""
    problem = Problem(detail=str(told.get("msg") or answer.reason_phrase))
    wait = answer.headers.get("Retry-After", "")
    wait_s = int(wait) if wait.isdecimal() else None
    details = {name: value for name, value in told.items() if name not in ("code", "msg", "trace_id")}
    if answer.status_code == PAYMENT_REQUIRED and isinstance(told.get("details"), dict):
        return InsufficientCredits(answer.status_code, problem, details=told["details"])
    if answer.status_code == TOO_MANY or answer.is_server_error:
        return TryLater(answer.status_code, problem, wait_s, details=details)
    return ServiceRefused(answer.status_code, problem, wait_s, details=details)
