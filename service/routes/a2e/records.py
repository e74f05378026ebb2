"""What records of A2E have in common."""

from typing import Annotated, Any, TypeVar

from litestar import Request, Response
from litestar.params import HeaderParameter, QueryParameter

from service.errors import OrderNotFound
from service.routes.a2e.envelope import Success
from service.studio.job import State

AnyRequest = Request[Any, Any, Any]

Answer = Response[Success]

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]

Page = Annotated[int, QueryParameter(ge=1, le=1000)]

_STATUS = {
    State.PENDING: "initialized",
    State.PROCESSING: "processing",
    State.COMPLETED: "completed",
    State.FAILED: "failed",
}


T = TypeVar("T")


def owned(found: T | None, record: str) -> T:
    """Return what was found of an account's own under a name.

    Raises:
        OrderNotFound: It was not.
    """
    if found is None:
        raise OrderNotFound(record)
    return found


def status_of(state: State) -> str:
    """Call a state as A2E does."""
    return _STATUS[state]
