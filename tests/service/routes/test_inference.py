"""`POST /inference`: a video from the video time of an account, in the shapes of the source API."""

import asyncio
import contextlib
import sqlite3
import uuid
from datetime import datetime

import pytest

from service.assembly.stores import open_accounts

TEXT = "Hello there, my dear friend."

WISH = {"text": TEXT, "avatar": "arab_woman", "emotion": "happy"}

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


class Holder:
    """Who has an account with so much video time, and its key."""

    def __init__(self, shop, account_id, key):
        self.shop = shop
        self.id = account_id
        self.headers = {"Authorization": f"Bearer {key}"}

    async def ask(self, *, headers=None, params=None, **wish):
        return await self.shop.http.post(
            "/inference", json={**WISH, **wish}, params=params, headers={**self.headers, **(headers or {})}
        )

    async def delayed(self, **wish):
        answer = await self.ask(delayed=True, **wish)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def balance(self):
        answer = (await self.shop.http.get("/account", headers=self.headers)).json()
        assert answer["granted_ms"] == answer["free_ms"] + answer["reserved_ms"] + answer["used_ms"]
        return answer["free_ms"], answer["reserved_ms"], answer["used_ms"]

    async def moves(self):
        answer = (await self.shop.http.get("/account", headers=self.headers)).json()
        return [entry["move"] for entry in reversed(answer["ledger"])]


@pytest.fixture
def shop(standing_shop):
    """One service for all: each test has an account of its own, and a worker that does as it should."""
    worker = standing_shop.worker
    worker.answer = worker.hold_after = worker.fail_after = None
    worker.go = asyncio.Event()
    worker.requests.clear()
    return standing_shop


@pytest.fixture
def worker(shop):
    return shop.worker


@pytest.fixture
def holder_of():
    async def make(shop, ms=60_000, **settings):
        async with open_accounts(shop.settings(**settings)) as holders:
            number = await holders.video_time.create(uuid.uuid4().hex)
            account = await holders.accounts.get(number)
            assert account is not None
            if ms:
                await holders.video_time.grant(account, ms)
            return Holder(shop, number, await holders.keys.create("test", account_id=number))

    return make


def told_in(folder, query):
    """Read rows of a shop's database."""
    with contextlib.closing(sqlite3.connect(folder / "satspeak.sqlite3")) as database:
        return database.execute(query).fetchall()


@pytest.fixture
async def holder(shop, holder_of):
    return await holder_of(shop)


async def test_a_video_is_made_from_what_an_account_has_and_told_field_by_field(shop, worker, holder):
    answer = await holder.ask(avatar="african_man", emotion="neutral")

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert str(uuid.UUID(told["id"])) == told["id"]
    folder = f"{shop.url}/inference/{told['id']}"
    assert told == {
        "id": told["id"],
        "status": "success",
        "stream": False,
        "text": TEXT,
        "created_at": told["created_at"],
        "language": "en",
        "credits_consumed": 2,
        "avatar": "african_man",
        "emotion": "neutral",
        "file_size_bytes": len(worker.video),
        "inference_duration_ms": told["inference_duration_ms"],
        "video_duration_seconds": 1.92,
        "html_url": f"{folder}/video.html",
        "mp4_url": f"{folder}/video.mp4",
        "captions_url": f"{folder}/captions.vtt",
    }
    assert datetime.fromisoformat(told["created_at"]).tzinfo
    assert told["inference_duration_ms"] >= 0
    assert await holder.balance() == (58_080, 0, 1920)


async def test_the_addresses_work_without_the_key(shop, worker, holder):
    told = (await holder.ask()).json()

    video = await shop.http.get(told["mp4_url"])
    part = await shop.http.get(told["mp4_url"], headers={"Range": "bytes=40-3039"})
    page = await shop.http.get(told["html_url"])

    assert video.content == worker.video
    assert video.headers["content-type"] == "video/mp4"
    assert (part.status_code, part.content) == (206, worker.video[40:3040])
    assert page.headers["content-type"].startswith("text/html")
    assert 'src="video.mp4"' in page.text


async def test_addresses_begin_where_the_operator_says_that_the_service_is(make_shop, holder_of, tmp_path):
    async with make_shop(tmp_path, public_url="https://video.example.org") as shop:
        holder = await holder_of(shop)
        made, later = (await holder.ask()).json(), await holder.delayed()

    for told in (made, later):
        folder = f"https://video.example.org/inference/{told['id']}"
        assert [told["html_url"], told["mp4_url"], told["captions_url"]] == [
            f"{folder}/video.html",
            f"{folder}/video.mp4",
            f"{folder}/captions.vtt",
        ]


