"""What this API's clients call our avatars and voices, and what else it tells of them. Data and pure."""

import re
from collections.abc import Collection

import msgspec

from service.catalogue.port import Avatar, Voice

AVATARS = {
    "professional_male_01": "european_man",
    "professional_male_02": "african_man",
    "professional_male_03": "japanese_man",
    "professional_male_04": "mexican_man",
    "professional_male_05": "iranian_man",
    "professional_male_06": "arab_man",
    "professional_male_07": "old_japanese_man",
    "professional_female_01": "european_woman",
    "professional_female_02": "african_woman",
    "professional_female_03": "japanese_woman",
    "professional_female_04": "mexican_woman",
    "professional_female_05": "colombian_woman",
    "professional_female_06": "arab_woman",
    "professional_female_07": "old_european_woman",
}
"""Name in its examples, and more of the kind → ours."""

REGIONS = {
    "ar": "ar", "cs": "cz", "de": "de", "en": "us", "es": "mx", "fr": "fr", "hi": "in", "hu": "hu", "it": "it",
    "ja": "jp", "ko": "kr", "nl": "nl", "pl": "pl", "pt": "br", "ru": "ru", "tr": "tr", "zh": "cn",
}  # fmt: skip
"""Whose accent our voices have in each language."""

NUMBERS = {"01": "male", "02": "female"}
SUFFIXES = ("-natural", "")
"""Of our voices' names: the better first."""

_VOICE = re.compile(r"([a-z]{2})_([a-z]{2})_(\d{2})")

STYLES = {
    "professional": "neutral",
    "educational": "neutral",
    "casual": "happy",
    "marketing": "happy",
    "entertainment": "happy",
}
"""Style → how our avatars look."""

NEUTRAL = "neutral"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How an avatar of ours was drawn."""

    ethnicity: str
    hair: str
    clothing: str


LOOKS = {
    "japanese_man": Look(ethnicity="japanese", hair="short", clothing="suit"),
    "old_european_woman": Look(ethnicity="european", hair="long", clothing="crew_neck"),
    "european_woman": Look(ethnicity="european", hair="long", clothing="crew_neck"),
    "european_man": Look(ethnicity="european", hair="short", clothing="suit"),
    "african_man": Look(ethnicity="african", hair="curly", clothing="shirt"),
    "african_woman": Look(ethnicity="african", hair="curly", clothing="crew_neck"),
    "japanese_woman": Look(ethnicity="japanese", hair="bob", clothing="crew_neck"),
    "iranian_man": Look(ethnicity="iranian", hair="short", clothing="suit"),
    "mexican_man": Look(ethnicity="mexican", hair="curly", clothing="shirt"),
    "mexican_woman": Look(ethnicity="mexican", hair="long", clothing="crew_neck"),
    "colombian_woman": Look(ethnicity="colombian", hair="long", clothing="crew_neck"),
    "old_japanese_man": Look(ethnicity="japanese", hair="short", clothing="turtleneck"),
    "arab_man": Look(ethnicity="arab", hair="headscarf", clothing="shirt"),
    "arab_woman": Look(ethnicity="arab", hair="headscarf", clothing="crew_neck"),
}
"""Avatar → its recipe, as far as this API tells one."""


def avatar_named(name: str) -> str:
    """Return our name of an avatar."""
    return AVATARS.get(name, name)


def voice_named(name: str, known: Collection[str]) -> str:
    """Return our name of a voice: of an alias the best that there is."""
    match = _VOICE.fullmatch(name)
    if match is None or name in known:
        return name
    language, region, number = match.groups()
    if REGIONS.get(language) != region or number not in NUMBERS:
        return name
    ours = (f"{language}-{NUMBERS[number]}{suffix}" for suffix in SUFFIXES)
    return next((each for each in ours if each in known), name)


def avatar_aliases(known: Collection[str]) -> dict[str, str]:
    """Return the aliases of the avatars that there are."""
    return {alias: name for alias, name in AVATARS.items() if name in known}


def voice_aliases(known: Collection[str]) -> dict[str, str]:
    """Return the aliases of the voices that there are."""
    aliases = (f"{language}_{region}_{number}" for language, region in REGIONS.items() for number in NUMBERS)
    return {alias: name for alias in aliases if (name := voice_named(alias, known)) != alias}


def accent_of(voice: Voice) -> str | None:
    """Tell whose accent a voice has; None where nobody says."""
    if voice.accent == "accented":
        return "foreign"
    return REGIONS.get(voice.language) if voice.engine is not None else None


def age_of(avatar: Avatar) -> str:
    """Tell about how old an avatar looks."""
    return "60-80" if avatar.elderly or avatar.name.startswith("old_") else "25-40"


def gender_of(avatar: Avatar) -> str | None:
    """Tell an avatar's gender; None where nobody says."""
    if avatar.gender is not None:
        return avatar.gender
    if avatar.name not in LOOKS:
        return None
    return "female" if avatar.name.endswith("_woman") else "male"
