"""A2E's API: each endpoint once as its clients ask, and once for each way in which it refuses."""

import asyncio
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest

from service.catalogue.built_in import AVATARS, LANGUAGES
from service.routes.a2e import missing, videos
from service.routes.a2e.names import new_record, public_id, record_id
from service.routes.a2e.schemas import UNMET
from tests.media_files import film, picture, speech

SHOWN = "6625ebd4613f49985c349f95"


async def until(holds) -> None:
    """Wait until something is so that the service tells."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - a poll is how A2E's clients wait
            await asyncio.sleep(0.05)


async def anchor(a2e) -> str:
    return str((await a2e.get("anchor/character_list", type="default"))[0]["_id"])


async def test_voices_come_in_groups_and_by_language(a2e):
    groups = await a2e.get("anchor/voice_list", country="en", region="US", voice_map_type="en-US")
    every = await a2e.post("anchor/tts_list")

    assert [(group["value"], [each["value"] for each in group["children"]]) for group in groups] == [
        ("female", ["carla"]),
        ("male", ["bert"]),
    ]
    assert [each["value"] for each in every[0]["children"]] == ["anna", "carla"]
    assert all(set(group) == {"label", "value", "children"} for group in groups)


async def test_avatars_are_anchors_with_pictures_and_names_that_stay(a2e):
    listed = await a2e.get("anchor/character_list")
    again = await a2e.post("anchor/character_list", type="default")

    assert listed == again
    assert {each["name"] for each in listed} >= {name.title() for name in AVATARS}
    assert all(re.fullmatch("[0-9a-f]{24}", each["_id"]) for each in listed)
    assert listed[0]["people_img"].startswith(f"{a2e.shop.url}/avatars/")
    assert await a2e.get("anchor/character_list", type="custom") == []
    assert await a2e.get("anchor/character_list", user_video_twin_id="0" * 24, type="custom") == []
    assert "'type'" in await a2e.get("anchor/character_list", 400, type="ghost")


async def test_languages_are_listed_and_told(a2e):
    assert {each["value"] for each in await a2e.get("anchor/language_list")} == set(LANGUAGES)
    german = await a2e.post("video/language_detect", text="Guten Tag, wie geht es Ihnen?")
    assert (german["language"], german["probability"] > 0.9) == ("de", True)
    korean = await a2e.post("video/language_detect", text="안녕하세요")  # whose letters no other has
    assert (korean["language"], korean["probability"]) == ("ko", None)
    assert "text" in await a2e.post("video/language_detect", 400)


async def test_coins_are_seconds_of_video_time(a2e, client_of):
    assert await a2e.get("user/remainingCoins") == {"coins": 60, "diamonds": 0}
    assert (await (await client_of(a2e.shop, 0)).get("user/remainingCoins"))["coins"] == 0


async def test_backgrounds_stand_in_the_library(a2e):
    uploaded = await a2e.shop.http.post("/media", content=picture("png"), headers=a2e.headers)
    same = await a2e.post("anchor/add_background", img_url=uploaded.json()["url"])

    listed = await a2e.get("anchor/background_list")
    deleted = await a2e.ask("DELETE", f"anchor/background/{same['_id']}")

    assert [each["_id"] for each in listed] == [same["_id"]]
    assert deleted == {"_id": same["_id"]}
    assert await a2e.get("anchor/background_list") == []
    await a2e.ask("DELETE", f"anchor/background/{same['_id']}", 404)
    await a2e.post("anchor/add_background", 410, img_url=same["url"])
    await a2e.post("anchor/add_background", 400, img_url="ftp://example.org/x.png")
    await a2e.post("anchor/add_background", 400)


async def test_a_file_is_transferred_to_the_library(a2e, run_server):
    async def host(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": speech("mp3", "libmp3lame")})

    async with run_server(host) as url:
        told = await a2e.post("tos/transferToStorage", url=f"{url}/speech")
    await a2e.post("tos/transferToStorage", 400, url=f"{url}/speech")  # nobody is there any more

    assert re.fullmatch(rf"{re.escape(a2e.shop.url)}/media/[a-z2-7]{{26}}\.mp3", told)
    assert (await a2e.shop.http.get(told)).content == speech("mp3", "libmp3lame")


async def test_there_are_no_voices_of_accounts_before_one_is_made(a2e):
    assert await a2e.get("userVoice/completedRecord") == await a2e.get("userVoice/processingRecord") == []


LIKE = {
    "voice": "bert~090-105-8888a77", "base": "bert", "language": "en", "gender": "male", "pitch_hz": 104.2,
    "pitch": 0.9, "tract": 1.05, "cosine": 0.96, "cosine_unmatched": 0.81,
}  # fmt: skip


async def test_a_voice_is_matched_to_samples_speaks_and_is_deleted(a2e, client_of):
    a2e.shop.worker.like = LIKE
    sample = await a2e.shop.http.post("/media", content=speech("wav", "pcm_s16le"), headers=a2e.headers)
    wish = {"name": "Me", "voice_urls": [sample.json()["url"]], "language": "en-US", "gender": "male"}
    assert "consent" in await a2e.post("userVoice/training", 400, **wish)

    begun = await a2e.post("userVoice/training", **wish, consent=True)
    path = f"userVoice/{begun['_id']}"

    async def done():
        return (await a2e.get(path))["current_status"] == "completed"

    await until(done)
    told = await a2e.get(path)
    assert (told["method"], told["similarity"], told["gender"], told["consent"]) == (
        "matched",
        0.96,
        "male",
        "yes",
    )
    assert [each["_id"] for each in await a2e.get("userVoice/completedRecord")] == [begun["_id"]]
    [asked] = a2e.shop.worker.said
    assert (asked["language"], asked["gender"], len(asked["samples"])) == ("en", "male", 1)
    await a2e.post("video/send_tts", msg="Hello.", user_voice_id=begun["_id"])
    assert a2e.shop.worker.said[-1]["voice"] == LIKE["voice"]
    await a2e.post("video/generate", anchor_id="arab_woman", msg="Hello.", user_voice_id=begun["_id"])
    await a2e.shop.eventually(lambda: bool(a2e.shop.worker.requests))
    assert a2e.shop.worker.requests[-1]["voice"] == LIKE["voice"]
    stranger = await client_of(a2e.shop, 60)
    await stranger.get(path, 404)
    await stranger.post("video/send_tts", 400, msg="Hello.", user_voice_id=begun["_id"])

    await a2e.ask("DELETE", path)

    await a2e.get(path, 404)
    await a2e.ask("DELETE", path, 404)


async def test_a_voice_that_cannot_be_matched_costs_nothing_and_says_why(a2e):
    sample = await a2e.shop.http.post("/media", content=speech("wav", "pcm_s16le"), headers=a2e.headers)
    begun = await a2e.post(
        "userVoice/startTraining", name="Me", audio_url=sample.json()["url"], consent="She agreed in May."
    )

    async def over():
        return (await a2e.get(f"userVoice/{begun['_id']}"))["current_status"] == "failed"

    await until(over)
    assert "matches" in (await a2e.get(f"userVoice/{begun['_id']}"))["failed_message"]
    assert (await a2e.balance())[1:] == (0, 0)
    assert "samples" in await a2e.post("userVoice/training", 400, name="x", consent=True)
    assert "language" in await a2e.post(
        "userVoice/training", 400, name="x", consent=True, audio_url=sample.json()["url"], language="tlh"
    )
    await a2e.post("userVideoTwin/cloneVoice", 404, _id="0" * 24, consent=True)


async def test_speech_is_a_link_and_costs_a_fifth_of_its_length(a2e):
    url = await a2e.post(
        "video/send_tts",
        msg=" Hello there, my dear friend. ",
        tts_id=SHOWN,
        speechRate=1.0,
        country="en",
        region="US",
    )

    assert re.fullmatch(rf"{re.escape(a2e.shop.url)}/media/[a-z2-7]{{26}}\.mp3", url)
    assert (await a2e.shop.http.get(url)).headers["Content-Type"] == "audio/mpeg"
    [said] = a2e.shop.worker.said
    assert (said["text"], said["voice"]) == ("Hello there, my dear friend.", "bert")
    free, reserved, used = await a2e.balance()
    assert (reserved, free + used) == (0, 60_000)
    assert 0 < used <= 500  # of 2.5 s, and at most what was predicted
    [listed] = (await a2e.shop.http.get("/media", headers=a2e.headers)).json()
    assert listed["url"] == url


async def test_speech_may_be_slower_and_takes_as_much_longer(a2e):
    said = {"msg": "Hello there, my dear friend.", "tts_id": SHOWN}
    for rate in (1, "0.8"):
        await a2e.post("video/send_tts", **said, speechRate=rate)

    assert [each.get("speed") for each in a2e.shop.worker.said] == [None, 0.8]


REFUSED_SPEECH: dict[str, tuple[int, dict[str, Any]]] = {
    "no text": (400, {"tts_id": "bert"}),
    "nothing to say": (400, {"msg": " ", "tts_id": "bert"}),
    "too much to say": (400, {"msg": "a " * 501, "tts_id": "bert"}),
    "no voice": (400, {"msg": "Hello."}),
    "an unknown voice": (400, {"msg": "Hello.", "tts_id": "zoe"}),
    "a voice of the account": (400, {"msg": "Hello.", "user_voice_id": "0" * 24}),
    "another speed": (400, {"msg": "Hello.", "tts_id": "bert", "speechRate": 1.5}),
    "a speed that is none": (400, {"msg": "Hello.", "tts_id": "bert", "speechRate": "fast"}),
}


@pytest.mark.parametrize(("status", "body"), REFUSED_SPEECH.values(), ids=REFUSED_SPEECH)
async def test_speech_that_is_refused_costs_nothing(a2e, status, body):
    await a2e.post("video/send_tts", status, **body)

    assert await a2e.balance() == (60_000, 0, 0)


async def test_speech_that_nobody_speaks_costs_nothing(a2e, client_of):
    for answer, status in (((500, "broken"), 503), ((503, "busy"), 503), ((400, "cannot be said"), 400)):
        a2e.shop.worker.answer = answer
        await a2e.post("video/send_tts", status, msg="Hello.", tts_id="bert")
    a2e.shop.worker.answer = None
    poor = await client_of(a2e.shop, 10)

    message = await poor.post("video/send_tts", 402, msg="Hello there, my dear friend.", tts_id="bert")

    assert "/lightning/top-up" in message
    assert await a2e.balance() == (60_000, 0, 0)
    assert await poor.balance() == (10, 0, 0)
    assert (await a2e.shop.http.get("/media", headers=a2e.headers)).json() == []


async def test_a_video_is_made_of_speech_of_the_library(a2e):
    url = await a2e.post("video/send_tts", msg="Hello there.", tts_id="bert")
    before = (await a2e.balance())[2]

    task = await a2e.post(
        "video/generate",
        title="Hello",
        anchor_id=await anchor(a2e),
        anchor_type=0,
        audioSrc=url,
        isSkipRs=True,
    )
    [told] = await a2e.post("video/awsResult", _id=task["_id"])
    [same] = await a2e.get("video/awsResult", _id=task["_id"])

    assert re.fullmatch("[0-9a-f]{24}", task["_id"])
    assert told == same
    assert (told["_id"], told["status"], told["process"]) == (task["_id"], "success", 100)
    assert told["result"].endswith(".mp4")
    assert "?" not in told["result"]
    assert (await a2e.shop.http.get(told["result"])).status_code == 200
    assert a2e.shop.worker.films == [(await a2e.shop.http.get(url)).content]
    assert a2e.shop.worker.pcm[-1] == a2e.shop.worker.recording
    assert await a2e.settled() - before == 1000


async def test_a_video_is_made_of_words_and_one_key_is_one_video(a2e):
    wish = {"anchor_id": "arab_woman", "msg": "Hello there, my dear friend.", "tts_id": "carla"}
    key = {"Idempotency-Key": str(uuid.uuid4())}

    first = await a2e.post("video/generate", headers=key, **wish)
    again = await a2e.post("video/generate", headers=key, **wish)
    await a2e.post("video/generate", 422, headers=key, **{**wish, "tts_id": "bert"})
    [told] = await a2e.post("video/awsResult", _id=first["_id"])

    assert (first["_id"], told["status"]) == (again["_id"], "success")
    assert len(a2e.shop.worker.requests) == 1
    assert a2e.shop.worker.requests[0]["voice"] == "carla"


async def test_one_key_is_one_video_of_a_recording_too(a2e):
    url = (
        await a2e.shop.http.post("/media", content=speech("wav", "pcm_s16le"), headers=a2e.headers)
    ).json()["url"]
    key = {"Idempotency-Key": str(uuid.uuid4())}

    first = await a2e.post("video/generate", headers=key, anchor_id="arab_woman", audioSrc=url)
    again = await a2e.post("video/generate", headers=key, anchor_id="arab_woman", audioSrc=url)
    await a2e.post("video/generate", 422, headers=key, anchor_id="arab_man", audioSrc=url)
    await a2e.post("video/awsResult", _id=first["_id"])

    assert first["_id"] == again["_id"]
    assert await a2e.settled() == 1000
    uploads = a2e.shop.folder / "objects" / "uploads"
    assert len(list(uploads.iterdir())) == 1


SCENE = {
    "web_bg_width": 853,
    "web_bg_height": 480,
    "web_people_width": 270,
    "web_people_height": 480,
    "web_people_x": 292,
    "web_people_y": 0,
}
"""What A2E's script sends."""


