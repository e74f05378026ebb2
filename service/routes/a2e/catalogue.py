"""Who speaks, and how: anchors, voices, languages; what an account has; the files that it brings."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import delete, get, post
from litestar.params import FromPath, QueryParameter

from service.accounts.keys import Keys
from service.accounts.port import Accounts, Scope
from service.catalogue.built_in import LANGUAGES
from service.catalogue.choosing import Choosing
from service.errors import InvalidApiKey, InvalidRequest
from service.routes.a2e.envelope import ok
from service.routes.a2e.names import anchor_id
from service.routes.a2e.records import Answer, AnyRequest
from service.routes.a2e.schemas import Address, Characters, Text
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.studio.avatars import Avatar, Avatars
from service.studio.library import Library
from service.studio.media import Kind, Medium
from spoken.languages import detect_language, likelihood

LISTED = 200

DEFAULT, CUSTOM = "default", "custom"

Query = Annotated[str | None, QueryParameter()]


@get("/anchor/voice_list")
async def voice_list(
    request: AnyRequest,
    keys: Part[Keys],
    choosing: Part[Choosing],
    country: Query = None,
    region: Query = None,  # noqa: ARG001 - no voice here is of a region
    voice_map_type: Query = None,
) -> Answer:
    """List the voices in groups."""
    await keys.account(key_of(request), Scope.VIDEO)
    return ok(await _voices(choosing, voice_map_type or country))


@post("/anchor/tts_list", status_code=200)
async def tts_list(request: AnyRequest, keys: Part[Keys], choosing: Part[Choosing]) -> Answer:
    """List all voices in groups."""
    await keys.account(key_of(request), Scope.VIDEO)
    return ok(await _voices(choosing, None))


async def _voices(choosing: Choosing, locale: str | None) -> list[dict[str, Any]]:
    language = (locale or "").lower().replace("_", "-").partition("-")[0]
    voices = [voice for voice in await choosing.voices() if language in ("", voice.language)]
    return [
        {
            "label": gender.title(),
            "value": gender,
            "children": [
                {
                    "label": f"{voice.name} ({LANGUAGES.get(voice.language, voice.language)})",
                    "value": voice.name,
                    "language": voice.language,
                }
                for voice in voices
                if voice.gender == gender
            ],
        }
        for gender in ("female", "male")
    ]


@get("/anchor/character_list")
async def characters(
    request: AnyRequest,
    keys: Part[Keys],
    choosing: Part[Choosing],
    links: Part[Links],
    own_avatars: Part[Avatars],
    user_video_twin_id: Query = None,
    kind: Annotated[str | None, QueryParameter(name="type")] = None,
) -> Answer:
    """List who can speak."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = Characters(type=kind, user_video_twin_id=user_video_twin_id)
    return ok(await anchors(request, choosing, links, await own_avatars.all(account_id), asked))


