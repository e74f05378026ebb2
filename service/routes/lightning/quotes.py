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
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.limiting import client
from service.routes.http.parts import Part
from service.routes.http.uploads import Spool
from service.routes.lightning.schemas import AudioOptions, EstimateAnswer, QuoteAnswer, TextRequest

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A UUID that names this wish. Asked again with it by the same client, until the quote expires, the"
        " same request gets the same quote; another request gets 422.",
        examples=[Example(value="8e03978e-40d5-43dd-bc93-6894a57f9324")],
    ),
]

QUOTE_REFUSALS = (
    *openapi.BODY_REFUSALS,
    types.CONTENT_REFUSED,
    types.IDEMPOTENCY_KEY_REUSED,
    types.NODE_UNAVAILABLE,
    types.RATE_UNAVAILABLE,
    types.RENDERER_UNAVAILABLE,
    types.UNAVAILABLE,
)

TEXT_EXAMPLE = {"text": "Hello! This is the text that will be spoken by the avatar."}


@post(
    "/lightning/request-video/text",
    status_code=200,
    summary="Quote a video of a text",
    description="Answers with an invoice. Pay it with any Lightning wallet, then POST /lightning/generate-video."
    " With `hold` the payment itself begins the render.",
    tags=["Buying"],
    operation_id="requestVideoFromText",
    operation_class=openapi.operation(body=TextRequest, example=TEXT_EXAMPLE),
    responses=openapi.limited_problems(*QUOTE_REFUSALS),
)
async def request_video_text(
    request: Request[Any, Any, Any],
    idempotency: Part[Idempotency],
    idempotency_key: IdempotencyKey = None,
) -> QuoteAnswer:
    """Quote a video of a text."""
    return await quote_text(request, idempotency, idempotency_key)


async def quote_text(
    request: Request[Any, Any, Any], idempotency: Idempotency, idempotency_key: str | None
) -> QuoteAnswer:
    """Quote what a request wishes for.

    Raises:
        ServiceError: What was asked for cannot be sold, or not now.
        LightningError: The node makes no invoice.
    """
    asked = await read_json(request, TextRequest)
    asker = client(request)
    quote = await idempotency.quote(
        idempotency_key,
        b"text" + msgspec.json.encode(asked),
        lambda tokens: idempotency.quoting.quote_text(
            asked.text,
            asked.choice,
            tokens,
            client=asker,
            hold=asked.hold,
            webhook_url=asked.webhook_url,
            stage=asked.stage,
        ),
        client=asker,
        private=asked.private,
    )
    return QuoteAnswer.of(quote, asked)


@post(
    "/lightning/request-video/audio",
    status_code=200,
    summary="Quote a video of recorded speech",
    description="The upload is a form with a WAV file in the field `audio`: 16 kHz, mono, 16-bit.",
    tags=["Buying"],
    operation_id="requestVideoFromAudio",
    operation_class=openapi.operation(form=AudioOptions),
    responses=openapi.limited_problems(*QUOTE_REFUSALS, invalid_request="Audio file is required"),
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
                wav,
                options.choice,
                tokens,
                client=asker,
                hold=options.hold,
                webhook_url=options.webhook_url,
                stage=options.stage,
            ),
            client=asker,
            private=options.private,
        )
    return QuoteAnswer.of(quote, options)


@post(
    "/lightning/estimate",
    status_code=200,
    summary="Price a text without buying",
    description="Answers as a quote would, without an invoice.",
    tags=["Buying"],
    operation_id="estimateText",
    operation_class=openapi.operation(body=TextRequest, example=TEXT_EXAMPLE),
    responses=openapi.limited_problems(
        *openapi.BODY_REFUSALS, types.RATE_UNAVAILABLE, types.RENDERER_UNAVAILABLE
    ),
)
async def estimate_text(request: Request[Any, Any, Any], quoting: Part[Quoting]) -> EstimateAnswer:
    """Price a text without buying."""
    asked = await read_json(request, TextRequest)
    return EstimateAnswer.of(await quoting.estimate_text(asked.text, asked.choice, stage=asked.stage))


def _hash(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