async def test_a_scene_is_scaled_to_its_resolution_and_costs_its_canvas(a2e):
    wish = {"anchor_id": "arab_woman", "msg": "Hello.", "tts_id": "bert"}

    task = await a2e.post(
        "video/generate",
        **wish,
        **SCENE,
        resolution=1080,
        anchor_background_color="#102030",
        isCaptionEnabled=False,
    )
    await a2e.post("video/awsResult", _id=task["_id"])

    shown = a2e.shop.worker.requests[-1]["stage"]
    assert (shown["width"], shown["height"], shown["background"]) == (1920, 1080, "#102030")
    # The box of an upright picture, 608 wide, holds the middle of a square one.
    assert shown["person"] == {"x": 420, "y": 0, "width": 1080, "height": 1080}


async def test_what_a_scene_cannot_be_is_refused_by_name(a2e):
    wish = {"anchor_id": "arab_woman", "msg": "Hello.", "tts_id": "bert"}
    for name in UNMET:
        assert name in await a2e.post("video/generate", 400, **wish, **{name: "x"})
    for unfit in (
        {"resolution": "huge"},
        {"resolution": 100_000},
        {"web_bg_height": 0},
        {"web_bg_width": 1},
        {"web_people_x": 5000, "web_people_width": 90},
        {"anchor_background_color": "red"},
        {"speechRate": 3},
    ):
        await a2e.post("video/generate", 400, **wish, **unfit)

    assert await a2e.balance() == (60_000, 0, 0)


