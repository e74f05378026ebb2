"""`/api/v1/videos/…`: made from the video time of an account, one or several at once."""

import asyncio
import re
import uuid
from datetime import datetime

import pytest

from tests.service.heygen.conftest import VIDEO


async def test_a_video_is_made_and_told_field_by_field(shop, holder):
    answer = await holder.create()

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert str(uuid.UUID(told["video_id"])) == told["video_id"]
    assert told == {
        "video_id": told["video_id"],
        "status": "completed",
        "output_url": f"{shop.url}/inference/{told['video_id']}/video.mp4",
        "duration": 1.92,
        "file_size": len(shop.worker.video),
        "created_at": told["created_at"],
        "updated_at": told["updated_at"],
        "metadata": {
            "avatar_id": "professional_male_01",
            "voice_id": "en_us_01",
            "language": "en",
            "style": "professional",
            "emotion": "neutral",
            "resolution": "720p",
            "output_format": "mp4",
        },
        "failure": None,
    }
    assert datetime.fromisoformat(told["created_at"]) <= datetime.fromisoformat(told["updated_at"])
    [request] = shop.worker.requests
    assert (request["avatar"], request["emotion"], request["voice"]) == (
        "european_man",
        "neutral",
        "en-male-natural",
    )
    assert (await shop.http.get(told["output_url"])).content == shop.worker.video
    _, reserved, used = await holder.balance()
    assert (reserved, used) == (0, 1920)
    assert (await holder.get(f"/videos/{told['video_id']}")).json() == told


@pytest.mark.parametrize(
    ("style", "emotion"),
    [("educational", "neutral"), ("casual", "happy"), ("marketing", "happy"), ("entertainment", "happy")],
)
async def test_a_style_is_a_look(shop, holder, style, emotion):
    told = (await holder.create(style=style)).json()

    assert [request["emotion"] for request in shop.worker.requests] == [emotion]
    assert told["metadata"]["style"] == style


async def test_settings_that_are_met_are_taken_and_an_emotion_comes_before_the_style(shop, holder):
    custom = {"lighting": "studio", "camera_angle": "front", "emotion": "serious"}

    answer = await holder.create(custom_settings=custom, voice_id="es-female", language=None)

    assert answer.status_code == 200, answer.text
    assert answer.json()["metadata"]["language"] == "es"
    assert [request["emotion"] for request in shop.worker.requests] == ["serious"]


PLAIN = {"person": None, "background": None, "captions": False, "speed": 1.0}


async def test_a_resolution_is_a_canvas_and_costs_what_its_pixels_cost(shop, holder):
    told = [(await holder.create(resolution=name)).json() for name in ("720p", "1080p", "4k")]

    assert [request["stage"] for request in shop.worker.requests] == [
        {"width": 1280, "height": 720, **PLAIN},
        {"width": 1920, "height": 1080, **PLAIN},
        {"width": 3840, "height": 2160, **PLAIN},
    ]
    assert [each["metadata"]["resolution"] for each in told] == ["720p", "1080p", "4k"]
    assert (await holder.balance())[1:] == (0, 1920 + 2880 + 11520)


async def test_a_colour_stands_behind_and_a_layout_says_where_somebody_stands(shop, holder):
    for layout in ("left", "center", "right"):
        answer = await holder.create(background="#1f3b57", custom_settings={"layout": layout})
        assert answer.status_code == 200, answer.text

    stages = [request["stage"] for request in shop.worker.requests]
    assert {stage["background"] for stage in stages} == {"#1f3b57"}
    assert [stage["person"] for stage in stages] == [
        {"x": 0, "y": 0, "width": 640, "height": 720},
        None,
        {"x": 640, "y": 0, "width": 640, "height": 720},
    ]


async def test_another_format_is_where_the_link_leads_once_the_video_is_whole(shop, holder):
    shop.worker.hold_after = 1

    begun = (await holder.create(output_format="webm", prefer="respond-async")).json()
    shop.worker.go.set()
    video = f"{shop.url}/inference/{begun['video_id']}/video.mp4"
    assert (await shop.http.get(video)).content == shop.worker.video
    whole = (await holder.get(f"/videos/{begun['video_id']}")).json()

    assert (begun["output_url"], begun["metadata"]["output_format"]) == (None, "webm")
    assert (whole["status"], whole["output_url"]) == ("completed", f"{video}?format=webm")
    assert whole["file_size"] is None


async def test_a_duration_is_met_by_the_pace_as_far_as_a_person_could(shop, holder):
    refused = await holder.create(duration=1)
    fastest, slowest = (float(seconds) for seconds in re.findall(r"\d+\.\d+", refused.json()["error"])[:2])

    slow, fast = await holder.create(duration=slowest - 0.1), await holder.create(duration=fastest + 0.1)

    assert (refused.status_code, refused.json()["details"]) == (422, {"field": "duration"})
    assert (slow.status_code, fast.status_code) == (200, 200), (slow.text, fast.text)
    paces = [request["stage"]["speed"] for request in shop.worker.requests]
    assert 0.8 <= paces[0] < 0.9
    assert 1.1 < paces[1] <= 1.25


