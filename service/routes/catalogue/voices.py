"""Who can speak a text."""

from typing import Annotated, Any, Self
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import Meta

from service.catalogue.choosing import Choosing
from service.catalogue.port import Voice
from service.routes.catalogue.avatars import NO_CACHE
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.conditions import cacheable_json
from service.routes.http.parts import Part

_EXAMPLE = [{"name": "anna", "language": "de", "gender": "female", "sample_url": "/voices/anna/sample.m4a"}]


class VoiceAnswer(Voice, frozen=True, kw_only=True, omit_defaults=True):
    """A voice, and where it can be heard."""

    sample_url: Annotated[str, Meta(description="Some seconds of it, an M4A: `GET` it from this service.")]

    @classmethod
    def of(cls, voice: Voice) -> Self:
        """Translate."""
        sample_url = f"/voices/{quote(voice.name, safe='')}/sample.m4a"
        return cls(**msgspec.structs.asdict(voice), sample_url=sample_url)


@get(
    "/voices",
    summary="List voices",
    description="Each speaks one language. A quote or a delivery may name one; where none is named, the renderer"
    " takes one that fits the avatar. `sample_url` lets it be heard.",
    tags=["Buying"],
    operation_id="listVoices",
    operation_class=openapi.operation(
        limited=False, headers={200: {"ETag": openapi.ETAG}, 304: {"ETag": openapi.ETAG}}
    ),
    responses={
        200: ResponseSpec(
            list[VoiceAnswer],
            generate_examples=False,
            description="The voices that there are now.",
            examples=[Example(value=_EXAMPLE)],
        ),
        **openapi.not_modified(),
        **openapi.problems(
            types.RENDERER_UNAVAILABLE,
            renderer_unavailable="No renderer says which voices it has. Try again soon.",
        ),
    },
)
async def voices(request: Request[Any, Any, Any], choosing: Part[Choosing]) -> Response[list[VoiceAnswer]]:
    """List voices."""
    return cacheable_json(
        request, [VoiceAnswer.of(voice) for voice in await choosing.voices()], headers=NO_CACHE
    )