@pytest.mark.parametrize("host", ["a:99999", "a:b", "[::1", "[::::]", "a b", "a/b", "user@a", "a" * 301])
async def test_a_request_whose_host_is_none_is_refused_before_anything_is_paid(shop, worker, holder, host):
    before = await holder.balance()

    answers = [await holder.ask(headers={"Host": host}), await shop.http.get("/", headers={"Host": host})]

    assert [(answer.status_code, answer.json()["type"]) for answer in answers] == [
        (400, "/docs/problems#malformed-http")
    ] * 2
    assert await holder.balance() == before
    assert not worker.requests


async def test_a_stream_is_the_mp4_as_it_is_rendered(shop, worker, holder):
    worker.hold_after = 2

    async with shop.http.stream(
        "POST", "/inference", params={"stream": "true"}, json=WISH, headers=holder.headers
    ) as answer:
        chunks = answer.aiter_bytes()
        first = await anext(chunks)
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-disposition"] == 'attachment; filename="video.mp4"'
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["transfer-encoding"] == "chunked"
        assert first
        assert (await holder.balance())[1] > 0
        worker.go.set()
        rest = b"".join([chunk async for chunk in chunks])

    assert first + rest == worker.video
    again = await shop.http.get(answer.headers["content-location"])
    assert again.content == worker.video
    assert (await holder.balance())[1:] == (0, 1920)


async def test_captions_say_when_each_sentence_is_spoken(shop, worker, holder):
    told = (await holder.ask(text="One two three four. Five six <seven> & eight.")).json()

    answer = await shop.http.get(told["captions_url"])

    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    head, *cues = answer.text.strip().split("\n\n")
    assert head == "WEBVTT"
    times = [cue.split("\n")[0].split(" --> ") for cue in cues]
    assert (times[0][0], times[-1][1]) == ("00:00:00.000", "00:00:01.920")
    assert [end for _, end in times[:-1]] == [begin for begin, _ in times[1:]]
    assert "ve six &lt;sev" in answer.text
    assert "en&gt; &amp; eight." in answer.text


async def test_captions_of_a_bought_video_come_by_its_invoice(shop):
    invoice = await shop.paid()
    await shop.video(invoice)

    answer = await shop.http.get(f"/lightning/video/{invoice}/captions.vtt")

    assert answer.status_code == 200, answer.text
    assert answer.text.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert (await shop.http.get(f"/lightning/video/{await shop.quote()}/captions.vtt")).status_code == 402


# Delayed


async def test_a_delayed_video_costs_nothing_until_it_is_opened(shop, worker, holder):
    told = await holder.delayed()

    assert told["status"] == "delayed"
    assert told["credits_consumed"] == 0
    assert [
        told[name] for name in ("file_size_bytes", "inference_duration_ms", "video_duration_seconds")
    ] == [None] * 3
    assert await holder.balance() == (60_000, 0, 0)
    assert not worker.requests

    assert (await shop.http.get(told["mp4_url"])).content == worker.video

    assert await holder.balance() == (58_080, 0, 1920)


@pytest.mark.parametrize("path", ["mp4_url", "html_url"])
async def test_who_only_looks_at_a_delayed_link_costs_nothing(shop, worker, holder, path):
    told = await holder.delayed()

    looks = [
        await shop.http.head(told[path]),
        await shop.http.get(told[path], headers={"User-Agent": "WhatsApp/2.23.20.0"}),
        await shop.http.get(told[path], headers={"User-Agent": "TelegramBot (like TwitterBot)"}),
        await shop.http.get(told[path], headers={"User-Agent": "Mozilla/5.0 facebookexternalhit/1.1"}),
        await shop.http.get(told[path], headers={"Sec-Purpose": "prefetch;prerender"}),
        await shop.http.head(told[path], headers={"Range": "bytes=0-1"}),
    ]

    assert all(look.status_code in (200, 404) for look in looks)
    assert await holder.balance() == (60_000, 0, 0)
    assert not worker.requests