async def test_who_does_not_want_to_wait_is_told_at_once_and_asks_again(shop, holder):
    shop.worker.hold_after = 1

    answer = await holder.create(prefer="respond-async")

    assert answer.headers["preference-applied"] == "respond-async"
    told = answer.json()
    assert told["status"] in ("pending", "processing")
    assert (told["duration"], told["file_size"]) == (None, None)
    assert (await holder.balance())[1] > 0
    shop.worker.go.set()
    assert (await shop.http.get(told["output_url"])).content == shop.worker.video
    assert (await holder.get(f"/videos/{told['video_id']}")).json()["status"] == "completed"


async def test_a_video_that_takes_longer_than_the_wait_goes_on(shop, holder):
    shop.worker.hold_after = 1

    answer = await holder.create(prefer="wait=1")

    assert (answer.status_code, answer.json()["status"]) == (200, "processing")
    assert answer.headers["preference-applied"] == "wait=1"
    shop.worker.go.set()
    assert (await shop.http.get(answer.json()["output_url"])).content == shop.worker.video


async def test_the_same_request_by_one_key_is_one_video_paid_once(shop, holder):
    key = str(uuid.uuid4())

    first, again = await asyncio.gather(holder.create(key=key), holder.create(key=key))
    other = await holder.create(key=key, style="casual")

    assert first.json() == again.json()
    assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await holder.balance())[1:] == (0, 1920)


async def test_what_the_renderer_refuses_costs_nothing(shop, holder):
    shop.worker.answer = (400, "Nobody can say that.")
    before = await holder.balance()

    answer = await holder.create()

    assert (answer.status_code, answer.json()["error_code"]) == (422, "RENDER_REFUSED")
    assert answer.json()["error"] == "Nobody can say that."
    assert await holder.balance() == before


async def test_what_fails_behind_somebodys_back_is_told_as_failed_and_costs_nothing(shop, holder):
    shop.worker.answer = (400, "Nobody can say that.")
    before = await holder.balance()

    told = (await holder.post("/videos/batch", {"videos": [VIDEO]})).json()["videos"][0]

    assert told["status"] == "failed"
    assert told["failure"] == {"error": "Nobody can say that.", "error_code": "VIDEO_FAILED"}
    assert told["output_url"] is None
    assert (await holder.get(f"/videos/{told['video_id']}")).json() == told
    assert await holder.balance() == before


async def test_another_account_sees_neither_video_nor_batch(shop, holder, make_holder):
    other = await make_holder(shop)
    video = (await holder.create()).json()["video_id"]
    batch = (await holder.post("/videos/batch", {"videos": [VIDEO]})).json()["batch_id"]

    answers = [await other.get(f"/videos/{video}"), await other.get(f"/videos/batch/{batch}")]

    assert [(each.status_code, each.json()["error_code"]) for each in answers] == [
        (404, "VIDEO_NOT_FOUND"),
        (404, "BATCH_NOT_FOUND"),
    ]


async def test_of_a_batch_a_part_fails_alone_and_costs_nothing(shop, holder):
    parts = [
        {**VIDEO, "script": "First video content"},
        {**VIDEO, "avatar_id": "nobody"},
        {"script": "Short"},
        {**VIDEO, "avatar_id": "professional_female_01", "voice_id": "en_us_02"},
    ]

    answer = await holder.post("/videos/batch", {"videos": parts})

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["total_count"], told["completed_count"], told["failed_count"]) == (4, 2, 2)
    assert [part["status"] for part in told["videos"]] == ["completed", "failed", "failed", "completed"]
    assert [part["failure"] and part["failure"]["error_code"] for part in told["videos"]] == [
        None,
        "AVATAR_NOT_FOUND",
        "VALIDATION_ERROR",
        None,
    ]
    assert (await holder.balance())[1:] == (0, 2 * 1920)
    assert (await holder.get(f"/videos/batch/{told['batch_id']}")).json() == told


async def test_a_batch_is_set_aside_whole_or_not_at_all(shop, make_holder):
    poor = await make_holder(shop, ms=5_000)

    answer = await poor.post("/videos/batch", {"videos": [VIDEO] * 3})

    assert (answer.status_code, answer.json()["error_code"]) == (402, "INSUFFICIENT_CREDITS")
    details = answer.json()["details"]
    assert details["missing_seconds"] == details["top_up"]["body"]["seconds"] == 4
    assert await poor.balance() == (5_000, 0, 0)
    assert shop.worker.requests == []


async def test_ten_are_taken_where_one_more_would_be(shop, holder):
    answer = await holder.post("/videos/batch", {"videos": [VIDEO] * 10}, Prefer="respond-async")

    assert answer.json()["total_count"] == 10
    for part in answer.json()["videos"]:
        assert (await shop.http.get(part["output_url"])).content == shop.worker.video
    assert (await holder.balance())[1:] == (0, 10 * 1920)


async def test_a_batch_by_one_key_is_one_batch(shop, holder):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"videos": [VIDEO, {**VIDEO, "voice_id": "none"}]}

    first, again = await asyncio.gather(*(holder.post("/videos/batch", body, **headers) for _ in range(2)))
    other = await holder.post("/videos/batch", {"videos": [VIDEO]}, **headers)

    assert first.json() == again.json()
    assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await holder.balance())[1:] == (0, 1920)
