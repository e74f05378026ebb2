"""`/api/v1/voices/clone`: a voice of ours is matched to samples, belongs to its account, and speaks."""

import asyncio

from tests.media_files import speech

LIKE = {
    "voice": "en-male~090-105-8888a77", "base": "en-male", "language": "en", "gender": "male", "pitch_hz": 104.2,
    "pitch": 0.9, "tract": 1.05, "cosine": 0.96, "cosine_unmatched": 0.81,
}  # fmt: skip


async def test_a_voice_is_matched_listed_speaks_and_is_deleted(shop, holder):
    shop.worker.like = LIKE
    sample = speech("wav", "pcm_s16le")
    urls = [
        (await shop.http.post("/media", content=sample, headers=holder.headers)).json()["url"]
        for _ in range(3)
    ]

    answer = await holder.post(
        "/voices/clone", {"voice_name": "Mine", "audio_samples": urls, "consent": "He agreed in May."}
    )

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["name"], told["is_cloned"], told["characteristics"]["method"]) == ("Mine", False, "matched")
    async with asyncio.timeout(60):
        while told["characteristics"]["status"] != "completed":
            await asyncio.sleep(0.05)
            [told] = [
                each
                for each in (await holder.get("/voices")).json()
                if each["voice_id"] == answer.json()["voice_id"]
            ]
    assert told["characteristics"]["consent"] == "He agreed in May."
    assert told["characteristics"]["similarity"] == 0.96
    video = await holder.create(voice_id=told["voice_id"])
    assert video.status_code == 200, video.text
    assert shop.worker.requests[-1]["voice"] == LIKE["voice"]

    path = f"/api/v1/voices/{told['voice_id']}"
    assert (await shop.http.delete(path, headers=holder.headers)).status_code == 204
    assert (await shop.http.delete(path, headers=holder.headers)).status_code == 404
    assert (await holder.create(voice_id=told["voice_id"])).status_code == 404


async def test_what_nobody_can_look_at_now_is_not_sold(shop, holder):
    """A scripted worker that clones, and is not well, or has no room."""
    shop.worker.clones = ["en"]
    sample = speech("wav", "pcm_s16le")
    url = (await shop.http.post("/media", content=sample, headers=holder.headers)).json()["url"]
    wish = {
        "voice_name": "Mine",
        "method": "cloned",
        "audio_samples": [url],
        "sample_words": ["I have agreed to this."],
        "consent": "Ada, by letter of 3 May",
    }

    async with asyncio.timeout(30):
        while (await holder.post("/voices/clone", wish)).status_code == 503:  # noqa: ASYNC110 - it is not told
            await asyncio.sleep(0.1)
    told = []
    for status in (500, 503, 400):
        shop.worker.answer = (status, "The words do not fit.")
        answer = await holder.post("/voices/clone", wish)
        told.append((answer.status_code, answer.json()["error_code"]))

    assert told == [(503, "SERVICE_UNAVAILABLE"), (503, "SERVICE_UNAVAILABLE"), (422, "VALIDATION_ERROR")]
    assert (
        len(
            [
                each
                for each in (await holder.get("/voices")).json()
                if each["name"] == "Mine" and each["is_cloned"]
            ]
        )
        == 1
    )
    shop.worker.clones = []
