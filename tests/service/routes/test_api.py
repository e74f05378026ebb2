"""What everybody relies on who writes a client: types of problems, limits told, versions, the document."""

import asyncio
import http
import re
import socket

import pytest
from structlog.testing import capture_logs

from lightning.memory import MemoryBackend
from service import errors
from service.app import create_app
from service.routes.http import problem_types
from service.routes.http.problem_types import TYPES
from service.routes.http.problems import TABLE
from service.routes.http.request_ids import log_request_id
from service.settings import Settings

QUOTE = "/lightning/request-video/text"
UPLOAD = "/lightning/request-video/audio"
DELIVERY = "/lightning/generate-video"
TEXT = {"text": "Hello there."}

DOCUMENT = create_app(Settings(), backend=MemoryBackend()).openapi_schema.to_schema()

OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}

INTERNAL = {
    errors.ServiceError,
    errors.ToldError,
    errors.InvalidApiKey,  # the source API's own form
    errors.KeyNotAllowed,
    errors.InsufficientCredits,
    errors.RenderFailed,
    errors.StoredByOthers,
    errors.StoredLost,
    errors.LeaseLost,
    errors.KeyTaken,
    errors.NameTaken,
    errors.VideoBroken,
    errors.VideoNotMade,
    errors.ReceiverAway,
    errors.ReceiverCrowded,
    errors.OutputGone,  # live sessions: told by the close of their WebSocket, or in the source API's own form
    errors.PlaceLost,
    errors.SessionNotFound,
    errors.StreamTaken,
    errors.BatchNotFound,  # in the words of the surface that has batches
    errors.LnurlRefused,  # in the words of LNURL
    errors.StoreOfAnother,
    errors.SettingsError,
}
"""What no request is answered with, or not with a problem document."""


def in_the_shapes_of_others(label, operation):
    return operation["tags"] == ["Live"] or any(
        place in label for place in ("/inference", "/livekit/", "/api/v1/")
    )


def every_error(base=errors.ServiceError):
    yield base
    for kind in base.__subclasses__():
        yield from every_error(kind)


def test_every_error_that_a_request_may_meet_has_a_type():
    told = [kind for kind in every_error() if kind.__module__ == "service.errors" and kind not in INTERNAL]

    assert told
    assert [kind for kind in told if not any(base in TABLE for base in kind.__mro__)] == []
    assert set() == {kind for kind, _ in TABLE.values()} - set(TYPES)


def test_names_of_types_are_unique_and_tell_one_thing():
    assert len({kind.name for kind in TYPES}) == len(TYPES)
    assert len({kind.title for kind in TYPES}) == len(TYPES)
    for kind in TYPES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.name)
        assert kind.meaning


async def test_every_type_leads_to_its_explanation(standing_shop):
    page = (await standing_shop.http.get("/docs/problems")).text

    for kind in TYPES:
        assert kind.uri == f"/docs/problems#{kind.name}"
        assert f'<section id="{kind.name}">' in page
    assert "/docs/problems" in (await standing_shop.http.get("/docs")).text


@pytest.mark.parametrize(
    ("method", "path", "asked", "status", "name", "field"),
    [
        ("POST", QUOTE, {"json": {}}, 400, "invalid-request", "text"),
        ("POST", QUOTE, {"json": {"text": 1}}, 400, "invalid-request", "text"),
        ("POST", QUOTE, {"json": {"text": "  "}}, 400, "invalid-request", "text"),
        ("POST", QUOTE, {"json": {"text": "Hi.", "txet": 1}}, 400, "invalid-request", "txet"),
        ("POST", QUOTE, {"json": {"text": "Hi.", "avatar": "x"}}, 400, "invalid-request", "avatar"),
        ("POST", QUOTE, {"json": {"text": "Hi.", "voice": "x"}}, 400, "invalid-request", "voice"),
        ("POST", QUOTE, {"json": {"text": "Hi.", "hold": True}}, 400, "invalid-request", "avatar"),
        ("POST", QUOTE, {"content": b"rubbish"}, 400, "invalid-request", None),
        ("POST", QUOTE, {"content": b"x" * 10**6}, 413, "body-too-large", None),
        (
            "POST", QUOTE, {"json": TEXT, "headers": {"Idempotency-Key": "1"}}, 400,
            "invalid-request", "Idempotency-Key",
        ),
        ("POST", UPLOAD, {"json": {}}, 400, "invalid-request", "audio"),
        ("POST", UPLOAD, {"files": {"audio": ("a.wav", b"RIFF")}}, 400, "invalid-request", "audio"),
        ("POST", DELIVERY, {"json": {"bolt11_invoice": "lnbc1"}}, 404, "invoice-not-found", None),
        ("GET", "/lightning/payment/lnbc1", {}, 404, "invoice-not-found", None),
        ("GET", "/lightning/payment/lnbc1?wait=x", {}, 400, "invalid-request", "wait"),
        ("GET", "/nowhere", {}, 404, "not-found", None),
        ("DELETE", "/avatars", {}, 405, "method-not-allowed", None),
    ],
)  # fmt: skip
async def test_a_refusal_names_its_type_and_the_field_at_fault(
    standing_shop, method, path, asked, status, name, field
):
    answer = await standing_shop.http.request(method, path, **asked)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    [kind] = [kind for kind in TYPES if kind.name == name]
    assert (problem["type"], problem["title"], problem["status"]) == (kind.uri, kind.title, status)
    assert problem.get("field") == field


