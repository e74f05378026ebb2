"""Understands what a client wishes for, in our names; what we have not is refused by naming what there is."""

import re
from collections.abc import Collection
from typing import Any

import msgspec

from service.catalogue.built_in import LANGUAGES
from service.catalogue.choosing import Choosing
from service.catalogue.own import own_job
from service.errors import InvalidRequest
from service.orders.choice import Choice
from service.orders.stage import FASTEST, SLOWEST, Box, Stage
from service.routes.heygen.names import (
    NEUTRAL,
    STYLES,
    avatar_aliases,
    avatar_named,
    voice_aliases,
    voice_named,
)
from service.routes.heygen.refusals import NotListed
from service.routes.heygen.schemas import FORMATS, RESOLUTIONS, VideoRequest
from service.speech.speech_length import estimate
from service.studio.voices import Voices

OF_PICTURES = {"lighting": ("studio",), "camera_angle": ("front",)}
"""What all our pictures are; settings that ask for it are met, and others are not."""

EMOTION, LAYOUT, CAPTIONS = "emotion", "layout", "captions"
OF_OUR_OWN = (EMOTION, LAYOUT)

CENTRE = "center"
LAYOUTS = (CENTRE, "left", "right")
"""Where on the canvas somebody stands."""

MS = 1000

SECONDS, LEAST_S, MOST_S = 60, 10, 600