async def test_to_open_the_page_of_a_delayed_video_has_it_made_once_for_all_who_watch(shop, worker, holder):
    told = await holder.delayed()

    page = await shop.http.get(told["html_url"], headers={"User-Agent": "Mozilla/5.0 (Linux; CUBOT X18)"})
    probes = [
        shop.http.get(told["mp4_url"], headers={"Range": "bytes=0-1"}),
        shop.http.get(told["mp4_url"], headers={"Range": "bytes=0-1"}),
        shop.http.get(told["html_url"]),
        *(shop.http.get(told["mp4_url"]) for _ in range(6)),
    ]
    answers = await asyncio.gather(*probes)

    assert page.status_code == 200
    assert {answer.content for answer in answers[3:]} == {worker.video}
    assert len(worker.requests) == 1
    assert await holder.balance() == (58_080, 0, 1920)
    assert await holder.moves() == ["grant", "reserve", "settle", "release"]


@pytest.mark.parametrize("value", [True, "true"])
@pytest.mark.parametrize("where", ["body", "query"])
async def test_delayed_is_taken_from_the_query_or_the_body_as_a_truth_or_a_text(holder, where, value):
    if where == "body":
        answer = await holder.ask(delayed=value)
    else:
        answer = await holder.ask(params={"delayed": str(value).lower()})

    assert answer.json()["status"] == "delayed"


async def test_a_delayed_link_says_that_its_owner_has_not_enough_any_more(shop, worker, holder_of):
    holder = await holder_of(shop, ms=3000)
    told = await holder.delayed()
    assert (await holder.ask()).status_code == 200

    answer = await shop.http.get(told["mp4_url"])

    assert (answer.status_code, answer.json()["error_code"]) == (403, "INSUFFICIENT_CREDITS")
    assert await holder.balance() == (1080, 0, 1920)


async def test_a_delayed_video_is_promised_only_to_who_could_have_it_now(shop, holder_of):
    holder = await holder_of(shop, ms=500)

    assert (await holder.ask(delayed=True)).status_code == 403


async def test_an_account_has_only_so_many_delayed_videos(make_shop, tmp_path, holder_of):
    async with make_shop(tmp_path, delayed_per_account=2) as shop:
        holder = await holder_of(shop)
        first, _ = await holder.delayed(), await holder.delayed()

        refusal = await holder.ask(delayed=True)
        await shop.http.get(first["mp4_url"])
        after = await holder.ask(delayed=True)

    assert (refusal.status_code, refusal.json()["error_code"]) == (429, "TOO_MANY_REQUESTS")
    assert after.status_code == 200


async def test_a_delayed_video_that_nobody_opens_in_time_is_forgotten(make_shop, tmp_path, holder_of):
    async with make_shop(tmp_path, sweep_s=0.01) as shop:
        holder = await holder_of(shop)
        told = await holder.delayed(text="Do not keep this.")
        shop.clock.pass_by(days=31)

        answer = await shop.http.get(told["mp4_url"])

        assert answer.status_code == 410
        assert set(answer.json()) == {"detail"}
        assert not shop.worker.requests
        await shop.eventually(
            lambda: not told_in(shop.folder, "SELECT text FROM orders WHERE text IS NOT NULL")
        )
        assert told_in(shop.folder, "SELECT status FROM payments") == [("expired",)]


# What is refused


async def test_a_program_that_has_not_enough_is_told_what_to_buy_and_goes_on(shop, worker, holder_of):
    holder = await holder_of(shop, ms=1000)
    refusal = await holder.ask()

    assert refusal.status_code == 403
    told = refusal.json()
    assert told == {
        "status": "error",
        "error_code": "INSUFFICIENT_CREDITS",
        "message": "Insufficient video time to process request",
        "details": {
            "missing_seconds": told["details"]["missing_seconds"],
            "top_up": told["details"]["top_up"],
        },
    }
    buy = told["details"]["top_up"]
    assert buy["body"] == {"seconds": told["details"]["missing_seconds"]}
    quote = await shop.http.request(buy["method"], buy["path"], json=buy["body"], headers=holder.headers)
    shop.node.pay(quote.json()["bolt11_invoice"])
    async with asyncio.timeout(10):
        while (await holder.balance())[0] == 1000:  # noqa: ASYNC110 - what a buyer can do
            await asyncio.sleep(0.01)

    assert (await holder.ask()).status_code == 200


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"avatar": "nobody"}, "avatar"),
        ({"avatar": ""}, "avatar"),
        ({"emotion": "furious"}, "emotion"),
        ({"language": "xx"}, "language"),
    ],
)
async def test_what_cannot_be_made_is_refused_in_the_documents_shape(holder, wish, field):
    answer = await holder.ask(**wish)

    assert answer.status_code == 400
    told = answer.json()
    assert (told["status"], told["error_code"]) == ("error", "INVALID_PARAMETERS")
    assert told["details"] == {"field": field}
    assert told["message"]
    assert await holder.balance() == (60_000, 0, 0)


