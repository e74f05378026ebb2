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
    "99999999999999999999999",
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
        "method": '"cloned"', "sample_words": '["A"]',
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
        "consent": "true", "method": '"matched"', "sample_words": "null", "language": '"en"', "gender": "null",
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


VALUES = (
    "null", "true", "0", "-1", "1e400", "99999999999999999999999", "0.5", '""', '" "', '"\\u0000"', '"a\\u0000b"',
    '"\\ud800"', '"\\ud83d\\ude00"', "[]", "[null]", '["a\\u0000"]', '[""]', "[[[[]]]]", "{}", '{"a": {"b": [1]}}',
    '"' + "x" * 20_000 + '"', '["' + "y" * 3000 + '"]', "NaN",
)  # fmt: skip
"""What a field of a body is set to."""

WHOLE = (
    b"", b"null", b"[]", b"1", b'"a"', b"{", b"{}", b"\xff\xfe", b"\x00", b"{" * 5000, b"[" * 200_000,
    b'{"_id": "a", "_id": "b"}', b'{"none such": 1}', b'{"a": "' + b"z" * (10 << 20) + b'"}',
)  # fmt: skip
"""What is sent in place of a body."""

TYPES = (
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=a",
    "application/xml",
    "",
)

HEYGEN, PROBLEM = {"error", "error_code", "details", "timestamp"}, {"title", "status", "detail"}
SHAPES: dict[str, set[str]] = {
    "/api/v1/avatar/": {"detail"},
    **dict.fromkeys(
        (f"/api/v1/{place}" for place in ("videos", "scripts", "voices", "avatars", "health", "none")), HEYGEN
    ),
    "/api/v1/": {"code", "msg", "trace_id"},
    "/media": PROBLEM,
    "/": {"code", "msg"},
}
"""Where a path begins so: what its errors have at least."""


def shaped(path: str, answer: Any) -> bool:
    """Whether a refusal has the shape of its surface."""
    if answer.status_code < 400:
        return True
    try:
        told = answer.json()
    except ValueError:
        return False
    shape = next(shape for start, shape in SHAPES.items() if path.startswith(start))
    if answer.status_code == 405 and not path.startswith("/api/"):
        shape = PROBLEM  # no route says whose it would be
    return isinstance(told, dict) and told.keys() >= shape


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


def variants(path: str):
    """What is sent: its type, and the body."""
    for odd in WHOLE:
        yield "application/json", odd
    good = BODIES[path]
    for kind in TYPES:
        yield kind, body_of(good)
    for field, value in itertools.product(good, VALUES):
        yield "application/json", body_of({**good, field: value})
    yield "application/json", body_of(good)[:-1] + b"," + body_of(good)[1:]  # each field twice
    yield "application/json", body_of({**good, "none such": "1"})
    for field in good:
        yield "application/json", body_of({name: value for name, value in good.items() if name != field})


def body_of(fields: dict[str, str]) -> bytes:
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}").encode()


@pytest.mark.parametrize("path", BODIES)
async def test_no_body_breaks_anything_and_each_refusal_has_its_shape(asker, path):
    broken = []
    for kind, body in variants(path):
        headers = [*asker.headers.items(), ("Content-Type", kind)]
        answer = await asker.shop.http.post(path, content=body, headers=headers)
        if not honest(answer) or not shaped(path, answer):
            broken.append((kind, body[:120], answer.status_code, answer.text[:200]))

    assert broken == []


PART = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
FORMS = (
    b"", b"--b", b"--b--\r\n", b"--c\r\n\r\n--c--", b"\0" * 4096, b"--b\r\n" * 5000,
    PART % (b"sessionid", b"", b"1"),
    PART % (b"sessionid", b"", b"1") + b"--b--\r\n",
    PART % (b"sessionid", b"", b"\xff\xfe\0") + PART % (b"file", b'; filename="a.wav"', b"RIFF") + b"--b--\r\n",
    PART % (b"sessionid", b"", b"1") * 2 + PART % (b"file", b'; filename="../../a"', b"RIFF") + b"--b--\r\n",
    PART % (b"file", b'; filename="a.wav"', b"RIFF") + PART % (b"sessionid", b"", b"9" * 400) + b"--b--\r\n",
    PART % (b"\xff", b"", b"1") + b"--b--\r\n",
    PART % (b"file", b"", b"x" * 100_000) + PART % (b"none such", b"", b"1") + b"--b--\r\n",
)  # fmt: skip
"""Files and forms as nobody should send them."""

FORM_TYPES = (
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "audio/wav",
)

READ = (
    "/api/v1/health", "/api/v1/avatar/health", "/api/v1/avatar/session", "/api/v1/voices", "/api/v1/avatars",
    "/api/v1/anchor/language_list", "/api/v1/anchor/background_list", "/api/v1/user/remainingCoins",
    "/api/v1/userVoice/completedRecord", "/api/v1/video/allRecords", "/api/v1/userVideoTwin/allRecords",
    "/api/v1/streaming-avatar/all_avatars", "/api/v1/streaming-avatar/get_qa_context", "/sse", "/media",
    "/api/v1/video/none/such", "/api/v1/avatar/none", "/api/v1/none", "/api/v1/userVoice/a/b", "/api/v1/userDubbing/a",
)  # fmt: skip


@pytest.mark.parametrize("path", ["/humanaudio", "/media", "/media?name=%00", "/media?kind=film"])
async def test_no_form_breaks_anything(asker, path):
    broken = []
    for kind, body in itertools.product(FORM_TYPES, FORMS):
        headers = [*asker.headers.items(), ("Content-Type", kind)]
        answer = await asker.shop.http.post(path, content=body, headers=headers)
        if not honest(answer) or not shaped(path, answer):
            broken.append((kind, body[:120], answer.status_code, answer.text[:200]))

    assert broken == []


async def test_no_method_and_no_query_breaks_anything(asker):
    broken = []
    wishes = [
        *itertools.product(("PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "TRACE"), [*BODIES, *READ]),
        *(
            ("GET", f"{path}?{query}")
            for path in READ
            for query in ("%00=%00", "a[]=1&a[]=2", "&&=", "channel=%ff")
        ),
    ]
    for method, path in wishes:
        answer = await asker.shop.http.request(method, path, headers=asker.headers)
        if not honest(answer) or (method != "HEAD" and not shaped(path, answer)):
            broken.append((method, path, answer.status_code, answer.text[:200]))

    assert broken == []
