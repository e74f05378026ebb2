"""Prices and invoices."""

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter

from service.quotes.idempotency import Idempotency
from service.quotes.quoting import Quoting
from service.routes.http import openapi
from service.routes.http.bodies import read_json
from service.routes.http.limiting import client
from service.routes.http.parts import Part
from service.routes.http.uploads import Spool
from service.routes.lightning.schemas import AudioOptions, EstimateAnswer, QuoteAnswer, TextRequest

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A name for this wish that nobody can guess, of 16 to 128 characters, such as a UUID. Asked again"
        " with it, until the quote expires, the same request gets the same quote; another request gets 422.",
        examples=[Example(value="8e03978e-40d5-43dd-bc93-6894a57f9324")],
    ),
]

REFUSALS = openapi.problems(
    _408="The body took too long to arrive. Send it again over a faster line.",
    _413="The body is too large.",
    _429="You are asking too often: try again in 2 s.",
)
QUOTE_REFUSALS = openapi.problems(
    _403="Names of living persons cannot be sold here.",
    _422="This Idempotency-Key was used for another request: use a new key for each.",
    _503="The Lightning node cannot be reached. Try again soon.",
)

TEXT_EXAMPLE = {"text": "Hello! This is the text that will be spoken by the avatar."}


@post(
    "/lightning/request-video/text",
    status_code=200,
    summary="Quote a video of a text",
    description="Answers with an invoice. Pay it with any Lightning wallet, then POST /lightning/generate-video."
    " With `hold` the payment itself begins the render.",
    tags=["Buying"],
    operation_class=openapi.body(TextRequest, TEXT_EXAMPLE),
    responses=REFUSALS | QUOTE_REFUSALS | openapi.problems(_400="Field 'text' is missing."),
)
async def request_video_text(
    request: Request[Any, Any, Any],
    idempotency: Part[Idempotency],
    idempotency_key: IdempotencyKey = None,
) -> QuoteAnswer:
    """Quote a video of a text."""
    asked = await read_json(request, TextRequest)
    asker = client(request)
    quote = await idempotency.quote(
        idempotency_key,
        b"text" + msgspec.json.encode(asked),
        lambda tokens: idempotency.quoting.quote_text(
            asked.text, asked.choice, tokens, client=asker, hold=asked.hold
        ),
        private=asked.private,
    )
    return QuoteAnswer.of(quote)


@post(
    "/lightning/request-video/audio",
    status_code=200,
    summary="Quote a video of recorded speech",
    description="The upload is a form with a WAV file in the field `audio`: 16 kHz, mono, 16-bit.",
    tags=["Buying"],
    operation_class=openapi.form(AudioOptions),
    responses=REFUSALS | QUOTE_REFUSALS | openapi.problems(_400="Audio file is required"),
)
async def request_video_audio(
    request: Request[Any, Any, Any],
    idempotency: Part[Idempotency],
    spool: Part[Spool],
    idempotency_key: IdempotencyKey = None,
) -> QuoteAnswer:
    """Quote a video of recorded speech."""
    async with spool.receive(request, AudioOptions) as (wav, options):
        asker = client(request)
        heard = await asyncio.to_thread(_hash, wav) if idempotency_key else b""
        quote = await idempotency.quote(
            idempotency_key,
            b"audio" + msgspec.json.encode(options) + heard,
            lambda tokens: idempotency.quoting.quote_audio(
                wav, options.choice, tokens, client=asker, hold=options.hold
            ),
            private=options.private,
        )
    return QuoteAnswer.of(quote)


@post(
    "/lightning/estimate",
    status_code=200,
    summary="Price a text without buying",
    tags=["Buying"],
    operation_class=openapi.body(TextRequest, TEXT_EXAMPLE),
    responses=REFUSALS
    | openapi.problems(
        _400="Field 'text' is missing.", _503="No bitcoin price is fresh enough to sell at. Try again soon."
    ),
)
async def estimate_text(request: Request[Any, Any, Any], quoting: Part[Quoting]) -> EstimateAnswer:
    """Price a text without buying."""
    asked = await read_json(request, TextRequest)
    return EstimateAnswer.of(await quoting.estimate_text(asked.text, asked.choice))


def _hash(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
