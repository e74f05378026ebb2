"""Whatever anyone sends to the studio's endpoints breaks nothing, on PostgreSQL either."""

import itertools
import secrets
from typing import Any

import asyncpg
import pytest

from tests.service.heygen.conftest import VOICES, holder_of
from tests.service.studio.test_twins import JPEG

NAMES = (
    "%00",
    "a%00b",
    "%ff%fe",
    "x" * 3000,
    "..%2f..",
    "own_",
    "own_%00",
    "%F0%9F%A6%8A",
    "%0a",
    "24",
    "-1",
)
"""Where an id is expected, in a path or a query."""

NAMED = (
    "/api/v1/userText2image/{}",
    "/api/v1/userVideoTwin/{}",
    "/api/v1/userVoice/{}",
    "/api/v1/videos/{}",
    "/api/v1/videos/batch/{}",
    "/media/{}",
    "/record/{}",
    "/api/v1/video/awsResult?_id={}",
    "/api/v1/anchor/character_list?user_video_twin_id={}",
    "/api/v1/anchor/character_list?type={}",
    "/api/v1/anchor/voice_list?country={}",
    "/api/v1/userText2image/allRecords?pageNum={}",
    "/api/v1/userText2image/allRecords?pageSize={}",
    "/media?kind={}",
    "/media?cursor={}",
    "/media?limit={}",
    "/sse?sessionid={}",
)

DELETED = (
    "/api/v1/userText2image/{}",
    "/api/v1/userVideoTwin/{}",
    "/api/v1/userVoice/{}",
    "/api/v1/video/{}",
    "/api/v1/voices/{}",
    "/api/v1/anchor/background/{}",
    "/media/{}",
)

BODIES: dict[str, dict[str, str]] = {
    "/api/v1/userText2image/start": {"prompt": '"A man"', "name": '"A"', "width": "512", "height": "512"},
    "/api/v1/userVideoTwin/startTraining": {
        "name": '"A"', "gender": '"male"', "image_url": '"http://127.0.0.1/a.jpg"', "mouths_url": '"http://127.0.0.1/a"',
    },
    "/api/v1/userVideoTwin/continueTranining": {"_id": '"f"'},
    "/api/v1/userVideoTwin/cloneVoice": {"_id": '"f"', "consent": "true"},
    "/api/v1/userVoice/training": {
        "name": '"A"', "voice_urls": '["http://127.0.0.1/a"]', "consent": "true", "language": '"en"',
    },
    "/api/v1/video/generate": {
        "anchor_id": '"f"', "anchor_type": "0", "msg": '"Hello."', "tts_id": '"en-male"', "resolution": "480",
        "web_bg_width": "853", "web_people_x": "1", "audioSrc": "null", "isCaptionEnabled": "false", "title": '"A"',
    },
    "/api/v1/video/awsResult": {"_id": '"f"'},
    "/api/v1/video/send_tts": {"msg": '"Hello."', "tts_id": '"en-male"', "speechRate": "1"},
    "/api/v1/video/language_detect": {"text": '"Hello."'},
    "/api/v1/anchor/character_list": {"type": '"custom"'},
    "/api/v1/anchor/add_background": {"img_url": '"http://127.0.0.1/a.jpg"'},
    "/api/v1/tos/transferToStorage": {"url": '"http://127.0.0.1/a.jpg"'},
    "/api/v1/streaming-avatar/agora-token": {"avatar_id": '"f"', "expire_seconds": "60"},
    "/api/v1/streaming-avatar/speak": {"channel": '"1"', "text": '"Hello."'},
    "/api/v1/streaming-avatar/ask": {"channel": '"1"', "question": '"Why?"'},
    "/api/v1/streaming-avatar/set_qa_context": {"channel": '"1"', "context": '"A"'},
    "/api/v1/streaming-avatar/leave": {"channel": '"1"'},
    "/api/v1/videos/create": {
        "script": '"Hello, this is it."', "avatar_id": '"none"', "voice_id": '"en_us_01"', "background": '"#102030"',
        "duration": "30", "custom_settings": "{}", "style": '"casual"', "resolution": '"720p"',
        "output_format": '"mp4"',
    },
    "/api/v1/videos/batch": {
        "videos": '[{"script": "Hello, this is it.", "avatar_id": "none", "voice_id": "en_us_01"}]',
    },
    "/api/v1/scripts/generate": {"topic": '"Bees"', "duration": '"1 minute"', "additional_context": '"A"'},
    "/api/v1/scripts/analyze": {"script": '"Hello, this is it."', "language": '"en"'},
    "/api/v1/scripts/translate": {"script": '"Hello, this is it."', "target_language": '"es"'},
    "/api/v1/voices/clone": {
        "voice_name": '"Ann"', "audio_samples": '["http://127.0.0.1/a","http://127.0.0.1/b","http://127.0.0.1/c"]',
        "consent": "true",
    },
    "/api/v1/avatars/create": {"name": '"Ann"', "image_url": '"http://127.0.0.1/a.jpg"', "mouths_url": "null"},
    "/media/fetch": {"url": '"http://127.0.0.1/a.jpg"', "name": '"A"', "kind": '"picture"'},
    "/human": {"sessionid": "1", "text": '"Hello."', "type": '"echo"', "interrupt": "true"},
    "/interrupt_talk": {"sessionid": "1"},
    "/is_speaking": {"sessionid": "1"},
    "/record": {"sessionid": "1", "type": '"start_record"'},
    "/offer": {"sdp": '"v=0"', "type": '"offer"', "avatar": '"none"'},
    "/api/v1/avatar/send-text": {"session_id": "1", "text": '"Hello."'},
    "/api/v1/avatar/recording": {"session_id": "1", "action": '"start"'},
    "/api/v1/avatar/recording/download": {"session_id": "1", "title": '"A"'},
}  # fmt: skip

