"""Each endpoint of `/api/v1`, once for each error that its document names, all in one shape."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from service.routes.http import problem_types as types
from tests.service.heygen.conftest import VIDEO

SCRIPT = "Hello, welcome to our presentation. It is a fine day."

BODIES: dict[str, dict[str, Any]] = {
    "/videos/create": VIDEO,
    "/videos/batch": {"videos": [VIDEO]},
    "/scripts/generate": {"topic": "Bees", "duration": "30 seconds"},
    "/scripts/analyze": {"script": SCRIPT},
    "/scripts/translate": {"script": SCRIPT, "target_language": "es"},
    "/voices/clone": {"voice_name": "Mine", "audio_samples": ["https://example.com/a.wav"] * 3},
    "/avatars/create": {"name": "Mine", "image_url": "https://example.com/a.jpg"},
}

READS = ("/voices", "/avatars", "/videos/none", "/videos/batch/none")

PAID = ("/videos/create", "/videos/batch", "/scripts/generate", "/scripts/analyze", "/scripts/translate")

NOTHING = "00000000-0000-4000-8000-000000000000"


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check the shape of an error; its details."""
    assert (answer.status_code, answer.json().get("error_code")) == (status, code), answer.text
    told = answer.json()
    assert list(told) == ["error", "error_code", "details", "timestamp"]
    assert told["error"]
    assert abs(datetime.fromisoformat(told["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert told["timestamp"].endswith("Z")
    assert answer.headers["content-type"] == "application/json"
    return {"error": told["error"], **told["details"]}


@pytest.mark.parametrize("path", [*BODIES, *READS])
async def test_without_a_key_or_with_a_wrong_one_nothing_is_done(shop, path):
    for headers in ({}, {"X-API-Key": "sk_no"}, {"Authorization": "Bearer sk_no"}):
        method, body = ("POST", BODIES[path]) if path in BODIES else ("GET", None)
        answer = await shop.http.request(method, f"/api/v1{path}", json=body, headers=headers)

        refused(answer, 401, "INVALID_API_KEY")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert shop.worker.requests == []


async def test_a_key_for_other_things_is_refused(shop):
    answer = await shop.http.get("/api/v1/voices", headers=await shop.key())

    refused(answer, 403, "INSUFFICIENT_SCOPE")


async def test_a_key_may_come_as_a_bearer_too(shop, holder):
    bearer = {"Authorization": f"Bearer {holder.headers['X-API-Key']}"}

    assert (await shop.http.get("/api/v1/voices", headers=bearer)).status_code == 200


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff"])
async def test_what_is_no_json_object_is_a_bad_request(shop, holder, path, body):
    answer = await shop.http.post(f"/api/v1{path}", content=body, headers=holder.headers)

    refused(answer, 400, "BAD_REQUEST")


@pytest.mark.parametrize("path", BODIES)
async def test_a_field_that_is_unknown_or_missing_is_named(shop, holder, path):
    first = next(iter(BODIES[path]))

    more = refused(await holder.post(path, {**BODIES[path], "colour": 1}), 422, "VALIDATION_ERROR")
    less = {name: value for name, value in BODIES[path].items() if name != first}
    missing = refused(await holder.post(path, less or {"colour": 1}), 422, "VALIDATION_ERROR")

    assert more["field"] == "colour"
    assert missing["field"] in (first, "colour")


UNFIT = [
    ("/videos/create", {"script": "Too short"}, "script"),
    ("/videos/create", {"script": "x" * 5001}, "script"),
    ("/videos/create", {"style": "baroque"}, "style"),
    ("/videos/create", {"language": "tlh"}, "language"),
    ("/videos/create", {"language": "de"}, "voice"),
    ("/videos/create", {"output_format": "gif"}, "output_format"),
    ("/videos/create", {"resolution": "8k"}, "resolution"),
    ("/videos/create", {"custom_settings": {"lighting": "candle"}}, "custom_settings"),
    ("/videos/create", {"custom_settings": {"camera_angle": "side"}}, "custom_settings"),
    ("/videos/create", {"custom_settings": {"weather": "rain"}}, "custom_settings"),
    ("/videos/create", {"custom_settings": {"emotion": "angry"}}, "emotion"),
    ("/videos/create", {"custom_settings": {"layout": "above"}}, "custom_settings.layout"),
    ("/videos/create", {"custom_settings": {"layout": True}}, "custom_settings"),
    ("/videos/create", {"background": "blue"}, "background"),
    ("/videos/create", {"background": "https://127.0.0.1/background.jpg"}, "background"),
    ("/videos/create", {"custom_settings": {"captions": "yes"}}, "custom_settings"),
    ("/videos/create", {"duration": 30}, "duration"),
    ("/videos/create", {"duration": 1}, "duration"),
    ("/videos/create", {"duration": 601}, "duration"),
    ("/videos/create", {"script": "\u2026 \u2026 \u2026 \u2026 \u2026 \u2026"}, "text"),
    ("/videos/batch", {"videos": []}, "videos"),
    ("/videos/batch", {"videos": [VIDEO] * 11}, "videos"),
    ("/videos/batch", {"videos": ["one"]}, "videos"),
    ("/scripts/generate", {"topic": "x"}, "topic"),
    ("/scripts/generate", {"topic": "x" * 201}, "topic"),
    ("/scripts/generate", {"language": "tlh"}, "language"),
    ("/scripts/generate", {"style": "baroque"}, "style"),
    ("/scripts/generate", {"duration": "a while"}, "duration"),
    ("/scripts/generate", {"duration": "9 seconds"}, "duration"),
    ("/scripts/generate", {"duration": "11 minutes"}, "duration"),
    ("/scripts/analyze", {"script": "Too short"}, "script"),
    ("/scripts/analyze", {"language": "tlh"}, "language"),
    ("/scripts/translate", {"target_language": "tlh"}, "target_language"),
    ("/scripts/translate", {"source_language": "tlh"}, "source_language"),
    ("/scripts/translate", {"target_language": "en", "source_language": "en"}, "target_language"),
    ("/voices/clone", {"voice_name": "x"}, "voice_name"),
    ("/voices/clone", {"audio_samples": ["https://example.com/a.wav"] * 2}, "audio_samples"),
    ("/voices/clone", {"audio_samples": ["https://example.com/a.wav"] * 11}, "audio_samples"),
    ("/avatars/create", {"name": "x" * 51}, "name"),
    ("/avatars/create", {"style": "baroque"}, "style"),
    ("/avatars/create", {"gender": "none"}, "gender"),
    ("/avatars/create", {"image_url": "file:///etc/passwd"}, "image_url"),
    ("/avatars/create", {"image_url": "http://127.0.0.1/face.png"}, "image_url"),
]


@pytest.mark.parametrize(("path", "change", "field"), UNFIT)
async def test_a_value_that_there_is_not_is_refused_and_its_field_named(shop, holder, path, change, field):
    before = await holder.balance()

    told = refused(await holder.post(path, {**BODIES[path], **change}), 422, "VALIDATION_ERROR")

    assert told["field"] == field
    assert await holder.balance() == before


async def test_an_unknown_avatar_or_voice_is_not_found_and_those_that_there_are_are_listed(shop, holder):
    avatar = refused(await holder.create(avatar_id="nobody"), 404, "AVATAR_NOT_FOUND")
    voice = refused(await holder.create(voice_id="nobody"), 404, "VOICE_NOT_FOUND")

    assert {"professional_male_01", "european_man"} <= set(avatar["available"])
    assert {"en_us_01", "en-male-natural"} <= set(voice["available"])


@pytest.mark.parametrize("path", PAID)
async def test_an_account_without_video_time_is_told_what_is_missing_and_where_to_buy_it(
    shop, make_holder, path
):
    poor = await make_holder(shop, ms=0)

    told = refused(await poor.post(path, BODIES[path]), 402, "INSUFFICIENT_CREDITS")

    assert told["missing_seconds"] > 0
    top_up = told["top_up"]
    bought = await shop.http.request(
        top_up["method"], top_up["path"], json=top_up["body"], headers=poor.headers
    )
    assert bought.status_code == 200


async def test_a_voice_of_nobody_who_has_agreed_is_refused_and_costs_nothing(shop, holder):
    before = await holder.balance()

    answer = await holder.post("/voices/clone", BODIES["/voices/clone"] | {"consent": ""})

    refused(answer, 422, "VALIDATION_ERROR")
    assert "agreed" in answer.text
    assert await holder.balance() == before


@pytest.mark.parametrize("path", ["/nothing", "/videos", "/scripts/none/at/all", "/videos/a/b/c"])
async def test_a_path_that_leads_nowhere_is_told_in_this_shape(shop, holder, path):
    refused(await holder.get(path), 404, "NOT_FOUND")


async def test_what_is_beside_it_keeps_its_own_shape(shop):
    assert (await shop.http.get("/api/v2")).json()["title"] == types.NOT_FOUND.title
    assert (await shop.http.get("/api/v1x")).json()["title"] == types.NOT_FOUND.title


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/voices"), ("GET", "/scripts/generate"), ("PUT", "/health")]
)
async def test_a_method_that_a_path_does_not_take_is_told_in_this_shape(shop, holder, method, path):
    answer = await shop.http.request(method, f"/api/v1{path}", headers=holder.headers)

    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"]


@pytest.mark.parametrize("path", ["/videos/none", f"/videos/{NOTHING}", "/videos/%00"])
async def test_a_video_that_there_is_not_is_not_found(shop, holder, path):
    refused(await holder.get(path), 404, "VIDEO_NOT_FOUND")


@pytest.mark.parametrize("path", ["/videos/batch/none", f"/videos/batch/{NOTHING}", "/videos/batch/%00"])
async def test_a_batch_that_there_is_not_is_not_found(shop, holder, path):
    refused(await holder.get(path), 404, "BATCH_NOT_FOUND")


async def test_an_idempotency_key_has_to_be_one(shop, holder):
    told = refused(await holder.create(key="mine"), 422, "VALIDATION_ERROR")

    assert told["field"] == "Idempotency-Key"


async def test_a_body_that_is_too_large_is_refused(shop, holder):
    body = b'{"script": "' + b"x" * 1_000_000 + b'"}'

    answer = await shop.http.post("/api/v1/videos/create", content=body, headers=holder.headers)

    refused(answer, 413, "BODY_TOO_LARGE")


async def test_a_busy_renderer_costs_nothing(shop, holder):
    shop.worker.answer = (503, "No room.")
    before = await holder.balance()

    answer = await holder.create()

    refused(answer, 503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
    assert await holder.balance() == before


async def test_who_has_too_much_open_is_told_when_to_come_back(shop, make_holder):
    busy = await make_holder(shop)
    shop.worker.hold_after = 1
    for _ in range(8):
        assert (await busy.create(prefer="respond-async")).status_code == 200

    answer = await busy.create()

    refused(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert int(answer.headers["retry-after"]) > 0
    shop.worker.go.set()


async def test_what_nobody_thought_of_is_told_in_this_shape_and_logged_by_its_name(shop, holder, monkeypatch):
    async def fail(self: object, text: str) -> None:
        raise RuntimeError("a disk is full")

    monkeypatch.setattr("service.studio.scripts.Scripts.analyse", fail)

    answer = await holder.post("/scripts/analyze", BODIES["/scripts/analyze"])

    told = refused(answer, 500, "INTERNAL_SERVER_ERROR")
    assert told["request_id"] == answer.headers["x-request-id"]


async def test_an_address_has_so_many_requests_an_hour_and_is_told(tmp_path, make_shop, make_holder):
    async with make_shop(tmp_path, heygen_per_hour=3) as shop:
        holder = await make_holder(shop)
        health = [await shop.http.get("/api/v1/health") for _ in range(5)]
        answers = [await holder.get("/avatars") for _ in range(4)]
        shop.clock.pass_by(minutes=20, seconds=1)
        later = await holder.get("/avatars")

    assert {answer.status_code for answer in health} == {200}
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"3"}
    resets = [int(answer.headers["x-ratelimit-reset"]) for answer in answers]
    assert resets == sorted(resets)
    assert resets[2] - resets[0] in range(2398, 2403)
    refused(answers[3], 429, "RATE_LIMIT_EXCEEDED")
    assert int(answers[3].headers["retry-after"]) <= 1200
    assert later.status_code == 200


async def test_what_the_judge_will_not_have_is_refused_and_costs_nothing(tmp_path, make_shop, make_holder):
    judge = tmp_path / "judge.sh"
    judge.write_text("#!/bin/sh\ngrep -q gold && { echo No gold.; exit 1; } || exit 0\n")
    judge.chmod(0o755)
    async with make_shop(tmp_path, screen=str(judge)) as shop:
        shop.worker.voices = [{"name": "en-male", "language": "en", "gender": "male"}]
        holder = await make_holder(shop)
        before = await holder.balance()

        video = await holder.create(script="Buy gold, and buy it now.")
        script = await holder.post("/scripts/analyze", {"script": "Buy gold, and buy it now."})
        batch = (
            await holder.post("/videos/batch", {"videos": [{**VIDEO, "script": "Buy gold at once."}]})
        ).json()

        assert await holder.balance() == before
    for answer in (video, script):
        assert refused(answer, 403, "CONTENT_REFUSED")["error"] == "No gold."
    assert batch["videos"][0]["failure"] == {"error": "No gold.", "error_code": "CONTENT_REFUSED"}
