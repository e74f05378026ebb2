"""By what name a client calls a wish, so that it is one however often it is sent."""

from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import HeaderParameter

Key = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A UUID that names this wish. The same request of the account within a day gets the same answer,"
        " paid once; another request gets 422.",
        examples=[Example(value="8e03978e-40d5-43dd-bc93-6894a57f9324")],
    ),
]