async def test_what_no_handler_sees_is_refused_in_the_documents_shape_too(shop, holder):
    large = await holder.ask(text="x" * (1 << 20))
    unknown = await shop.http.get((await holder.delayed())["mp4_url"], params={"format": "paper"})

    assert (large.status_code, large.json()["error_code"]) == (413, "BODY_TOO_LARGE")
    assert (unknown.status_code, unknown.json()["error_code"]) == (400, "INVALID_PARAMETERS")
    assert unknown.json()["details"] == {"field": "format"}
    assert "'format'" in unknown.json()["message"]


async def test_who_shows_a_wrong_key_is_told_so(shop):
    for headers in ({"Authorization": "Bearer sk_wrong"}, {"X-API-Key": "sk_wrong"}):
        answer = await shop.http.post("/inference", json=WISH, headers=headers)

        assert answer.status_code == 401
        assert answer.json() == {
            "status": "error",
            "error_code": "INVALID_API_KEY",
            "message": "Invalid or missing API key",
        }


async def test_a_key_of_the_operator_makes_no_video(shop):
    answer = await shop.http.post("/inference", json=WISH, headers=await shop.key())

    assert (answer.status_code, answer.json()["error_code"]) == (403, "INSUFFICIENT_SCOPE")


@pytest.mark.parametrize("name", [KEY, "nothing", KEY.upper(), f"{{{KEY}}}"])
@pytest.mark.parametrize("file", ["video.mp4", "video.html", "captions.vtt"])
async def test_what_is_not_there_is_said_in_the_documents_shape(standing_shop, name, file):
    answer = await standing_shop.http.get(f"/inference/{name}/{file}")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Resource not found"})


async def test_the_names_that_older_clients_use_are_understood(shop, worker, holder):
    wish = {
        "avatar": "black_woman",
        "emotion": "expressive",
        "language": "cn",
        "text": "你好 朋友",
        "extra": 1,
    }

    answer = await shop.http.post(
        "/inference",
        json={**WISH, **wish},
        params={"version": "2"},
        headers={"X-API-Key": holder.headers["Authorization"].removeprefix("Bearer ")},
    )

    assert answer.status_code == 200, answer.text
    assert [answer.json()[name] for name in ("avatar", "emotion", "language")] == [
        "african_woman",
        "neutral",
        "zh",
    ]
    assert [worker.requests[0][name] for name in ("avatar", "emotion", "language")] == [
        "african_woman",
        "neutral",
        "zh",
    ]


# What fails, and what is sent again


async def test_a_video_that_can_never_be_made_costs_nothing(shop, worker, holder):
    worker.answer = (400, "Nobody can say that.")

    answer = await holder.ask()

    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETERS")
    assert await holder.balance() == (60_000, 0, 0)
    assert await holder.moves() == ["grant", "reserve", "release"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_video_that_is_answered_with_an_error_costs_nothing_and_is_not_made_later(
    shop, worker, holder, stream
):
    worker.answer = (500, "broken")

    answer = await holder.ask(stream=stream)

    assert answer.status_code == 503
    assert answer.json()["status"] == "error"
    assert int(answer.headers["Retry-After"]) > 0
    assert await holder.balance() == (60_000, 0, 0)
    assert await holder.moves() == ["grant", "reserve", "release"]


async def test_a_delayed_video_that_fails_for_good_gives_the_time_back_once(shop, worker, holder):
    told = await holder.delayed()
    worker.answer = (400, "Nobody can say that.")

    first, again = await shop.http.get(told["mp4_url"]), await shop.http.get(told["mp4_url"])

    assert first.status_code == 400
    assert again.status_code == 410
    assert "cost no video time" in again.json()["detail"]
    assert await holder.balance() == (60_000, 0, 0)
    assert await holder.moves() == ["grant", "reserve", "release"]


async def test_the_same_request_with_a_key_gets_the_same_video_and_is_paid_once(shop, worker, holder):
    headers = {"Idempotency-Key": KEY}

    answers = await asyncio.gather(*(holder.ask(headers=headers) for _ in range(4)))
    streamed = await holder.ask(headers=headers, stream=True)
    other = await holder.ask(headers=headers, text="Something else.")

    assert len({answer.json()["id"] for answer in answers}) == 1
    assert streamed.content == worker.video
    assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(worker.requests) == 1
    assert await holder.balance() == (58_080, 0, 1920)


async def test_what_failed_is_asked_for_anew_with_the_same_key(shop, worker, holder):
    headers = {"Idempotency-Key": KEY}
    worker.answer = (400, "Nobody can say that.")
    assert (await holder.ask(headers=headers)).status_code == 400
    worker.answer = None

    answer = await holder.ask(headers=headers)

    assert answer.json()["status"] == "success"
    assert await holder.balance() == (58_080, 0, 1920)


async def test_the_same_key_of_another_account_is_another_key(shop, holder, holder_of):
    other = await holder_of(shop)
    headers = {"Idempotency-Key": KEY}

    mine, theirs = await holder.ask(headers=headers), await other.ask(headers=headers)

    assert mine.json()["id"] != theirs.json()["id"]


async def test_an_account_has_only_so_many_jobs_at_once(make_shop, tmp_path, holder_of):
    async with make_shop(tmp_path, account_jobs=2) as shop:
        holder = await holder_of(shop)
        shop.worker.hold_after = 1
        running = [asyncio.create_task(holder.ask()) for _ in range(2)]
        await shop.eventually(lambda: len(shop.worker.requests) == 2)

        refusal = await holder.ask()
        shop.worker.go.set()
        answers = await asyncio.gather(*running)

    assert (refusal.status_code, refusal.json()["error_code"]) == (429, "TOO_MANY_REQUESTS")
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_of_many_at_once_no_more_are_made_than_there_is_time_for(shop, worker, holder_of):
    holder = await holder_of(shop, ms=6000)

    answers = await asyncio.gather(*(holder.ask() for _ in range(8)))

    made = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 403}
    free, reserved, used = await holder.balance()
    assert (reserved, used, free) == (0, 1920 * len(made), 6000 - 1920 * len(made))


