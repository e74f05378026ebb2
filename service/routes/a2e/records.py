"""What records of A2E have in common."""

from typing import Annotated, Any

from litestar import Request, Response
from litestar.params import HeaderParameter, QueryParameter

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


def status_of(state: State) -> str:
    """Call a state as A2E does."""
    return _STATUS[state]
