"""What is sent, what comes back, and what to do where nothing does: no input or output here.

Both clients ask and read by these, so that they differ in nothing but in how they wait.
"""

import random
import time
import uuid
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from satspeak.client.errors import Problem, SatspeakError, ServiceRefused, TryLater, Unreachable, refusal
from satspeak.client.models import Options, Payment

T = TypeVar("T")

TIMEOUT = httpx.Timeout(30.0, read=180.0)
"""A render may take longer than any one read; the service itself ends a wait for payment."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0

_PARTIAL, _NOT_SATISFIABLE = 206, 416


class NotConnected(Unreachable):
    """No connection was made: the request did not even leave, and can be sent again whatever it is."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    Attributes:
        repeatable: Sent twice it does no more than once, so that one whose answer was lost can be sent again.
    """

    method: str
    path: str
    json: Any = None
    form: dict[str, str] | None = None
    file: Path | None = None
    params: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    repeatable: bool = True

    def arguments(self) -> dict[str, Any]:
        """Return what httpx takes; a file is opened anew each time."""
        given: dict[str, Any] = {"json": self.json, "data": self.form, "params": self.params}
        if self.file is not None:
            # Read as a whole: an upload has a bound of some megabytes, and the two clients read files alike so.
            given["files"] = {"audio": (self.file.name, self.file.read_bytes(), "audio/wav")}
        return {name: value for name, value in given.items() if value is not None} | {
            "headers": self.headers,
        }


class Patience:
    """For how long one request is tried again, and when.

    Args:
        seconds: From now on; with 0 nothing is tried twice.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE_S

    def pause_after(self, error: SatspeakError, *, repeatable: bool = True) -> float:
        """Tell how long to wait before the next try.

        Raises:
            SatspeakError: That error, if there is to be no other try.
        """
        if isinstance(error, TryLater):
            pause = float(error.retry_after_s or self._pause)  # it said no: nothing was done, whatever it was
        elif isinstance(error, ServiceRefused) or not (repeatable or isinstance(error, NotConnected)):
            raise error
        else:
            pause = random.uniform(self._pause / 2, self._pause)  # noqa: S311 - so that not all come back at once
        if time.monotonic() + pause > self._until:
            raise error
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)
        return pause


class Events:
    """What is told of a payment, as server-sent events (WHATWG HTML, section 9.2), a line at a time.

    Attributes:
        told: How many there were.
    """

    def __init__(self) -> None:
        self.told = 0
        self._last = ""
        self._id = ""
        self._data = ""

    @property
    def headers(self) -> dict[str, str]:
        """What goes on after the last event, over another connection."""
        return {"Last-Event-ID": self._last} if self._last else {}

    def read(self, line: str) -> Payment | None:
        """Read one line; return what it completes, unless that was told before."""
        field, _, value = line.partition(": ")
        if field == "id":
            self._id = value
        elif field == "data":
            self._data = value
        elif not line and self._data:
            data, self._data = self._data, ""
            self.told += 1
            if self._id != self._last:
                self._last = self._id
                return msgspec.json.decode(data, type=Payment)
        return None


def quote_text(text: str, key: str | None, options: dict[str, Options]) -> Request:
    """Price a text."""
    return Request(
        method="POST",
        path="/lightning/request-video/text",
        json={"text": text, **options},
        headers=named(key),
        repeatable=key is not None,
    )


def _written(value: bool | dict[str, Any]) -> str:
    """Write the field of a form."""
    return msgspec.json.encode(value).decode()


def quote_audio(wav: Path, key: str | None, options: dict[str, Options]) -> Request:
    """Price a recording."""
    form = {name: value if isinstance(value, str) else _written(value) for name, value in options.items()}
    return Request(
        method="POST",
        path="/lightning/request-video/audio",
        form=form,
        file=wav,
        headers=named(key),
        repeatable=key is not None,
    )


def delivery(invoice: str, choice: dict[str, str | None], claim_token: str | None) -> Request:
    """Have a paid video made, and read it from its first byte."""
    order = {name: value for name, value in choice.items() if value is not None}
    return Request(
        method="POST",
        path="/lightning/generate-video",
        json={**order, "bolt11_invoice": invoice},
        headers=claiming(claim_token),
    )


def rest(invoice: str, start: int, claim_token: str | None) -> Request:
    """Read a video again, from a byte on where that can be."""
    return Request(
        method="GET",
        path=f"/lightning/video/{invoice}",
        headers={**claiming(claim_token), "Range": f"bytes={start}-"},
    )


def is_part(answer: httpx.Response) -> bool:
    """Whether a video goes on where it was asked to; else it begins anew."""
    return answer.status_code == _PARTIAL


def size_told(answer: httpx.Response) -> int | None:
    """Return how long a video is, if a refused range says so (RFC 9110, section 14.4); else None."""
    told = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return int(told) if answer.status_code == _NOT_SATISFIABLE and told.isdecimal() else None


def new_key(key: str | None, patience_s: float) -> str | None:
    """Name a wish that may be sent more than once."""
    return str(uuid.uuid4()) if key is None and patience_s else key


def named(key: str | None) -> dict[str, str]:
    """Name a wish."""
    return {} if key is None else {"Idempotency-Key": key}


def claiming(token: str | None) -> dict[str, str]:
    """Show a claim token in a header: addresses are kept in histories and logs."""
    return {} if token is None else {"Claim-Token": token}


def decoded(answer: httpx.Response, kind: type[T]) -> T:
    """Read an answer that has come whole.

    Raises:
        ServiceRefused: It is an error.
        Unreachable: It is not from the service.
    """
    try:
        return msgspec.json.decode(accepted(answer), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unreachable(f"{answer.url.host} answers, but not as a satspeak service does.") from error


def accepted(answer: httpx.Response) -> bytes:
    """Return the body of an answer that has come whole.

    Raises:
        ServiceRefused: It is an error.
    """
    if answer.is_success:
        return answer.content
    details: dict[str, Any] | None = None
    try:
        said = msgspec.json.decode(answer.content, type=dict[str, Any])
        details = said.get("details")
        if "error_code" in said:  # what takes a key refuses in the source API's form
            said = {"title": said["error_code"], "detail": said.get("message", "")}
        problem = msgspec.convert(said, Problem)
    except (msgspec.DecodeError, msgspec.ValidationError):  # not the service but something in front of it
        problem = Problem(detail=answer.text[:200] or answer.reason_phrase)
    retry_after = answer.headers.get("Retry-After", "")
    raise refusal(answer.status_code, problem, int(retry_after) if retry_after.isdecimal() else None, details)


def lost(error: httpx.TransportError, url: httpx.URL) -> Unreachable:
    """Say in words what httpx says in types."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return NotConnected(f"Nothing answers at {url}.")
    return Unreachable(f"{url} does not answer as it should: {error!r}.")


def silent(url: httpx.URL) -> Unreachable:
    """Say that an answer had nothing in it."""
    return Unreachable(f"{url} ends its answer at once.")