KEYS = ('""', "0" * 32, "a" * 5000, "é", "8e03978e-40d5-43dd-bc93-6894a57f9324, x")


def honest(answer: Any) -> bool:
    """Whether an answer is one of its surface: what is not offered says so, and nothing broke."""
    if answer.status_code < 500:
        return True
    text = answer.text
    return answer.status_code in (501, 503) and "unexpected" not in text.lower()


@pytest.fixture(scope="module")
async def asker(tmp_path_factory, make_closed_shop, postgres):
    """An account of a service that has PostgreSQL, and no limits."""
    name = f"test_{secrets.token_hex(4)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"create database {name}")
    settings = {
        "database_url": postgres.replace("/postgres?", f"/{name}?"),
        "heygen_per_hour": 0,
        "polls_per_minute_per_client": 0,
    }
    async with make_closed_shop(tmp_path_factory.mktemp("odd")) as closed:
        closed.worker.voices, closed.worker.portrait = VOICES, JPEG
        async with closed.open(**settings) as shop:
            yield await holder_of(shop, ms=100_000_000, **settings)
    await server.execute(f"drop database {name} with (force)")
    await server.close()


async def test_no_name_breaks_anything(asker):
    assert (await asker.get("/avatars")).status_code == 200  # who asks is known
    broken = []
    for method, path, name in (
        *(("GET", path, name) for path, name in itertools.product(NAMED, NAMES)),
        *(("DELETE", path, name) for path, name in itertools.product(DELETED, NAMES)),
    ):
        answer = await asker.shop.http.request(method, path.format(name), headers=asker.headers)
        if not honest(answer):
            broken.append((method, path, name[:20], answer.status_code, answer.text[:200]))

    assert broken == []


async def test_no_key_breaks_anything(asker):
    broken = []
    for path, key in itertools.product(BODIES, KEYS):
        body = "{" + ", ".join(f'"{name}": {good}' for name, good in BODIES[path].items()) + "}"
        answer = await asker.shop.http.post(
            path, content=body, headers=[*asker.headers.items(), ("Idempotency-Key", key.encode())]
        )
        if not honest(answer):
            broken.append((path, key[:20], answer.status_code, answer.text[:200]))

    assert broken == []
