"""Other kinds of files of a whole video: made once, kept, and read in parts."""

import asyncio

import pytest

MADE = "quicktime, or so"


@pytest.fixture
def finishing(worker):
    worker.pictures["/finish"] = MADE
    return worker


async def ask(shop, invoice, kind, **headers):
    return await shop.http.get(f"/lightning/video/{invoice}", params={"format": kind}, headers=headers)


async def bought(shop):
    invoice = await shop.paid(avatar="arab_woman", emotion="happy", language="en")
    assert (await shop.video(invoice, language="en")).status_code == 200
    return invoice


async def test_a_file_is_made_when_it_is_asked_for_first_and_kept(shop, finishing):
    invoice = await bought(shop)

    answers = [await ask(shop, invoice, "mov") for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json() for answer in answers} == {MADE}
    assert finishing.asked == ["/finish"]
    first = answers[0].headers
    assert first["content-type"] == "video/quicktime"
    assert '.mov"' in first["content-disposition"]
    assert (await ask(shop, invoice, "mov", **{"If-None-Match": first["etag"]})).status_code == 304


async def test_who_asks_for_the_same_at_once_waits_for_one(shop, finishing):
    invoice = await bought(shop)

    answers = await asyncio.gather(*(ask(shop, invoice, "webm") for _ in range(5)))

    assert {answer.status_code for answer in answers} == {200}
    assert finishing.asked == ["/finish"]


async def test_a_file_is_read_in_parts(shop, finishing):
    invoice = await bought(shop)
    whole = (await ask(shop, invoice, "avi")).content

    part = await ask(shop, invoice, "avi", Range="bytes=3-6")
    beyond = await ask(shop, invoice, "avi", Range="bytes=9999-")

    assert (part.status_code, part.content) == (206, whole[3:7])
    assert part.headers["content-range"] == f"bytes 3-6/{len(whole)}"
    assert beyond.status_code == 416


async def test_without_a_format_and_with_mp4_the_video_is_as_ever(shop, worker):
    invoice = await bought(shop)

    plain = await shop.http.get(f"/lightning/video/{invoice}")
    named = await ask(shop, invoice, "mp4")

    assert plain.content == named.content
    assert plain.headers["etag"] == named.headers["etag"]


async def test_a_worker_that_makes_none_is_worth_another_try(shop, worker):
    invoice = await bought(shop)

    answer = await ask(shop, invoice, "webm")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers

    worker.pictures["/finish"] = MADE
    assert (await ask(shop, invoice, "webm")).status_code == 200


async def test_of_a_video_that_is_still_made_there_is_no_other_file(shop, finishing):
    finishing.hold_after = 2
    invoice = await shop.paid(avatar="arab_woman", emotion="happy", language="en")
    async with shop.http.stream(
        "POST", "/lightning/generate-video", json=shop.order(invoice, language="en")
    ) as growing:
        await anext(growing.aiter_bytes())

        assert (await ask(shop, invoice, "mov")).status_code == 409
        finishing.go.set()
    assert finishing.asked == []


async def test_there_is_no_other_kind(shop):
    assert (await ask(shop, await bought(shop), "exe")).status_code == 400
