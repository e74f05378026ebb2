"""Every endpoint of four documents whose APIs are here, once as it is meant and once for each error that it names.

000 is A2E's pipeline, 001 its catalogue and streaming avatars, 003 LiveTalking behind a proxy, 004 the HeyGen-like
API. A row is one request. Who sends it follows from its answer: 401 is for nobody, 402 for an account without video
time, 403 for a key of the operator's, all else for an account that has it all.
"""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live.viewer import Viewer
from tests.media_files import picture
from tests.service.heygen.conftest import VIDEO, VOICES, Chat, holder_of
from tests.serving import serve

SCRIPT = "Hello, welcome to our presentation. It is a fine day."

FILM = {"title": "Hello", "anchor_id": "arab_woman", "anchor_type": 0}
SAID = {"msg": "Hello.", "tts_id": "en-male"}
FACE = {"name": "Ada", "gender": "female", "image_url": "{picture}"}
TWO = {"videos": [VIDEO, VIDEO]}

# fmt: off
TABLE: list[tuple[str, str, Any, int, str]] = [
    # document, endpoint, request, status, what the answer has
    ("000", "POST userText2image/start", {"prompt": "An old woman"}, 200, "image_urls"),
    ("000", "POST userText2image/start", {"prompt": ""}, 400, "prompt"),
    ("000", "POST userText2image/start", {"prompt": "An old woman"}, 402, "top-up"),
    ("000", "POST userVideoTwin/startTraining", FACE, 200, "_id"),
    ("000", "POST userVideoTwin/startTraining", {"name": "Ada", "gender": "female"}, 400, "image_url"),
    ("000", "POST userVideoTwin/startTraining", FACE, 402, "top-up"),
    ("000", "GET userVideoTwin/{twin}", None, 200, "completed"),
    ("000", "GET userVideoTwin/{none}", None, 404, "_id"),
    ("000", "POST userVideoTwin/continueTranining", {"_id": "{twin}"}, 200, "current_status"),
    ("000", "POST userVideoTwin/continueTranining", {"_id": "{none}"}, 404, "_id"),
    ("000", "GET anchor/voice_list?country=en&region=US&voice_map_type=en-US", None, 200, "children"),
    ("000", "POST video/send_tts", SAID, 200, ".mp3"),
    ("000", "POST video/send_tts", {"msg": "Hello.", "tts_id": "nobody"}, 400, "tts_id"),
    ("000", "POST video/send_tts", SAID, 402, "top-up"),
    ("000", "GET anchor/character_list?user_video_twin_id={twin}&type=custom", None, 200, "{twin}"),
    ("000", "POST video/generate", {**FILM, "audioSrc": "{speech}"}, 200, "_id"),
    ("000", "POST video/generate", FILM, 400, "audioSrc"),
    ("000", "POST video/generate", {**FILM, **SAID}, 402, "top-up"),
    ("000", "POST video/awsResult", {"_id": "{video}"}, 200, "success"),
    ("000", "POST video/awsResult", {"_id": "{none}"}, 404, "_id"),

    ("001", "POST anchor/tts_list", {}, 200, "children"),
    ("001", "GET userVoice/completedRecord", None, 200, "data"),
    ("001", "GET userVoice/processingRecord", None, 200, "data"),
    ("001", "GET video/allRecords", None, 200, "total"),
    ("001", "POST anchor/character_list", {"type": "default"}, 200, "people_img"),
    ("001", "POST video/language_detect", {"text": "Guten Tag, wie geht es Ihnen?"}, 200, "de"),
    ("001", "GET userVideoTwin/allRecords", None, 200, "{twin}"),
    ("001", "GET userVideoTwin/processingRecord", None, 200, "data"),
    ("001", "GET anchor/language_list", None, 200, "English"),
    ("001", "GET anchor/background_list", None, 200, "{picture}"),
    ("001", "POST anchor/add_background", {"img_url": "{picture}"}, 200, "_id"),
    ("001", "POST anchor/add_background", {"img_url": "ftp://example.org/x.png"}, 400, "img_url"),
    ("001", "DELETE anchor/background/{none}", None, 404, "code"),
    ("001", "GET user/remainingCoins", None, 200, "coins"),
    ("001", "POST tos/transferToStorage", {"url": "{picture}"}, 200, "{picture}"),
    ("001", "POST tos/transferToStorage", {}, 400, "url"),
    ("001", "POST userFaceSwapTask/add", {}, 501, "network"),
    ("001", "POST userDubbing/startDubbing", {}, 501, "transcribes"),
    ("001", "POST userImage2Video/start", {}, 501, "engine"),
    ("001", "POST userCaptionRemoval/start", {}, 501, "engine"),
    ("001", "GET streaming-avatar/all_avatars", None, 200, "people_img"),
    ("001", "POST streaming-avatar/agora-token", {"avatar_id": "ann"}, 200, "webrtc_url"),
    ("001", "POST streaming-avatar/agora-token", {"avatar_id": "nobody"}, 400, "avatar_id"),
    ("001", "POST streaming-avatar/agora-token", {"avatar_id": "ann"}, 402, "top-up"),
    ("001", "POST streaming-avatar/set_qa_context", {"channel": "{channel}", "qa_context": "Bees."}, 200, "data"),
    ("001", "POST streaming-avatar/set_qa_context", {"channel": "{channel}"}, 400, "qa_context"),
    ("001", "GET streaming-avatar/get_qa_context?channel={channel}", None, 200, "Bees."),
    ("001", "POST streaming-avatar/ask", {"channel": "{channel}", "question": "Who are you?"}, 200, "answer"),
    ("001", "POST streaming-avatar/ask", {"channel": "{channel}", "question": ""}, 400, "question"),
    ("001", "POST streaming-avatar/speak", {"channel": "{channel}", "text": "speak something"}, 200, "data"),
    ("001", "POST streaming-avatar/speak", {"channel": "{channel}"}, 400, "text"),
    ("001", "POST streaming-avatar/speak", {"channel": "f84fd", "text": "speak something"}, 404, "f84fd"),
    ("001", "POST streaming-avatar/leave", {"channel": "f84fd"}, 404, "f84fd"),

    ("003", "GET avatar/session", None, 200, "webrtc_url"),
    ("003", "POST avatar/send-text", {"session_id": "{channel}", "text": "Hello!"}, 200, "Text sent successfully"),
    ("003", "POST avatar/send-text", {"session_id": 1, "text": ""}, 422, "String should have at least 1 character"),
    ("003", "POST avatar/send-text", {"session_id": 1, "text": "Hello!"}, 404, "no session"),
    ("003", "POST avatar/recording", {"session_id": "{channel}", "action": "start"}, 200, "Recording started"),
    ("003", "POST avatar/recording/download", {"session_id": "{channel}"}, 404, "stopped recording before"),
    ("003", "POST avatar/recording", {"session_id": "{channel}", "action": "pause"}, 422, "'start' or 'stop'"),
    ("003", "POST avatar/recording", {"session_id": "{channel}", "action": "stop"}, 200, "Recording stopped"),
    ("003", "POST avatar/recording/download", {"session_id": "{channel}", "title": "Mine"}, 200, "download_url"),
    ("003", "POST avatar/recording/download", {"session_id": "{channel}", "title": "x" * 256}, 422, "255 characters"),
    ("003", "GET avatar/health", None, 200, "livetalking_available"),
    ("001", "POST streaming-avatar/leave", {"channel": "{channel}"}, 200, "data"),

    ("004", "GET health", None, 200, "script_generator"),
    ("004", "POST videos/create", VIDEO, 200, "completed"),
    ("004", "POST videos/create", [], 400, "BAD_REQUEST"),
    ("004", "POST videos/create", {**VIDEO, "avatar_id": "nobody"}, 404, "AVATAR_NOT_FOUND"),
    ("004", "POST videos/create", {**VIDEO, "resolution": "8k"}, 422, "VALIDATION_ERROR"),
    ("004", "POST videos/create", VIDEO, 402, "INSUFFICIENT_CREDITS"),
    ("004", "POST videos/batch", TWO, 200, "total_count"),
    ("004", "POST videos/batch", {"videos": []}, 422, "VALIDATION_ERROR"),
    ("004", "GET videos/{created}", None, 200, "completed"),
    ("004", "GET videos/{none}", None, 404, "VIDEO_NOT_FOUND"),
    ("004", "POST scripts/generate", {"topic": "Bees", "duration": "30 seconds"}, 200, "estimated_duration"),
    ("004", "POST scripts/generate", {"topic": "x"}, 422, "VALIDATION_ERROR"),
    ("004", "POST scripts/analyze", {"script": SCRIPT}, 200, "readability_score"),
    ("004", "POST scripts/analyze", {"script": ""}, 422, "VALIDATION_ERROR"),
    ("004", "POST scripts/translate", {"script": SCRIPT, "target_language": "es"}, 200, "translated_script"),
    ("004", "POST scripts/translate", {"script": SCRIPT, "target_language": "tlh"}, 422, "VALIDATION_ERROR"),
    ("004", "GET voices", None, 200, "en_us_01"),
    ("004", "POST voices/clone", {"voice_name": "x"}, 422, "VALIDATION_ERROR"),
    ("004", "GET avatars", None, 200, "professional_male_01"),
    ("004", "POST avatars/create", {"name": "Mine", "image_url": "{picture}"}, 200, "avatar_id"),
    ("004", "POST avatars/create", {"name": "Mine", "image_url": "file:///etc/passwd"}, 422, "VALIDATION_ERROR"),
    ("004", "GET avatars", None, 429, "RATE_LIMIT_EXCEEDED"),
]
# fmt: on

