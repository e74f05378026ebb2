"""Makes pages of their templates, and tells browsers what these may do."""

from functools import lru_cache
from html import escape
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.plugins.minijinja import MiniJinjaTemplateEngine
from minijinja import safe

from service.routes.pages import assets, guide
from service.routes.pages.words import names, words

CACHE_CONTROL = "no-cache"
"""Kept, and asked for each time: it names the assets of this very version."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)

AnyRequest = Request[Any, Any, Any]


def here(request: AnyRequest) -> str:
    """Return where this service is, as its visitor wrote it, without a slash at its end."""
    return str(request.base_url).rstrip("/")


def page(
    request: AnyRequest,
    template: str,
    *,
    lang: str,
    module: str,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[Any]:
    """Answer with a page.

    Addresses are written as they are: without `safe` the engine would write their slashes as references.

    Args:
        request: Who asks.
        template: Of the folder of the pages.
        lang: In which language.
        module: What runs on it, by the plain name of its file.
        status_code: Of the answer.
        headers: Beyond those of every page.
        context: What the template says.
    """
    said = words(lang)
    told = {**said.script, "avatars": said.avatars, "lang": lang, **context.pop("told", {})}
    engine = cast("MiniJinjaTemplateEngine", request.app.template_engine)
    content = (
        engine.get_template(template)
        .render(
            w=said.page,
            lang=lang,
            has_guide=guide.is_built(),
            languages_of_page=names(),
            here=safe(escape(here(request))),
            modules=[safe(each) for each in assets.modules_of(module)],
            asset=lambda file: safe(assets.url(file)),
            told=_in_script(told),
            **context,
        )
        .encode()
    )
    return assets.send(
        request,
        content,
        _packed(content),
        media_type="text/html",
        cache_control=CACHE_CONTROL,
        headers={
            "Content-Security-Policy": POLICY,
            "Content-Language": lang,
            "Vary": "Accept-Encoding, Accept-Language",
            **(headers or {}),
        },
        status_code=status_code,
    )


@lru_cache(maxsize=64)
def _packed(content: bytes) -> bytes:
    return assets.pack(content)


def _in_script(told: dict[str, Any]) -> str:
    """Write JSON that no text in it can end the element of."""
    return msgspec.json.encode(told).decode().replace("<", "\\u003c")