async def test_a_client_that_goes_away_has_its_video_made_and_finds_it_by_its_key(shop, worker, holder):
    worker.hold_after = 1
    headers = {"Idempotency-Key": KEY}
    asking = asyncio.create_task(holder.ask(headers=headers))
    await shop.eventually(lambda: bool(worker.requests))
    asking.cancel()
    await asyncio.wait([asking])
    worker.go.set()

    answer = await holder.ask(headers=headers)

    assert answer.json()["status"] == "success"
    assert len(worker.requests) == 1
    assert await holder.balance() == (58_080, 0, 1920)


async def test_accounts_orders_are_no_payments_and_no_quotes_of_the_shop(shop, holder):
    invoice = await shop.quote()
    await holder.ask()
    await holder.delayed()

    listed = await shop.http.get("/lightning/payments", headers=await shop.key(), params={"limit": 3})

    assert listed.json()[-1]["invoice"] == invoice


# Crashes


async def test_a_video_that_was_reserved_when_its_service_died_is_made_after_a_restart(
    make_closed_shop, tmp_path, holder_of
):
    async with contextlib.AsyncExitStack() as stack:
        closed_shop = await stack.enter_async_context(make_closed_shop(tmp_path))
        await _dies_and_comes_back(closed_shop, closed_shop.worker, holder_of)


async def _dies_and_comes_back(closed_shop, worker, holder_of):
    async with closed_shop.open() as shop:
        holder = await holder_of(shop)
        worker.hold_after = 0
        asking = asyncio.create_task(holder.ask(headers={"Idempotency-Key": KEY}))
        await shop.eventually(lambda: bool(worker.requests))
        asking.cancel()
        await asyncio.wait([asking])
        assert (await holder.balance())[1] > 0
    worker.hold_after = None

    async with closed_shop.open(resume_s=0.01) as shop:
        answer = await holder.ask(headers={"Idempotency-Key": KEY})

        assert answer.json()["status"] == "success"
        assert await holder.balance() == (58_080, 0, 1920)


async def test_a_video_that_was_paid_and_is_lost_before_anyone_had_it_is_given_back(shop, worker, holder):
    told = (await holder.ask()).json()
    kept = f"SELECT object FROM jobs JOIN orders ON orders.id = order_id WHERE public_id = '{told['id']}'"
    await shop.eventually(lambda: told_in(shop.folder, kept) != [(None,)])
    (shop.folder / "objects" / told_in(shop.folder, kept)[0][0]).unlink()
    worker.answer = (400, "Nobody can say that any more.")

    lost = await shop.http.get(told["mp4_url"])

    assert lost.status_code in (400, 410)
    free, reserved, used = await holder.balance()
    assert (free, reserved, used) == (60_000, 0, 1920)
    assert await holder.moves() == ["grant", "reserve", "settle", "release", "grant"]
