"""`/api/v1/scripts/…`: written by a chat endpoint, analysed by formulas, translated by whoever can."""

import stat
import uuid

import pytest

from tests.service.heygen.conftest import VOICES, holder_of

SCRIPT = "Hello, welcome to our presentation. We love what we do, and you will too!"


async def test_a_script_is_written_in_plain_words_and_told_field_by_field(holder, chat):
    body = {
        "topic": "The Future of Artificial Intelligence",
        "language": "en",
        "style": "educational",
        "duration": "3 minutes",
        "additional_context": "Target audience: university students",
    }

    answer = await holder.post("/scripts/generate", body)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.pop("script_id").startswith("script_")
    assert told.pop("created_at")
    assert told == {
        "script": "Bees are busy.\nThey make honey.",
        "word_count": 6,
        "estimated_duration": told["estimated_duration"],
        "language": "en",
        "style": "educational",
        "engine": "small",
    }
    assert 0.02 < told["estimated_duration"] < 0.1
    [request] = chat.requests
    assert (request["model"], request["stream"], request["temperature"]) == ("small", True, 0.5)
    assert 180 * 14 * 0.5 < request["max_tokens"] < 180 * 14
    said = request["messages"][-1]["content"]
    assert all(words in said for words in ("Artificial Intelligence", "university students", "180 seconds"))
    assert chat.keys == ["Bearer secret"]
    assert await holder.balance() == (58_000, 0, 2_000)


@pytest.mark.parametrize(
    ("duration", "seconds"), [("90 seconds", 90), ("2:30", 150), ("1.5 min", 90), ("10s", 10)]
)
async def test_a_duration_is_understood_however_it_is_written(holder, chat, duration, seconds):
    answer = await holder.post("/scripts/generate", {"topic": "Bees", "duration": duration})

    assert answer.status_code == 200, answer.text
    assert f"{seconds} seconds" in chat.requests[0]["messages"][-1]["content"]


async def test_what_is_cut_off_ends_with_a_whole_sentence(holder, chat):
    chat.pieces, chat.finish = ["One is here. Two is here. Three is"], "length"

    answer = await holder.post("/scripts/generate", {"topic": "Numbers"})

    assert answer.json()["script"] == "One is here. Two is here."


async def test_an_endpoint_that_does_not_stream_serves_as_well(holder, chat):
    chat.streams = False

    answer = await holder.post("/scripts/generate", {"topic": "Bees"})

    assert answer.json()["script"] == "Bees are busy.\nThey make honey."


async def test_a_passing_failure_is_asked_about_again(holder, chat):
    chat.statuses = [503]

    answer = await holder.post("/scripts/generate", {"topic": "Bees"})

    assert (answer.status_code, len(chat.requests)) == (200, 2)


