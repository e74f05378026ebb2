"""The shop, for people."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.params import FromPath
from minijinja import safe

from service.catalogue.built_in import EMOTIONS
from service.catalogue.choosing import Choosing
from service.catalogue.port import Avatar
from service.delivery.port import Snapshots
from service.quotes.demo_wallet import DemoWallet
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.parts import Part
from service.routes.lightning.resolving import resolve
from service.routes.pages import rendering
from service.routes.pages.words import Words, chosen, spoken, words


@get("/", include_in_schema=False)
async def shop(
    request: Request[Any, Any, Any], choosing: Part[Choosing], demo_wallet: Part[DemoWallet]
) -> Response[Any]:
    """Show what can be bought, and sell it."""
    lang = chosen(request)
    said = words(lang)
    avatars = list((await choosing.avatars()).values())
    emotions = dict.fromkeys(emotion for avatar in avatars for emotion in avatar.emotions)
    ordered = [each for each in EMOTIONS if each in emotions] + [
        each for each in emotions if each not in EMOTIONS
    ]
    return rendering.page(
        request,
        "shop.html",
        lang=lang,
        module="shop.js",
        avatars=[_shown(avatar, said, ordered) for avatar in _in_turn(avatars)],
        emotions=[{"name": name, "label": said.emotions.get(name, name)} for name in ordered],
        languages=spoken(lang),
        demo=demo_wallet.there,
    )


@post("/demo/pay/{invoice:str}", status_code=204, include_in_schema=False)
async def demo_pay(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    demo_wallet: Part[DemoWallet],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> None:
    """Pay an invoice of ours out of the demo's own wallet, where there is one."""
    sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
    await demo_wallet.pay(sold.payment)


def _shown(avatar: Avatar, said: Words, emotions: list[str]) -> dict[str, str]:
    own = [emotion for emotion in emotions if emotion in avatar.emotions]
    return {
        "name": avatar.name,
        "label": said.avatars.get(avatar.name, avatar.label),
        "emotions": " ".join(own),
        "portrait": safe(f"/avatars/{quote(avatar.name)}/{quote(own[0])}/portrait.jpg"),
    }


def _in_turn(avatars: list[Avatar]) -> list[Avatar]:
    """Show women and men in turn, the younger first, where their workers say who is what."""
    turns: dict[str | None, list[Avatar]] = {}
    for avatar in sorted(avatars, key=lambda avatar: avatar.elderly):
        turns.setdefault(avatar.gender, []).append(avatar)
    shown: list[Avatar] = []
    queues = [turns[gender] for gender in sorted(turns, key=str)]
    while any(queues):
        shown += [queue.pop(0) for queue in queues if queue]
    return shown