async def test_what_cannot_be_a_video_is_refused_and_costs_nothing(a2e, client_of):
    face, words = {"anchor_id": "arab_woman"}, {"msg": "Hello.", "tts_id": "bert"}
    silent = await a2e.shop.http.post("/media", content=film("mp4", "libx264"), headers=a2e.headers)
    for body in (
        {},
        face,
        {**words, "anchor_id": "ghost"},
        {**face, "msg": "Hello."},
        {**face, **words, "audioSrc": "https://example.org/x.mp3"},
        {**face, "audioSrc": silent.json()["url"]},
        {**face, "audioSrc": "file:///etc/passwd"},
        {**face, **words, "speechRate": 2},
    ):
        await a2e.post("video/generate", 400, **body)
    await a2e.post("video/generate", 404, **face, audioSrc=f"{a2e.shop.url}/media/{'a' * 26}.mp3")
    poor = await client_of(a2e.shop, 10)
    await poor.post("video/generate", 402, **face, **words)

    assert await a2e.balance() == (60_000, 0, 0)
    assert await poor.balance() == (10, 0, 0)
    assert (await a2e.get("video/allRecords"))["total"] == 0


async def test_a_video_that_cannot_be_made_fails_and_gives_its_time_back(a2e):
    a2e.shop.worker.answer = (400, "Nobody can say that.")

    task = await a2e.post("video/generate", anchor_id="arab_woman", msg="Hello.", tts_id="bert")
    [told] = await a2e.post("video/awsResult", _id=task["_id"])

    assert (told["status"], told["result"]) == ("failed", "")
    assert told["failed_message"]
    assert await a2e.settled() == 0
    assert (await a2e.balance())[0] == 60_000