async def test_what_is_no_http_is_refused_with_a_problem_too(standing_shop):
    host, port = standing_shop.url.removeprefix("http://").split(":")

    def ask():
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(b"rubbish\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65536), b""))

    head, _, body = (await asyncio.to_thread(ask)).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert b"x-request-id: " in head.lower()
    assert b"/docs/problems#malformed-http" in body


async def test_an_unexpected_failure_names_the_request_in_the_answer_and_in_the_log(shop):
    async def broken():
        raise RuntimeError

    shop.node.add_invoice = lambda **_: broken()

    with capture_logs(processors=[log_request_id]) as lines:
        answer = await shop.http.post(QUOTE, json=TEXT, headers={"X-Request-Id": "my-4711"})

    assert answer.status_code == 500
    assert (answer.json()["type"], answer.json()["request_id"]) == (
        problem_types.INTERNAL_ERROR.uri, "my-4711",
    )  # fmt: skip
    assert answer.headers["X-Request-Id"] == "my-4711"
    [line] = [line for line in lines if line["event"] == "unexpected_error"]
    assert line["request"] == "my-4711"


async def test_what_is_left_of_a_limit_is_told_with_every_answer(closed_shop):
    async with closed_shop.open(quotes_per_minute_per_client=3) as shop:
        answers = [await shop.http.post(QUOTE, json=TEXT) for _ in range(3)]
        bad = await shop.http.post(QUOTE, content=b"rubbish")

    assert [answer.headers["RateLimit"].partition(";t=")[0] for answer in answers] == [
        '"client";r=2', '"client";r=1', '"client";r=0',
    ]  # fmt: skip
    assert bad.status_code == 429
    assert bad.headers["RateLimit"].startswith('"client";r=0;t=')
    assert int(bad.headers["Retry-After"]) in range(1, 21)
    for answer in (*answers, bad):
        assert answer.headers["RateLimit-Policy"] == '"client";q=3;w=60'
        assert int(answer.headers["RateLimit"].rpartition("=")[2]) in range(1, 61)


async def test_where_there_is_no_limit_none_is_told(standing_shop):
    assert "RateLimit" not in (await standing_shop.http.post(QUOTE, json=TEXT)).headers
    assert "RateLimit" not in (await standing_shop.http.get("/avatars")).headers


@pytest.mark.parametrize("path", ["/avatars", "/voices", "/lightning/qr/{}", "/lightning/video/{}"])
async def test_who_has_an_answer_is_not_sent_it_again(shop, path):
    invoice = await shop.paid()
    await shop.video(invoice)
    path = path.format(invoice)
    whole = await shop.http.get(path)
    etag = whole.headers["ETag"]

    for named in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = await shop.http.get(path, headers={"If-None-Match": named, "Range": "bytes=0-1"})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == whole.headers["Cache-Control"]
        assert "Content-Length" not in answer.headers
    other = await shop.http.get(path, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, whole.content)


async def test_the_tag_of_a_video_is_another_for_another_order(shop):
    tags = set()
    for _ in range(2):
        invoice = await shop.paid()
        await shop.video(invoice)
        tags.add((await shop.http.head(f"/lightning/video/{invoice}")).headers["ETag"])

    assert len(tags) == 2
    assert all(re.fullmatch('"[0-9a-f]{32}"', tag) for tag in tags)  # and tells no number


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x", "cursor=MTow", "cursor=%F0%9F%98%80", "status=sold", "paid_to=yesterday",
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_names_the_parameter(standing_shop, query):
    answer = await standing_shop.http.get(f"/lightning/payments?{query}", headers=await standing_shop.key())

    assert answer.status_code == 400
    assert answer.json()["field"] == query.partition("=")[0]


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_is_described_with_its_problems_and_headers(label):
    operation = OPERATIONS[label]

    assert re.fullmatch("[a-z]+([A-Z][a-z]+)*", operation["operationId"])
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    for parameter in operation.get("parameters", []):
        assert parameter.get("description") or parameter["in"] == "path"
    for status, answer in operation["responses"].items():
        assert answer["description"] != http.HTTPStatus(int(status)).description or status == "200"
        assert "X-Request-Id" in answer["headers"]
        content = answer.get("content", {})
        if int(status) >= 400 and label.split()[1] not in ("/health", "/health/ready"):
            [media_type] = content
            if in_the_shapes_of_others(label, operation):
                assert media_type == "application/json"
            elif status not in ("401", "403") or media_type == "application/problem+json":
                assert media_type == "application/problem+json"
                for example in content[media_type]["examples"].values():
                    [kind] = [kind for kind in TYPES if kind.uri == example["value"]["type"]]
                    assert (str(kind.status.value), kind.title) == (status, example["value"]["title"])
        if status in ("429", "503") and label.split()[1] not in ("/health", "/health/ready"):
            assert "Retry-After" in answer["headers"]
    if "429" in operation["responses"]:
        named = "X-RateLimit-Limit" if operation["tags"] == ["HeyGen-like"] else "RateLimit"
        told = [answer for answer in operation["responses"].values() if named in answer["headers"]]
        assert len(told) == len(operation["responses"]) or operation["operationId"] == "heygenHealth"


def test_operations_have_names_of_their_own():
    names = [operation["operationId"] for operation in OPERATIONS.values()]

    assert len(set(names)) == len(names)
    assert {
        "requestVideoFromText",
        "requestVideoFromAudio",
        "generateVideo",
        "getPayment",
        "listPayments",
    } < set(names)


def test_a_part_of_a_video_is_described_with_what_it_carries():
    answers = OPERATIONS["GET /lightning/video/{invoice}"]["responses"]

    assert {"Content-Range", "Content-Length", "Accept-Ranges", "ETag", "X-Request-Id", "RateLimit"} <= set(
        answers["206"]["headers"]
    )
    assert "content" not in answers["304"]
    assert "Content-Range" in answers["416"]["headers"]
