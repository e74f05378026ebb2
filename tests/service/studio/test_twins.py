"""A2E's portraits and twins: from a prompt to an avatar that speaks, paid once and given back where it fails."""

import pytest

PROMPT = {
    "name": "Ada",
    "prompt": "An old woman with a monocle",
    "req_key": "any",
    "width": 1024,
    "height": 768,
}

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(600) + b"\xff\xd9"


class A2E:
    """A client of an account."""

    def __init__(self, holder):
        self.holder = holder

    async def post(self, path, body, *, key=None, status=200):
        headers = {**self.holder.headers, **({"Idempotency-Key": key} if key else {})}
        return self._told(
            await self.holder.shop.http.post(f"/api/v1/{path}", json=body, headers=headers), status
        )

    async def get(self, path, *, status=200, **query):
        headers = self.holder.headers
        return self._told(
            await self.holder.shop.http.get(f"/api/v1/{path}", params=query, headers=headers), status
        )

    async def delete(self, path, *, status=200):
        return self._told(
            await self.holder.shop.http.delete(f"/api/v1/{path}", headers=self.holder.headers), status
        )

    def _told(self, answer, status):
        assert answer.status_code == status, answer.text
        told = answer.json()
        assert told["code"] == (0 if status == 200 else status)
        assert told["trace_id"]
        return told["data"] if status == 200 else told["msg"]

    async def trained(self, **wish):
        """Have an avatar made, and wait for it."""
        begun = await self.post("userVideoTwin/startTraining", {"name": "Ada", "gender": "female", **wish})
        return await self.ready(begun["_id"])

    async def ready(self, avatar):
        job_state = None
        while job_state not in ("completed", "failed"):
            job_state = (told := await self.get(f"userVideoTwin/{avatar}"))["current_status"]
        return told

    async def coins(self):
        return (await self.get("user/remainingCoins"))["coins"]


@pytest.fixture
async def a2e(shop, worker, make_holder):
    worker.portrait = JPEG
    return A2E(await make_holder(shop, seconds=200))


async def test_a_prompt_becomes_a_picture_in_the_answer_and_is_paid_once(a2e, worker):
    drawn = await a2e.post("userText2image/start", PROMPT, key=KEY)

    [url] = drawn["image_urls"]
    assert url.endswith(".jpg")
    picture = await a2e.holder.shop.http.get(url)  # without a key
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    assert drawn["ignored_words"] == ["monocle"]
    assert (await a2e.post("userText2image/start", PROMPT, key=KEY))["image_urls"] == [url]
    assert await a2e.coins() == 195
    assert (await a2e.get(f"userText2image/{drawn['_id']}"))["current_status"] == "completed"
    assert (await a2e.get("userText2image/allRecords", pageNum=1, pageSize=5))["total"] == 1
    await a2e.delete(f"userText2image/{drawn['_id']}")
    assert await a2e.get(f"userText2image/{drawn['_id']}", status=404)


async def test_a_prompt_that_cannot_be_drawn_costs_nothing(a2e, worker):
    worker.answer = (400, "Nobody under age is drawn.")
    assert await a2e.post("userText2image/start", PROMPT, status=400) == "Nobody under age is drawn."
    worker.answer = worker.portrait = None  # as one that has not installed what draws
    assert "draw no portraits" in await a2e.post("userText2image/start", PROMPT, status=503)
    for wrong in ({"width": 10}, {"height": "tall"}, {"prompt": " "}):
        assert next(iter(wrong)) in await a2e.post("userText2image/start", {**PROMPT, **wrong}, status=400)

    assert await a2e.coins() == 200


async def test_a_portrait_becomes_an_avatar_that_is_filmed_and_then_sharpened(a2e, worker):
    [url] = (await a2e.post("userText2image/start", PROMPT))["image_urls"]

    avatar = await a2e.trained(image_url=url, video_backgroud_color="#00ff00", skipPreview=True)

    assert (avatar["current_status"], avatar["sharp"]) == ("completed", False)
    assert [(pack["recipe"], pack["mouths"]) for pack in worker.packs] == [({"seed": 7}, False)]
    await a2e.post("userVideoTwin/continueTranining", {"_id": avatar["_id"]})
    assert (await a2e.ready(avatar["_id"]))["sharp"]
    assert worker.packs[1]["mouths"]
    assert await a2e.coins() == 200 - 5 - 30 - 60
    await a2e.post(
        "userVideoTwin/continueTranining", {"_id": avatar["_id"]}
    )  # done before: nothing more to pay
    assert await a2e.coins() == 200 - 5 - 30 - 60


async def test_an_avatar_is_an_anchor_of_its_account_and_speaks(a2e, worker, make_holder):
    [url] = (await a2e.post("userText2image/start", PROMPT))["image_urls"]
    avatar = await a2e.trained(image_url=url)

    [anchor] = await a2e.get("anchor/character_list", user_video_twin_id=avatar["_id"], type="custom")
    begun = await a2e.post(
        "video/generate", {"anchor_id": anchor["_id"], "anchor_type": 1, "msg": "Hello.", "tts_id": "anna"}
    )
    [result] = await a2e.post("video/awsResult", {"_id": begun["_id"]})

    assert result["status"] == "success"
    [(name, pack)] = worker.lent.items()
    assert (worker.requests[-1]["avatar"], pack) == (name, b"the tar of an avatar")
    stranger = A2E(await make_holder(a2e.holder.shop, seconds=100))
    assert await stranger.get("anchor/character_list", type="custom") == []
    assert await stranger.get(f"userVideoTwin/{avatar['_id']}", status=404)
    wish = {"anchor_id": anchor["_id"], "anchor_type": 1, "msg": "Hello.", "tts_id": "anna"}
    assert "anchor" in await stranger.post("video/generate", wish, status=400)
    await a2e.delete(f"userVideoTwin/{avatar['_id']}")
    assert await a2e.get("anchor/character_list", type="custom") == []
    assert "anchor" in await a2e.post("video/generate", wish, status=400)