async def test_a_video_on_its_way_tells_how_far_it_is_and_can_be_given_up(a2e, monkeypatch):
    monkeypatch.setattr(videos, "LONGEST_WAIT", timedelta(0))
    a2e.shop.worker.hold_after = 2
    task = await a2e.post(
        "video/generate", anchor_id="arab_woman", msg="Hello there, my friend.", tts_id="bert"
    )
    await a2e.shop.eventually(lambda: bool(a2e.shop.worker.requests))

    [told] = await a2e.post("video/awsResult", _id=task["_id"])
    deleted = await a2e.ask("DELETE", f"video/{task['_id']}")

    assert told["status"] in ("init", "process")
    assert 0 <= told["process"] < 100
    assert deleted == {"_id": task["_id"]}
    await a2e.post("video/awsResult", 404, _id=task["_id"])
    assert await a2e.settled() == 0


async def test_records_are_of_one_account_and_of_this_api(a2e, client_of):
    other = await client_of(a2e.shop)
    task = await a2e.post("video/generate", anchor_id="arab_woman", msg="Hello.", tts_id="bert")
    await a2e.post("video/awsResult", _id=task["_id"])
    wish = {"text": "Hello.", "avatar": "arab_woman", "emotion": "neutral", "language": "en"}
    await a2e.shop.http.post("/inference", json=wish, headers=a2e.headers)

    listed = await a2e.get("video/allRecords", pageNum="1", pageSize="10")

    assert listed["total"] == 1
    assert [each["_id"] for each in listed["list"]] == [task["_id"]]
    assert (await other.get("video/allRecords"))["total"] == 0
    await other.post("video/awsResult", 404, _id=task["_id"])
    await other.ask("DELETE", f"video/{task['_id']}", 404)
    for unknown in ("0" * 24, "x", task["_id"].upper()):
        await a2e.post("video/awsResult", 404, _id=unknown)