_BACKGROUND = re.compile(r"#[0-9a-fA-F]{6}|https?://\S{1,2000}")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
_SPOKEN = re.compile(
    r"(?:about\s+)?(\d+(?:\.\d+)?)\s*-?\s*(s|sec|secs|seconds?|m|min|mins|minutes?)", re.IGNORECASE
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A video that somebody wishes for.

    Attributes:
        asked: What is told of it again.
    """

    text: str
    choice: Choice
    stage: Stage
    asked: dict[str, Any]


async def wanted(request: VideoRequest, choosing: Choosing, own_voices: Voices, account_id: int) -> Wanted:
    """Understand a wish of an account, which may have avatars and voices of its own.

    Raises:
        InvalidRequest: It asks for what there is not.
        NotListed: There is no such avatar or voice.
        WorkerDown: Nobody says which voices there are.
    """
    check("style", request.style, STYLES)
    if request.language is not None:
        check("language", request.language, LANGUAGES)
    custom = request.custom_settings or {}
    _check_custom(custom)
    avatars = await choosing.avatars()
    avatar = avatar_named(request.avatar_id)
    own = own_job(avatar) is not None and await _is_own(avatar, choosing, account_id)
    if avatar not in avatars and not own:
        raise NotListed("avatar", request.avatar_id, [*avatars, *avatar_aliases(avatars)])
    voices = [voice.name for voice in await choosing.voices()]
    own_voice = await _own_voice(request.voice_id, own_voices, account_id)
    voice = own_voice or voice_named(request.voice_id, voices)
    if own_voice is None and voice not in voices:
        raise NotListed("voice", request.voice_id, [*voices, *voice_aliases(voices)])
    emotion = str(custom.get(EMOTION, NEUTRAL if own else STYLES[request.style]))
    choice = Choice(avatar=avatar, emotion=emotion, language=request.language, voice=voice)
    language = (await choosing.check_speech(choice, spoken=True, account_id=account_id)).language
    assert language is not None, "a voice brings its own"
    layout = str(custom.get(LAYOUT, CENTRE))
    check("custom_settings.layout", layout, LAYOUTS)
    asked = {
        "avatar_id": request.avatar_id,
        "voice_id": request.voice_id,
        "language": language,
        "style": request.style,
        "emotion": emotion,
        "resolution": request.resolution,
        "output_format": request.output_format,
    }
    return Wanted(text=request.script, choice=choice, stage=_stage(request, layout, language), asked=asked)


async def _own_voice(name: str, own_voices: Voices, account_id: int) -> str | None:
    """Return what a voice of the account is spoken as; None where it has none of this name that can speak."""
    job = own_job(name)
    found = None if job is None else await own_voices.find(account_id, job)
    return None if found is None else found.spoken_as


async def _is_own(avatar: str, choosing: Choosing, account_id: int) -> bool:
    try:
        await choosing.check_look(Choice(avatar=avatar), account_id=account_id)
    except InvalidRequest:
        return False
    return True


def check(field: str, value: str, known: Collection[str]) -> None:
    """Refuse what is not one of several, by naming them.

    Raises:
        InvalidRequest: It is another.
    """
    if value not in known:
        raise InvalidRequest(
            f"Field '{field}' has to be one of: {', '.join(known)}.",
            field=field,
        )


def seconds_of(duration: str) -> float:
    """Read how long a script is to take: `3 minutes`, `90 seconds`, `2:30`.

    Raises:
        InvalidRequest: It is no duration, or not from 10 to 600 seconds.
    """
    text = duration.strip()
    if clock := _CLOCK.fullmatch(text):
        seconds = int(clock.group(1)) * SECONDS + int(clock.group(2))
    elif spoken := _SPOKEN.fullmatch(text):
        seconds = float(spoken.group(1)) * (SECONDS if spoken.group(2)[0] in "mM" else 1)  # type: ignore[assignment]  # a float is one
    else:
        raise InvalidRequest(
            "Field 'duration' is not understood: say '3 minutes', '90 seconds' or '2:30'.", field="duration"
        )
    if not LEAST_S <= seconds <= MOST_S:
        raise InvalidRequest(
            f"Field 'duration' has to be from {LEAST_S} to {MOST_S} seconds.", field="duration"
        )
    return seconds


def _stage(request: VideoRequest, layout: str, language: str) -> Stage:
    """Lay the picture out, and set the pace.

    Raises:
        InvalidRequest: No picture of ours is like that, or no pace takes so long.
    """
    check("output_format", request.output_format, FORMATS)
    check("resolution", request.resolution, RESOLUTIONS)
    width, height = RESOLUTIONS[request.resolution]
    if request.background is not None and not _BACKGROUND.fullmatch(request.background):
        raise InvalidRequest(
            "Field 'background' has to be the address of a picture or film, https://…, or a colour, #rrggbb.",
            field="background",
        )
    half = Box(x=0 if layout == "left" else width // 2, y=0, width=width // 2, height=height)
    return Stage(
        width=width,
        height=height,
        person=None if layout == CENTRE else half,
        background=request.background,
        captions=(request.custom_settings or {}).get(CAPTIONS) is True,
        speed=_pace(request, language),
    )


def _pace(request: VideoRequest, language: str) -> float:
    """Tell how fast a script has to be spoken to take as long as is wished."""
    if request.duration is None:
        return 1.0
    seconds = estimate(request.script.strip(), language).milliseconds / MS
    pace = round(seconds / request.duration, 2)
    if not SLOWEST <= pace <= FASTEST:
        raise InvalidRequest(
            f"Field 'duration': the script takes from {seconds / FASTEST:.1f} to {seconds / SLOWEST:.1f} seconds,"
            f" by how fast it is spoken, and not {request.duration:g}. Make it longer or shorter, or leave"
            " 'duration' out.",
            field="duration",
        )
    return pace


def _check_custom(custom: dict[str, str | bool]) -> None:
    """Refuse settings that nothing would come of."""
    for name, value in custom.items():
        if isinstance(value, bool) if name == CAPTIONS else name in OF_OUR_OWN and isinstance(value, str):
            continue
        known = OF_PICTURES.get(name)
        if known is None:
            there = ", ".join((*OF_PICTURES, *OF_OUR_OWN, CAPTIONS))
            raise InvalidRequest(
                f"Field 'custom_settings' has no '{name[:40]}'. There are: {there}.",
                field="custom_settings",
            )
        if value not in known:
            raise InvalidRequest(
                f"Field 'custom_settings': '{name}' has to be {', '.join(known)}.", field="custom_settings"
            )