async def test_a_picture_of_somebody_is_studied_and_has_no_second_pass(a2e, worker):
    medium = await a2e.holder.upload(JPEG)

    avatar = await a2e.trained(image_url=medium["url"])

    assert avatar["warnings"] == ["The mouth is open."]
    assert worker.packs[0]["film"] == JPEG
    refused = await a2e.post("userVideoTwin/continueTranining", {"_id": avatar["_id"]}, status=501)
    assert "drawn here" in refused


MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42" + bytes(300)


async def test_a_film_of_its_mouths_goes_along_and_costs_as_much_again(a2e, worker):
    picture, film = await a2e.holder.upload(JPEG), await a2e.holder.upload(MP4)
    wish = {"name": "Ada", "gender": "female", "image_url": picture["url"], "mouths_url": film["url"]}

    begun = await a2e.post("userVideoTwin/startTraining", wish, key=KEY)
    avatar = await a2e.ready(begun["_id"])

    assert avatar["sharp"]
    [pack] = worker.packs
    assert pack["film"] == JPEG + MP4
    assert f"footage={len(JPEG)}" in pack["query"]
    assert (await a2e.post("userVideoTwin/startTraining", wish, key=KEY))["_id"] == begun["_id"]
    del wish["mouths_url"]
    assert await a2e.post("userVideoTwin/startTraining", wish, key=KEY, status=422)
    assert await a2e.coins() == 140


async def test_mouths_of_no_use_are_refused_and_cost_nothing(a2e, worker):
    picture = await a2e.holder.upload(JPEG)
    drawn = (await a2e.post("userText2image/start", PROMPT))["image_urls"][0]
    wish = {"name": "Ada", "gender": "female", "image_url": picture["url"]}
    film = (await a2e.holder.upload(MP4))["url"]
    for wrong, told in (
        ({"mouths_url": picture["url"]}, "mouths_url"),  # a picture
        ({"mouths_url": "http://127.0.0.1/b.mp4"}, "mouths_url"),
        ({"mouths_url": film, "image_url": drawn}, "second pass"),
    ):
        assert told in await a2e.post("userVideoTwin/startTraining", {**wish, **wrong}, status=400)
    worker.answer = (400, 'The film of the mouth shows no "oo".')

    failed = await a2e.trained(image_url=picture["url"], mouths_url=film)

    assert (failed["current_status"], failed["sharp"]) == ("failed", False)
    assert failed["failed_message"] == 'The film of the mouth shows no "oo".'
    assert await a2e.coins() == 195


async def test_what_no_worker_takes_is_refused_before_it_is_paid(a2e):
    film = (await a2e.holder.upload(MP4 + bytes(64 << 20)))["url"]

    refusal = await a2e.post(
        "userVideoTwin/startTraining", {"name": "Ada", "gender": "female", "video_url": film}, status=400
    )

    assert "64 MiB" in refusal
    assert await a2e.coins() == 200


async def test_what_is_no_wish_for_an_avatar_is_refused_and_costs_nothing(a2e):
    wish = {"name": "Ada", "gender": "female"}
    for wrong, named in (
        ({}, "image_url"),
        ({"image_url": "https://a.example/b.jpg", "video_url": "https://a.example/b.mp4"}, "image_url"),
        ({"image_url": "https://a.example/b.jpg", "gender": "other"}, "gender"),
        ({"image_url": "https://a.example/b.jpg", "name": ""}, "name"),
        ({"image_url": "http://127.0.0.1/b.jpg"}, "image_url"),
    ):
        assert named in await a2e.post("userVideoTwin/startTraining", {**wish, **wrong}, status=400)
    assert await a2e.post("userVideoTwin/continueTranining", {"_id": "f" * 24}, status=404)
    assert await a2e.delete(f"userVideoTwin/{'f' * 24}", status=404)
    assert await a2e.get(f"userText2image/{'f' * 24}", status=404)
    assert await a2e.coins() == 200


async def test_speech_that_is_asked_for_again_is_the_same_and_paid_once(a2e, worker):
    wish = {"msg": "Hello there, my dear friend.", "tts_id": "anna"}
    spoken = await a2e.post("video/send_tts", wish, key=KEY)
    left = await a2e.coins()

    assert await a2e.post("video/send_tts", wish, key=KEY) == spoken
    assert (await a2e.coins(), len(worker.said)) == (left, 1)
    assert await a2e.post("video/send_tts", {**wish, "msg": "Another text."}, key=KEY, status=422)

    other = "2b7a1c1e-6f1c-4f0e-9d5e-0c9a6f1f7d11"
    worker.answer = (400, "It cannot be said.")
    await a2e.post("video/send_tts", wish, key=other, status=400)
    worker.answer = None
    assert await a2e.post("video/send_tts", wish, key=other) != spoken  # what failed is asked for anew
