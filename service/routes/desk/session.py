"""Signing in and out."""

from typing import Any

from litestar import Response, get, post

from service.desk.desk import OperatorsDesk
from service.routes.desk import rendering
from service.routes.desk.gate import COOKIE, HOME, SECURE_COOKIE, SIGN_IN, AnyRequest, cookie, token_of
from service.routes.http.parts import Part


@get("/sign-in", include_in_schema=False)
async def sign_in_page(request: AnyRequest, desk: Part[OperatorsDesk]) -> Response[Any]:
    """Ask for a key."""
    if await desk.signing_in.check(token_of(request)) is not None:
        return rendering.redirect(HOME)
    return rendering.page(request, "sign_in.html", refused=False)


@post("/sign-in", include_in_schema=False)
async def sign_in(request: AnyRequest, desk: Part[OperatorsDesk]) -> Response[Any]:
    """Begin a session."""
    key = (await request.form()).get("key", "")
    token = await desk.signing_in.sign_in(key) if isinstance(key, str) else None
    if token is None:
        return rendering.page(request, "sign_in.html", status_code=403, refused=True)
    answer = rendering.redirect(HOME)
    answer.set_cookie(cookie(request, token, desk.signing_in.lasts_s))
    return answer


@post("/sign-out", include_in_schema=False)
async def sign_out(request: AnyRequest, desk: Part[OperatorsDesk]) -> Response[Any]:
    """End the session."""
    if token := token_of(request):
        await desk.signing_in.sign_out(token)
    answer = rendering.redirect(SIGN_IN)
    for name in (COOKIE, SECURE_COOKIE):
        answer.delete_cookie(name, path=HOME)
    return answer