@post("/anchor/character_list", status_code=200)
async def characters_by_post(
    request: AnyRequest,
    keys: Part[Keys],
    choosing: Part[Choosing],
    links: Part[Links],
    own_avatars: Part[Avatars],
) -> Answer:
    """List who can speak, for clients that ask by POST."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Characters, lenient=True)
    return ok(await anchors(request, choosing, links, await own_avatars.all(account_id), asked))


async def anchors(
    request: AnyRequest, choosing: Choosing, links: Links, own: Sequence[Avatar], asked: Characters
) -> list[dict[str, Any]]:
    """Tell of the avatars of an account, and of those that everybody may choose, as anchors."""
    if asked.type not in (None, "", DEFAULT, CUSTOM):
        raise InvalidRequest(f"'type' must be '{DEFAULT}' or '{CUSTOM}'.", field="type")
    made = [
        {
            "_id": avatar.id,
            "name": avatar.name,
            "type": CUSTOM,
            "gender": avatar.gender,
            "user_video_twin_id": avatar.id,
        }
        for avatar in own
        if avatar.spoken_as is not None and asked.user_video_twin_id in (None, "", avatar.id)
    ]
    if asked.type == CUSTOM or asked.user_video_twin_id:
        return made
    return ([] if asked.type == DEFAULT else made) + [
        {
            "_id": anchor_id(avatar.name),
            "name": avatar.label,
            "type": DEFAULT,
            "gender": avatar.gender,
            "people_img": links.of(request, "avatars", avatar.name, avatar.emotions[0], "portrait.jpg"),
            "video_cover": links.of(request, "avatars", avatar.name, avatar.emotions[0], "portrait.jpg"),
        }
        for avatar in (await choosing.avatars()).values()
    ]


@get("/anchor/language_list")
async def languages(request: AnyRequest, keys: Part[Keys]) -> Answer:
    """List what is spoken."""
    await keys.account(key_of(request), Scope.VIDEO)
    return ok([{"label": name, "value": code} for code, name in LANGUAGES.items()])


@post("/video/language_detect", status_code=200)
async def language_detect(request: AnyRequest, keys: Part[Keys]) -> Answer:
    """Tell the language of a text."""
    await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Text, lenient=True)
    code = detect_language(asked.text)
    likely = likelihood(asked.text, code)
    return ok(
        {
            "language": code,
            "name": LANGUAGES.get(code, code),
            "probability": None if likely is None else round(likely, 3),
        }
    )


@get("/user/remainingCoins")
async def remaining(request: AnyRequest, keys: Part[Keys], accounts: Part[Accounts]) -> Answer:
    """Tell what is left: a coin is a second of video time."""
    account = await accounts.get(await keys.account(key_of(request), Scope.VIDEO))
    if account is None:
        raise InvalidApiKey
    return ok({"coins": account.free_ms // 1000, "diamonds": 0})


@get("/anchor/background_list")
async def backgrounds(
    request: AnyRequest, keys: Part[Keys], library: Part[Library], links: Part[Links]
) -> Answer:
    """List the pictures of the library."""
    account_id = await keys.account(key_of(request), Scope.MEDIA)
    page = await library.page(account_id, kind=Kind.PICTURE, limit=LISTED)
    return ok([_background(request, links, medium) for medium in page])


@post("/anchor/add_background", status_code=200)
async def add_background(
    request: AnyRequest, keys: Part[Keys], library: Part[Library], links: Part[Links]
) -> Answer:
    """Put a picture into the library."""
    account_id = await keys.account(key_of(request), Scope.MEDIA)
    field, url = (await read_json(request, Address, lenient=True)).place
    medium = await library.bring(account_id, url, wanted=(Kind.PICTURE,), field=field)
    return ok(_background(request, links, medium))


def _background(request: AnyRequest, links: Links, medium: Medium) -> dict[str, Any]:
    url = links.of(request, "media", medium.file_name)
    return {"_id": medium.token, "url": url, "img_url": url, "createdAt": medium.created_at}


@delete("/anchor/background/{record:str}", status_code=200)
async def delete_background(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], library: Part[Library]
) -> Answer:
    """Delete a picture of the library."""
    account_id = await keys.account(key_of(request), Scope.MEDIA)
    await library.delete(account_id, record)
    return ok({"_id": record})


@post("/tos/transferToStorage", status_code=200)
async def transfer(
    request: AnyRequest, keys: Part[Keys], library: Part[Library], links: Part[Links]
) -> Answer:
    """Put a file from elsewhere into the library; its new address."""
    account_id = await keys.account(key_of(request), Scope.MEDIA)
    field, url = (await read_json(request, Address, lenient=True)).place
    medium = await library.bring(account_id, url, field=field)
    return ok(links.of(request, "media", medium.file_name))


HANDLERS = [
    voice_list,
    tts_list,
    characters,
    characters_by_post,
    languages,
    language_detect,
    remaining,
    backgrounds,
    add_background,
    delete_background,
    transfer,
]
