"""Who can speak a text."""

from litestar import get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from service.catalogue.choosing import Choosing
from service.catalogue.port import Voice
from service.routes.http import openapi
from service.routes.http.parts import Part

_EXAMPLE = [{"name": "anna", "language": "de", "gender": "female"}]


@get(
    "/voices",
    summary="List voices",
    description="Each speaks one language. A quote or a delivery may name one; where none is named, the renderer"
    " takes one that fits the avatar.",
    tags=["Buying"],
    responses={
        200: ResponseSpec(
            list[Voice],
            generate_examples=False,
            description="The voices that there are now.",
            examples=[Example(value=_EXAMPLE)],
        ),
        **openapi.problems(_503="No renderer says which voices it has. Try again soon."),
    },
)
async def voices(choosing: Part[Choosing]) -> list[Voice]:
    """List voices."""
    return list(await choosing.voices())
