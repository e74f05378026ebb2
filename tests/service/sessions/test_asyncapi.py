"""The AsyncAPI document of the WebSockets. That what they send is as it says is checked wherever a test listens."""

import json

from jsonschema import Draft7Validator

from bench.browser import Package, fetch
from service.routes.avatartalk import continuous_messages
from tests.service.sessions import described

SPECIFICATION = Package(
    "@asyncapi/specs",
    "6.11.1",
    "sha512-A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ==",
)


async def test_the_document_is_one_of_asyncapi_3_and_says_where_it_is_served(live_shop):
    answer = await live_shop.http.get("/schema/asyncapi.json")
    specification = json.loads((fetch(SPECIFICATION) / "schemas" / "3.0.0.json").read_text())

    Draft7Validator(specification).validate(answer.json())
    server = answer.json()["servers"]["service"]
    assert f"{server['protocol']}://{server['host']}" == live_shop.url.replace("http", "ws", 1)


async def test_who_has_the_document_is_not_sent_it_again(live_shop):
    answer = await live_shop.http.get("/schema/asyncapi.json")

    again = await live_shop.http.get(
        "/schema/asyncapi.json", headers={"If-None-Match": answer.headers["ETag"]}
    )

    assert again.status_code == 304


async def test_each_message_that_a_conversation_may_have_is_known(holder):
    async with holder.connect("/ws/continuous") as client:
        for kind in [kind for kind in continuous_messages.ASKED if kind != "session_end"]:
            await client.send({"type": kind, "data": {"text": ""}})
        await client.send({"type": "session_end"})
        assert await client.closed() == (1000, "")

    told = {each["type"] for each in client.told}
    assert "error" not in told
    assert {"pong", "turn_queued", "text_queued", "text_appended", "text_stream_completed"} <= told


async def test_closes_are_told_with_their_reasons():
    for path in ("/ws/infer", "/ws/continuous"):
        assert {
            (1000, ""),
            (1008, "Invalid API key"),
            (1008, "Authorization failed"),
            (1008, "Insufficient credits"),
            (1009, None),
            (1011, "Processing error"),
            (1013, None),
        } <= described.closes(path)