FAULTS = {
    "twice away": {"statuses": [503, 503]},
    "a wrong key": {"statuses": [401]},
    "broken off": {"breaks_after": 1},
    "nothing to say": {"pieces": ["\n", "```\n", "```"]},
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_script_that_is_not_written_costs_nothing(holder, chat, fault):
    chat.__dict__.update(FAULTS[fault])
    before = await holder.balance()

    answer = await holder.post("/scripts/generate", {"topic": "Bees"})

    assert (answer.status_code, answer.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert len(chat.requests) == (2 if fault == "twice away" else 1)
    assert await holder.balance() == before


async def test_a_script_is_analysed_field_by_field(holder):
    answer = await holder.post("/scripts/analyze", {"script": SCRIPT})

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.pop("script_id").startswith("analysis_")
    assert told["sentiment"].pop("confidence") > 0.3
    assert told == {
        "language": "en",
        "word_count": 14,
        "word_count_unit": "words",
        "estimated_duration": told["estimated_duration"],
        "readability_score": told["readability_score"],
        "readability_method": "Flesch Reading Ease",
        "sentiment": {"overall": "positive", "emotions": [], "method": "VADER"},
        "complexity": {
            "vocabulary_level": "basic",
            "sentence_complexity": "simple",
            "overall_complexity": "easy",
        },
        "suggestions": [],
    }
    assert 60 < told["readability_score"] < 110
    assert await holder.balance() == (58_000, 0, 2_000)


async def test_what_cannot_be_told_of_a_language_is_null_with_the_reason(holder):
    script = "今日は天気がいいです。散歩に行きましょう。とても楽しいです。"

    told = (await holder.post("/scripts/analyze", {"script": script})).json()

    assert (told["language"], told["word_count"], told["word_count_unit"]) == ("ja", 27, "characters")
    assert (
        told["readability_score"]
        is told["sentiment"]["overall"]
        is told["complexity"]["vocabulary_level"]
        is None
    )
    assert "'ja'" in told["readability_method"]
    assert "English" in told["sentiment"]["method"]


async def test_a_chat_endpoint_translates_and_nobody_claims_to_be_sure_of_it(holder, chat):
    chat.pieces = ["Hola, bienvenidos a ", "nuestra presentación."]
    body = {
        "script": "Hello, welcome to our presentation.",
        "target_language": "es",
        "source_language": "en",
        "preserve_style": True,
    }

    answer = await holder.post("/scripts/translate", body)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.pop("translation_id").startswith("translation_")
    assert told == {
        "original_script": "Hello, welcome to our presentation.",
        "translated_script": "Hola, bienvenidos a nuestra presentación.",
        "source_language": "en",
        "target_language": "es",
        "word_count": 5,
        "confidence_score": None,
        "engine": "small",
        "through": [],
    }
    assert "from English to Spanish" in chat.requests[0]["messages"][-1]["content"]
    assert await holder.balance() == (58_000, 0, 2_000)


async def test_a_translation_that_is_cut_off_is_none(holder, chat):
    chat.finish = "length"

    answer = await holder.post("/scripts/translate", {"script": SCRIPT, "target_language": "es"})

    assert answer.status_code == 503
    assert (await holder.balance())[0] == 60_000


WISHES = {
    "generate": ({"topic": "Bees"}, {"topic": "Wasps"}),
    "analyze": ({"script": SCRIPT}, {"script": SCRIPT, "language": "de"}),
    "translate": (
        {"script": SCRIPT, "target_language": "es"},
        {"script": SCRIPT, "target_language": "es", "preserve_style": False},
    ),
}


@pytest.mark.parametrize("wish", WISHES)
async def test_a_wish_that_is_sent_again_has_its_answer_and_costs_once(holder, chat, wish):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body, other_body = WISHES[wish]
    first = await holder.post(f"/scripts/{wish}", body, **key)
    chat.pieces = ["Something else."]

    again = await holder.post(f"/scripts/{wish}", body, **key)
    other = await holder.post(f"/scripts/{wish}", other_body, **key)

    assert first.status_code == 200, first.text
    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(chat.requests) == (wish != "analyze")
    assert await holder.balance() == (58_000, 0, 2_000)


async def test_a_key_is_an_accounts_own_and_no_other_wishs(holder, shop, chat):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = (await holder.post("/scripts/analyze", {"script": SCRIPT}, **key)).json()

    other_wish = await holder.post("/scripts/translate", {"script": SCRIPT, "target_language": "es"}, **key)
    stranger = await (await holder_of(shop)).post("/scripts/analyze", {"script": SCRIPT}, **key)
    no_uuid = await holder.post("/scripts/analyze", {"script": SCRIPT}, **{"Idempotency-Key": "mine"})

    assert other_wish.json()["error_code"] == "IDEMPOTENCY_KEY_REUSED"
    assert stranger.json()["script_id"] != first["script_id"]
    assert (no_uuid.status_code, "UUID" in no_uuid.json()["error"]) == (422, True)


async def test_health_tells_whether_the_endpoint_answers(shop, chat):
    told = (await shop.http.get("/api/v1/health")).json()

    assert told["components"] == {
        "avatar_manager": True,
        "voice_engine": True,
        "video_renderer": True,
        "script_generator": True,
    }
    assert told["status"] == "healthy"
    assert told["uptime"] >= 0
    assert told["version"]


APERTIUM = """#!/usr/bin/env python3
import sys
if sys.argv[1] == "-l":
    print("eng-spa\\n  spa-eng\\nes-pt")
else:
    words = {"eng-spa": {"Hello": "Hola", "all": "todos"}, "es-pt": {"Hola": "Olá", "todos": "todos"}}[sys.argv[1]]
    for word in sys.stdin.read().split():
        plain = word.strip(",.!")
        print(words.get(plain, "*" + plain) + word[len(plain):], end="  ")
"""
"""Speaks as Apertium does: pairs by `-l`, words that it does not know behind an asterisk."""


@pytest.fixture
def apertium(tmp_path):
    program = tmp_path / "apertium"
    program.write_text(APERTIUM)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


async def test_without_an_endpoint_a_dictionary_translates_and_tells_what_share_it_knew(
    tmp_path, make_shop, make_holder, apertium
):
    async with make_shop(tmp_path, apertium=apertium) as shop:
        holder = await make_holder(shop)
        body = {"script": "Hello, all zzz! https://a.example/x", "source_language": "en"}
        spanish = (await holder.post("/scripts/translate", {**body, "target_language": "es"})).json()
        portuguese = (await holder.post("/scripts/translate", {**body, "target_language": "pt"})).json()
        nobody = await holder.post("/scripts/translate", {**body, "target_language": "de"})
        written = await holder.post("/scripts/generate", {"topic": "Bees"})
        shop.worker.voices = VOICES
        health = (await shop.http.get("/api/v1/health")).json()
        balance = await holder.balance()

    assert spanish["translated_script"] == "Hola, todos zzz! https://a.example/x"
    assert (spanish["confidence_score"], spanish["engine"], spanish["through"]) == (0.667, "apertium", [])
    assert portuguese["translated_script"] == "Olá, todos zzz! https://a.example/x"
    assert (portuguese["confidence_score"], portuguese["through"]) == (0.444, ["es"])
    for answer, settings in (
        (nobody, ("SATSPEAK_CHAT_URL", "SATSPEAK_APERTIUM")),
        (written, ("SATSPEAK_CHAT_URL",)),
    ):
        assert (answer.status_code, answer.json()["error_code"]) == (503, "ENGINE_NOT_CONFIGURED")
        assert all(setting in answer.json()["error"] for setting in settings)
    assert (health["status"], health["components"]["script_generator"]) == ("degraded", False)
    assert balance == (56_000, 0, 4_000)
