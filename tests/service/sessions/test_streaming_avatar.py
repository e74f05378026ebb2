"""A2E's streaming avatars, and questions: calls of which a client says what the face is to say, or to answer."""

import contextlib
from urllib.parse import urlsplit

import pytest

from tests.live.viewer import Viewer
from tests.service.heygen.conftest import Chat
from tests.serving import serve

A = "/api/v1/streaming-avatar"

ANSWER = ["Bees ", "are **busy**. They make", " honey.\n", "Good", "bye."]

SPOKEN = "Bees are busy. They make honey. Goodbye."


@pytest.fixture(scope="module")
async def chat():
    endpoint = Chat()
    async with serve(endpoint) as url:
        endpoint.url = f"{url}/v1"
        yield endpoint


@pytest.fixture(scope="module")
async def shop(tmp_path_factory, make_shop, face, chat):
    folder = tmp_path_factory.mktemp("streaming")
    async with make_shop(folder, worker_urls=face.url, chat_url=chat.url, chat_model="small") as shop:
        yield shop


@pytest.fixture
async def holder(shop, holder_of, chat):
    fresh = Chat()
    fresh.url, fresh.pieces = chat.url, ANSWER
    chat.__dict__.update(fresh.__dict__)
    return await holder_of(shop)


async def ask(holder, path, status=200, **body):
    answer = await holder.shop.http.post(f"{A}/{path}", json=body, headers=holder.headers, timeout=60)
    told = answer.json()
    assert answer.status_code == status, answer.text
    assert told["code"] == (0 if status == 200 else status)
    assert told["trace_id"]
    return told["data"] if status == 200 else told["msg"]


@contextlib.asynccontextmanager
async def joined(holder):
    """A viewer in a channel, and the channel."""
    room = await ask(holder, "agora-token", avatar_id="ann", expire_seconds=600)
    viewer = Viewer()
    place = urlsplit(room["webrtc_url"])
    offer = {"sdp": await viewer.offer(), "type": "offer"}  # as the page sends it: without a key
    answer = (await holder.shop.http.post(f"{place.path}?{place.query}", json=offer, timeout=60)).json()
    assert str(answer.get("sessionid")) == room["channel"], answer
    await viewer.accept(answer["sdp"])
    try:
        yield viewer, room["channel"]
    finally:
        await viewer.close()


async def test_an_avatar_of_a_channel_speaks_and_leaves(holder):
    listed = (await holder.shop.http.get(f"{A}/all_avatars", headers=holder.headers)).json()["data"]
    async with joined(holder) as (viewer, channel):
        assert await ask(holder, "speak", channel=channel, text="Speak something, and then some more.") == {}
        await viewer.until(viewer.heard, "speech")
        assert await ask(holder, "leave", channel=channel) == {}
        free_ms, used_ms = await holder.settled()

    assert "ann" in {each["name"].lower() for each in listed}
    assert all({"id", "_id", "people_img"} <= set(each) for each in listed)
    assert used_ms > 0
    assert free_ms + used_ms == 60_000
    await ask(holder, "speak", 404, channel=channel, text="Too late.")


async def test_a_question_is_answered_sentence_by_sentence_and_what_is_known_goes_along(holder, chat):
    async with joined(holder) as (viewer, channel):
        await ask(holder, "set_qa_context", channel=channel, qa_context="You keep bees.")
        kept = await holder.shop.http.get(f"{A}/get_qa_context?channel={channel}", headers=holder.headers)
        first = await ask(holder, "ask", channel=channel, question="What do bees do?")
        await viewer.until(viewer.heard, "speech")
        chat.pieces = ["No."]
        again = await holder.shop.http.post(
            "/human",
            json={"sessionid": int(channel), "text": "And wasps?", "type": "chat"},
            headers=holder.headers,
            timeout=60,
        )
        await ask(holder, "leave_room", channel=channel)

    assert first == {"answer": SPOKEN}
    assert kept.json()["data"]["qa_context"] == "You keep bees."
    assert again.json() == {"code": 0, "msg": "ok"}
    asked = [[turn["role"] for turn in request["messages"]] for request in chat.requests]
    assert asked == [["system", "user"], ["system", "user", "assistant", "user"]]
    assert "You keep bees." in chat.requests[0]["messages"][0]["content"]
    assert chat.requests[1]["messages"][2]["content"] == SPOKEN
    moves = (await holder.shop.http.get("/account", headers=holder.headers)).json()["ledger"]
    assert [
        each["ms"] for each in moves if each["ref"].startswith("answer") and each["move"] == "settle"
    ] == [
        2000,
        2000,
    ]


