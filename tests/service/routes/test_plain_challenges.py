"""A plain request for a challenge has an answer of its own way, which is the one that Litestar's way gives."""

import json

import httpx
import pytest

PATH = "/l402/video"

NOT_PLAIN = "?nobody=asks"
"""Means nothing to the service, and so has to change nothing."""

NEW_EACH_TIME = ("macaroon", "bolt11_invoice", "expires_at", "valid_until", "refund_token", "webhook_secret")

WISH = {"text": "Hello there, my dear friend.", "avatar": "european_woman", "emotion": "happy"}

BODIES = [
    WISH,
    {**WISH, "language": "de"},
    {**WISH, "webhook_url": "https://example.com/hook"},
    {**WISH, "webhook_url": "ftp://example.com"},
    {**WISH, "text": "Grüß Gott, 東京! 😀"},
    {**WISH, "text": "A long story, which goes on. " * 100},
    {**WISH, "avatar": "nobody"},
    {**WISH, "hold": True},
    {"text": WISH["text"]},
    {**WISH, "text": 7},
    {**WISH, "text": ""},
    {**WISH, "text": "x" * 200_000},
    {},
    [],
    None,
]


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], object]:
    """What was answered, but what is another each time; of that, whether it is there."""
    body = answer.json()
    another = {"date", "x-request-id"}
    if answer.status_code == 402:
        assert body["macaroon"] in answer.headers["WWW-Authenticate"]
        assert body["bolt11_invoice"] in answer.headers["WWW-Authenticate"]
        body |= {name: body[name] is None for name in NEW_EACH_TIME}
        another |= {"content-length", "www-authenticate"}
    return answer.status_code, sorted(each for each in answer.headers.items() if each[0] not in another), body


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain", "X-Request-Id": "mine"}])
async def test_it_is_answered_like_any_other(standing_shop, headers):
    bodies = [*(json.dumps(body).encode() for body in BODIES), b"", b"{", b"\xff", b"[" * 100_000]
    statuses = set()
    for body in bodies:
        plain, other = [
            await standing_shop.http.post(url, content=body, headers=headers)
            for url in (PATH, f"{PATH}{NOT_PLAIN}")
        ]
        assert told(plain) == told(other), body[:80]
        statuses.add(plain.status_code)

    assert {402, 400, 413} <= statuses


async def test_plain_challenges_count_as_quotes(closed_shop):
    async with closed_shop.open(quotes_per_minute_per_client=3) as shop:
        answers = [await shop.http.post(PATH, json=WISH) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [402, 402, 402, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
