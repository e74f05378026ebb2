"""A plain request for a quote has an answer of its own way, which is the one that Litestar's way gives."""

import json

import httpx
import pytest

PATH = "/lightning/request-video/text"

NOT_PLAIN = "?nobody=asks"
"""Means nothing to the service, and so has to change nothing."""

NEW_EACH_TIME = (
    "bolt11_invoice",
    "expires_at",
    "refund_token",
    "claim_token",
    "webhook_secret",
    "lightning_uri",
    "bip21_uri",
)

TEXT = "Hello there, my dear friend."

BODIES = [
    {"text": TEXT},
    {"text": TEXT, "private": True},
    {"text": TEXT, "language": "de", "avatar": "european_woman", "emotion": "happy"},
    {"text": TEXT, "hold": True, "avatar": "european_woman", "emotion": "happy"},
    {"text": TEXT, "webhook_url": "https://example.com/hook"},
    {"text": TEXT, "webhook_url": "ftp://example.com"},
    {"text": "Grüß Gott, 東京! 😀"},
    {"text": TEXT, "avatar": "nobody"},
    {"text": TEXT, "unknown": 1},
    {"text": 7},
    {"text": "a\0b"},
    {"text": ""},
    {"text": "😀"},
    {"text": "שלום לכולם"},
    {"text": "word " * 900},
    {"text": "x" * 200_000},
    {},
    [],
    None,
]


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], object]:
    """What was answered, but what is another each time; of that, whether it is there."""
    body = answer.json()
    if answer.is_success:
        body |= {name: body[name] is None for name in NEW_EACH_TIME}
    another = ("date", "x-request-id", "content-length") if answer.is_success else ("date", "x-request-id")
    return answer.status_code, [field for field in answer.headers.items() if field[0] not in another], body


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain", "X-Request-Id": "mine"}])
async def test_it_is_answered_like_any_other(standing_shop, headers):
    bodies = [*(json.dumps(body).encode() for body in BODIES), b"", b"{", b"\xff", b"[" * 100_000]
    statuses = set()
    for body in bodies:
        plain = await standing_shop.http.post(PATH, content=body, headers=headers)
        other = await standing_shop.http.post(PATH + NOT_PLAIN, content=body, headers=headers)

        assert told(other) == told(plain), body[:80]
        statuses.add(plain.status_code)

    assert statuses == {200, 400, 413}


async def test_it_has_the_same_limit(closed_shop):
    async with closed_shop.open(quotes_per_minute_per_client=3, quotes_per_minute=12) as shop:
        asked = [await shop.http.post(PATH + query, json={"text": TEXT}) for query in ("", NOT_PLAIN) * 2]

    assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"].partition("r=")[2][0] for answer in asked] == ["2", "1", "0", "0"]


async def test_a_key_is_not_passed_over(standing_shop):
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    first, second = [await standing_shop.http.post(PATH, json={"text": TEXT}, headers=key) for _ in range(2)]

    assert first.json() == second.json()
