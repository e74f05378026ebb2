"""`/api/v1/voices` and `/api/v1/avatars`: what is listed can be chosen."""

from service.catalogue.built_in import AVATARS
from service.routes.heygen.names import AVATARS as ALIASES
from service.routes.heygen.names import LOOKS, REGIONS, voice_named


async def test_voices_are_listed_by_our_names_and_by_those_of_the_examples(holder):
    told = {voice["voice_id"]: voice for voice in (await holder.get("/voices")).json()}

    assert told["en_us_01"] == {
        "voice_id": "en_us_01",
        "name": "EN male, en-male-natural",
        "language": "en",
        "accent": "us",
        "gender": "male",
        "style": "natural",
        "sample_rate": 24000,
        "is_cloned": False,
        "characteristics": {"engine": "kokoro", "voice": "en-male-natural"},
    }
    assert set(told) == {
        *("en_us_01", "en_us_02", "es_mx_02"),
        *("en-male-natural", "en-male", "en-female", "es-female"),
    }


async def test_avatars_are_listed_by_our_names_and_by_those_of_the_examples(shop, holder):
    told = {avatar["avatar_id"]: avatar for avatar in (await holder.get("/avatars")).json()}

    assert told["professional_female_01"] == {
        "avatar_id": "professional_female_01",
        "name": "European_Woman",
        "gender": "female",
        "style": "professional",
        "age_range": "25-40",
        "ethnicity": "european",
        "image_url": f"{shop.url}/avatars/european_woman/neutral/portrait.jpg",
        "is_custom": False,
        "model_config": {
            "hair_style": "long",
            "clothing": "crew_neck",
            "emotions": ["happy", "neutral", "serious"],
            "avatar": "european_woman",
        },
        "status": "completed",
        "failure": None,
    }
    assert set(told) == {*ALIASES, *AVATARS}


async def test_what_is_listed_can_be_chosen(shop, holder):
    avatars = [avatar["avatar_id"] for avatar in (await holder.get("/avatars")).json()]
    voices = [voice["voice_id"] for voice in (await holder.get("/voices")).json()]
    parts = [
        {"script": "Hello there, my friend.", "avatar_id": avatar, "voice_id": voice}
        for avatar, voice in zip(avatars, voices * 4, strict=False)
    ]

    for begin in range(0, len(parts), 10):
        part = await holder.post("/videos/batch", {"videos": parts[begin : begin + 10]})
        assert part.json()["failed_count"] == 0, part.text


def test_each_avatar_of_ours_has_an_alias_and_a_look():
    assert set(ALIASES.values()) == set(AVATARS) == set(LOOKS)


def test_an_alias_is_the_best_voice_that_there_is_and_a_name_of_ours_is_itself():
    assert voice_named("en_us_01", ["en-male", "en-male-natural"]) == "en-male-natural"
    assert voice_named("en_us_01", ["en-male"]) == "en-male"
    assert voice_named("en_us_01", []) == "en_us_01"
    assert voice_named("en_gb_01", ["en-male"]) == "en_gb_01"
    assert voice_named("en_us_01", ["en_us_01", "en-male"]) == "en_us_01"
    assert all(len(region) == 2 for region in REGIONS.values())
