"""`/api/v1/scripts/…`: written, analysed and translated, for the video time of an account."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, post

from service.accounts.askers import Askers
from service.accounts.port import Scope
from service.catalogue.built_in import LANGUAGES
from service.routes.heygen import describing, refusals
from service.routes.heygen.keys import Key
from service.routes.heygen.names import STYLES
from service.routes.heygen.script_schemas import (
    AnalysisAnswer,
    AnalysisRequest,
    ScriptAnswer,
    ScriptRequest,
    TranslationAnswer,
    TranslationRequest,
)
from service.routes.heygen.wishes import check, seconds_of
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.studio.scripts import Scripts

NO_STORE = {"Cache-Control": "no-store"}

REFUSALS = refusals.described(
    *refusals.PAID,
    *refusals.BODY,
    (HTTPStatus.SERVICE_UNAVAILABLE, "The operator has set no engine for this; the error names the setting."),
)


@post(
    "/scripts/generate",
    status_code=200,
    summary="Write a script",
    description="By the chat endpoint that the operator has set; what is answered with an error costs nothing.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenGenerateScript",
    operation_class=describing.operation(
        body=ScriptRequest,
        example={
            "topic": "The Future of Artificial Intelligence",
            "language": "en",
            "style": "educational",
            "duration": "3 minutes",
            "additional_context": "Target audience: university students",
        },
    ),
    responses=describing.answers(ScriptAnswer, "The script.") | REFUSALS,
)
async def generate_script(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    scripts: Part[Scripts],
    idempotency_key: Key = None,
) -> Response[ScriptAnswer]:
    """Write a script."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, ScriptRequest)
    check("language", asked.language, LANGUAGES)
    check("style", asked.style, STYLES)
    written = await scripts.write(
        asked.topic,
        account_id=account_id,
        language=asked.language,
        style=asked.style,
        seconds=seconds_of(asked.duration),
        context=asked.additional_context or "",
        key=idempotency_key,
    )
    return Response(ScriptAnswer.of(written, asked), headers=NO_STORE)


@post(
    "/scripts/analyze",
    status_code=200,
    summary="Analyse a script",
    description="Readability by the formula that was published for its language, and what would help.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenAnalyzeScript",
    operation_class=describing.operation(
        body=AnalysisRequest, example={"script": "Hello, welcome to our presentation.", "language": "en"}
    ),
    responses=describing.answers(AnalysisAnswer, "What there is to say of it.") | REFUSALS,
)
async def analyze_script(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    scripts: Part[Scripts],
    idempotency_key: Key = None,
) -> Response[AnalysisAnswer]:
    """Analyse a script."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, AnalysisRequest)
    if asked.language is not None:
        check("language", asked.language, LANGUAGES)
    analysed = await scripts.analyse(
        asked.script, account_id=account_id, language=asked.language, key=idempotency_key
    )
    return Response(AnalysisAnswer.of(analysed), headers=NO_STORE)


@post(
    "/scripts/translate",
    status_code=200,
    summary="Translate a script",
    description="By the chat endpoint that the operator has set, else by Apertium where it is installed.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenTranslateScript",
    operation_class=describing.operation(
        body=TranslationRequest,
        example={
            "script": "Hello, welcome to our presentation.",
            "target_language": "es",
            "source_language": "en",
            "preserve_style": True,
        },
    ),
    responses=describing.answers(TranslationAnswer, "The translation.") | REFUSALS,
)
async def translate_script(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    scripts: Part[Scripts],
    idempotency_key: Key = None,
) -> Response[TranslationAnswer]:
    """Translate a script."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, TranslationRequest)
    check("target_language", asked.target_language, LANGUAGES)
    if asked.source_language is not None:
        check("source_language", asked.source_language, LANGUAGES)
    rendered = await scripts.translate(
        asked.script,
        account_id=account_id,
        source=asked.source_language,
        target=asked.target_language,
        preserve_style=asked.preserve_style,
        key=idempotency_key,
    )
    return Response(TranslationAnswer.of(rendered, asked), headers=NO_STORE)