OPEN = {"GET health", "GET avatar/health"}

ENDPOINTS = sorted({(row[0], row[1]) for row in TABLE if row[3] in (200, 501)})

REQUESTS_AN_HOUR = 100


class World:
    """Two services whose accounts have what the rows name: one whose worker makes all, one whose worker shows faces."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {"none": "0" * 24}
        self.viewer: Viewer
        self.services: dict[str, tuple[Any, dict[int, dict[str, str]]]] = {}

    def filled(self, value: Any) -> Any:
        text = json.dumps(value)
        for name, stands_for in self.names.items():
            text = text.replace(f"{{{name}}}", stands_for)
        return json.loads(text)

    async def ask(self, document: str, endpoint: str, request: Any, status: int = 200) -> Any:
        method, path = self.filled(endpoint).split()
        live = document == "003" or path.startswith("streaming-avatar/")
        shop, senders = self.services["live" if live else "studio"]
        return await shop.http.request(
            method,
            f"/api/v1/{path}",
            json=self.filled(request),
            headers=senders.get(status, senders[200]),
            timeout=60,
        )

    async def data(self, endpoint: str, request: Any = None) -> Any:
        answer = await self.ask("000", endpoint, request)
        assert answer.status_code == 200, answer.text
        return answer.json().get("data", answer.json())


async def admit(world: World, name: str, shop: Any) -> Any:
    """Make those who send requests to a service; who has it all."""
    holder = await holder_of(shop, 3_600_000)
    senders = {200: holder.headers, 401: {}, 402: (await holder_of(shop, 0)).headers, 403: await shop.key()}
    world.services[name] = shop, senders
    return holder


@pytest.fixture(scope="module")
async def world(tmp_path_factory, make_shop, make_closed_shop, face):
    world, chat = World(), Chat()
    folder = tmp_path_factory.mktemp("documents")
    async with serve(chat) as url, make_closed_shop(folder / "studio") as closed:
        closed.worker.voices, closed.worker.portrait = VOICES, picture("jpg")
        writes = {"chat_url": f"{url}/v1", "chat_model": "small"}
        async with (
            closed.open(**writes, heygen_per_hour=REQUESTS_AN_HOUR) as studio,
            make_shop(folder / "live", worker_urls=face.url, **writes) as live,
        ):
            holder = await admit(world, "studio", studio)
            await admit(world, "live", live)
            sent = await studio.http.post("/media", content=picture("png"), headers=holder.headers)
            world.names["picture"] = sent.json()["url"]
            world.names["speech"] = await world.data("POST video/send_tts", SAID)
            world.names["video"] = (await world.data("POST video/generate", {**FILM, **SAID}))["_id"]
            world.names["created"] = (await world.data("POST videos/create", VIDEO))["video_id"]
            drawn = await world.data("POST userText2image/start", {"prompt": "An old woman"})
            twin = {**FACE, "image_url": drawn["image_urls"][0]}
            world.names["twin"] = (await world.data("POST userVideoTwin/startTraining", twin))["_id"]
            state = None
            while state != "completed":
                state = (await world.data("GET userVideoTwin/{twin}"))["current_status"]
            room = (await world.ask("003", "GET avatar/session", None)).json()
            viewer = world.viewer = Viewer()
            place = urlsplit(room["webrtc_url"])
            offer = {"sdp": await viewer.offer(), "type": "offer", "avatar": "ann"}
            call = (await live.http.post(f"{place.path}?{place.query}", json=offer, timeout=60)).json()
            world.names["channel"] = str(call["sessionid"])
            await viewer.accept(call["sdp"])
            await viewer.until(lambda: len(viewer.light) > 3, "picture")
            yield world
            await viewer.close()


def shape_of(document: str, told: Any, status: int) -> None:
    """Check that an answer is in the shape of its document."""
    match document:
        case "000" | "001":
            assert told["code"] == (0 if status == 200 else status)
            assert told["trace_id"]
            assert ("data" in told) == (status == 200)
        case "003" if status != 200:
            assert set(told) == {"detail"}
        case "004" if status != 200:
            assert list(told) == ["error", "error_code", "details", "timestamp"]


@pytest.mark.parametrize(("document", "endpoint"), [each for each in ENDPOINTS if each[1] not in OPEN])
async def test_an_endpoint_takes_a_key_of_an_account(world, document, endpoint):
    for status in (401, 403):
        answer = await world.ask(document, endpoint, {}, status)

        assert answer.status_code == status, answer.text
        shape_of(document, answer.json(), status)


@pytest.mark.parametrize(
    ("document", "endpoint", "request_", "status", "has"),
    TABLE,
    ids=[f"{number} {row[0]} {row[1]} {row[3]}" for number, row in enumerate(TABLE)],
)
async def test_an_endpoint_answers_as_its_document_says(world, document, endpoint, request_, status, has):
    if status == 429:
        for _ in range(REQUESTS_AN_HOUR):
            answer = await world.ask(document, endpoint, request_, status)
            if answer.status_code == status:
                break
    else:
        if "stop" in (request_ or {}).values():  # what is recorded begins with the next key frame
            since = len(world.viewer.light)
            await world.viewer.until(lambda: len(world.viewer.light) > since + 40, "pictures")
        answer = await world.ask(document, endpoint, request_, status)

    assert answer.status_code == status, answer.text
    assert world.filled(has) in answer.text
    shape_of(document, answer.json(), status)