async def test_a_whole_video_is_deleted_for_good(a2e):
    task = await a2e.post("video/generate", anchor_id="arab_woman", msg="Hello.", tts_id="bert")
    [told] = await a2e.post("video/awsResult", _id=task["_id"])
    await a2e.shop.until_joined()

    await a2e.ask("DELETE", f"video/{task['_id']}")

    await a2e.post("video/awsResult", 404, _id=task["_id"])
    assert (await a2e.get("video/allRecords"))["total"] == 0
    assert (await a2e.shop.http.get(told["result"])).status_code == 410


NOT_HERE = [
    *((501, name) for name in missing.NEVER),
    (501, "userFaceSwapTask/add"),
]


@pytest.mark.parametrize(("status", "path"), NOT_HERE)
async def test_what_is_not_to_be_had_says_why(a2e, status, path):
    reasons = missing.NEVER

    posted, got = await a2e.post(path, status, name="x"), await a2e.get(path, status)

    assert posted == got == next(reason for name, reason in reasons.items() if path.startswith(name))


ENDPOINTS = [
    ("GET", "anchor/voice_list"),
    ("POST", "anchor/tts_list"),
    ("GET", "anchor/character_list"),
    ("POST", "anchor/character_list"),
    ("GET", "anchor/language_list"),
    ("GET", "anchor/background_list"),
    ("POST", "anchor/add_background"),
    ("DELETE", "anchor/background/x"),
    ("POST", "tos/transferToStorage"),
    ("GET", "user/remainingCoins"),
    ("GET", "userVoice/completedRecord"),
    ("GET", "userVoice/processingRecord"),
    ("POST", "userVoice/training"),
    ("GET", "userVoice/x"),
    ("DELETE", "userVoice/x"),
    ("POST", "userVideoTwin/cloneVoice"),
    ("POST", "video/send_tts"),
    ("POST", "video/generate"),
    ("POST", "video/awsResult"),
    ("GET", "video/awsResult?_id=x"),
    ("GET", "video/allRecords"),
    ("DELETE", "video/x"),
    ("POST", "video/language_detect"),
    ("POST", "userText2image/start"),
    ("POST", "userFaceSwapTask/add"),
]


async def test_nobody_gets_anything_without_a_key_or_by_another_kind_of_key(speaking_shop):
    operators = await speaking_shop.key()
    for method, path in ENDPOINTS:
        for headers, status in (({}, 401), ({"X-API-Key": "sk_wrong"}, 401), (operators, 403)):
            answer = await speaking_shop.http.request(method, f"/api/v1/{path}", headers=headers, json={})
            assert (answer.status_code, answer.json()["code"]) == (status, status), path
            assert set(answer.json()) == {"code", "msg", "trace_id"}


async def test_a_broken_body_is_refused_in_the_envelope(a2e):
    for path in ("video/generate", "video/send_tts", "video/awsResult", "tos/transferToStorage"):
        for body in (b"", b"{", b"[]", b'{"msg": 1, "anchor_id": 2, "_id": 3, "url": 4}'):
            assert await a2e.ask("POST", path, 400, content=body)


async def test_an_unknown_field_is_passed_over(a2e):
    await a2e.post("video/language_detect", text="Hello.", model="V2.1")


def test_an_id_is_an_order_and_back():
    record = new_record()

    known = record_id(record)

    assert known is not None
    assert public_id(known) == record
    assert str(uuid.UUID(record)) == record
    assert record_id(str(uuid.uuid4())) is None