async def test_an_answer_that_is_interrupted_is_not_said_to_its_end(holder, chat):
    async with joined(holder) as (viewer, channel):
        chat.pieces = ["This is the first sentence of it, which takes a while to say. "] + ["And more. "] * 30
        await ask(holder, "ask", channel=channel, question="What do bees do?")
        await viewer.until(viewer.heard, "speech")
        stopped = await holder.shop.http.post(
            "/interrupt_talk", json={"sessionid": channel}, headers=holder.headers
        )
        await viewer.until(lambda: viewer.quiet_for(1.5), "silence")

    assert stopped.json()["code"] == 0


async def test_an_endpoint_that_fails_costs_nothing_and_is_told(holder, chat):
    async with joined(holder) as (_viewer, channel):
        chat.statuses = [400]
        told = await ask(holder, "ask", 503, channel=channel, question="What do bees do?")
        await ask(holder, "leave-room", channel=channel)

    assert "did not do it" in told
    moves = (await holder.shop.http.get("/account", headers=holder.headers)).json()["ledger"]
    assert not any(each["ref"].startswith("answer") and each["move"] == "settle" for each in moves)


async def test_without_an_endpoint_nobody_answers_and_the_setting_is_named(live_shop, holder_of):
    holder = await holder_of(live_shop)
    async with joined(holder) as (viewer, channel):
        told = await ask(holder, "ask", 503, channel=channel, question="Who are you?")
        chat = {"sessionid": channel, "text": "Who are you?", "type": "chat"}
        answer = await live_shop.http.post("/human", json=chat, headers=holder.headers)
        await viewer.until(lambda: len(viewer.light) > 3, "picture")  # and the call goes on
        await ask(holder, "leave", channel=channel)

    assert "SATSPEAK_CHAT_URL" in told
    assert answer.json()["code"] == -1
    assert "SATSPEAK_CHAT_URL" in answer.json()["msg"]


async def test_what_does_not_fit_is_refused_in_the_envelope(holder, holder_of):
    poor = await holder_of(holder.shop, 0)
    assert "avatar_id" in await ask(holder, "agora-token", 400, avatar_id="nobody")
    assert "expire_seconds" in await ask(holder, "agora-token", 400, avatar_id="ann", expire_seconds=0)
    await ask(poor, "agora-token", 402, avatar_id="ann")
    for path, body in (
        ("speak", {"text": "Hello."}),
        ("ask", {"question": "Hello?"}),
        ("set_qa_context", {"qa_context": "x"}),
        ("leave", {}),
    ):
        await ask(holder, path, 404, channel="f84fd", **body)
        await ask(holder, path, 400, **body)
        anybody = await holder.shop.http.post(f"{A}/{path}", json={"channel": "1", **body})
        assert (anybody.status_code, anybody.json()["code"]) == (401, 401)
    async with joined(holder) as (_viewer, channel):
        await ask(holder, "speak", 400, channel=channel, text=" ")
        await ask(holder, "set_qa_context", 400, channel=channel)
        for path, body in (("speak", {"text": "x"}), ("ask", {"question": "x"}), ("leave", {})):
            await ask(poor, path, 404, channel=channel, **body)  # it is another account's
        await ask(holder, "leave", channel=channel)
