"""Prices and invoices."""

from typing import Any

from litestar import Request, post

from service.quoting import Quoting
from service.routes import openapi
from service.routes.bodies import read_json
from service.routes.limiting import client
from service.routes.parts import Part
from service.routes.schemas import AudioOptions, EstimateAnswer, QuoteAnswer, TextRequest
from service.routes.uploads import Spool

TEXT_EXAMPLE = {"text": "Hello! This is the text that will be spoken by the avatar."}


@post(
    "/lightning/request-video/text",
    status_code=200,
    summary="Quote a video of a text",
    description="Answers with an invoice. Pay it with any Lightning wallet, then POST /lightning/generate-video.",
    tags=["Buying"],
    operation_class=openapi.body(TextRequest, TEXT_EXAMPLE),
    responses=openapi.problems(
        _400="Field 'text' is missing.",
        _408="The body took too long to arrive. Send it again over a faster line.",
        _413="The body is too large.",
        _429="You are asking too often: try again in 2 s.",
        _503="The Lightning node cannot be reached. Try again soon.",
    ),
)
async def request_video_text(request: Request[Any, Any, Any], quoting: Part[Quoting]) -> QuoteAnswer:
    """Quote a video of a text."""
    asked = await read_json(request, TextRequest)
    return QuoteAnswer.of(await quoting.quote_text(asked.text, asked.choice, client=client(request)))


@post(
    "/lightning/request-video/audio",
    status_code=200,
    summary="Quote a video of recorded speech",
    description="The upload is a form with a WAV file in the field `audio`: 16 kHz, mono, 16-bit.",
    tags=["Buying"],
    operation_class=openapi.form(AudioOptions),
    responses=openapi.problems(
        _400="Audio file is required",
        _408="The body took too long to arrive. Send it again over a faster line.",
        _413="The body is too large.",
        _429="You are asking too often: try again in 2 s.",
        _503="The Lightning node cannot be reached. Try again soon.",
    ),
)
async def request_video_audio(
    request: Request[Any, Any, Any], quoting: Part[Quoting], spool: Part[Spool]
) -> QuoteAnswer:
    """Quote a video of recorded speech."""
    async with spool.receive(request, AudioOptions) as (wav, options):
        return QuoteAnswer.of(await quoting.quote_audio(wav, options.choice, client=client(request)))


@post(
    "/lightning/estimate",
    status_code=200,
    summary="Price a text without buying",
    tags=["Buying"],
    operation_class=openapi.body(TextRequest, TEXT_EXAMPLE),
    responses=openapi.problems(
        _400="Field 'text' is missing.",
        _408="The body took too long to arrive. Send it again over a faster line.",
        _413="The body is too large.",
        _429="You are asking too often: try again in 2 s.",
    ),
)
async def estimate_text(request: Request[Any, Any, Any], quoting: Part[Quoting]) -> EstimateAnswer:
    """Price a text without buying."""
    asked = await read_json(request, TextRequest)
    return EstimateAnswer.of(await quoting.estimate_text(asked.text, asked.choice))
