"""Which voices can be named."""

from service.catalogue.choosing import VOICES_FRESH


async def test_the_voices_are_the_workers(standing_shop):
    answer = await standing_shop.http.get("/voices")

    assert answer.status_code == 200
    assert answer.json() == [{"name": "anna", "language": "de", "gender": "female"}]


async def test_they_are_not_known_while_no_worker_says_them(closed_shop):
    async with closed_shop.open(worker_urls="http://127.0.0.1:1") as shop:
        answer = await shop.http.get("/voices")

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Retry-After" in answer.headers


async def test_they_are_asked_for_again_after_a_while(shop, worker):
    await shop.http.get("/voices")
    worker.voices = []
    assert len((await shop.http.get("/voices")).json()) == 1

    shop.clock.pass_by(seconds=VOICES_FRESH.total_seconds() + 1)

    assert (await shop.http.get("/voices")).json() == []


async def test_the_schema_shows_one(standing_shop):
    schema = (await standing_shop.http.get("/schema/openapi.json")).json()

    responses = schema["paths"]["/voices"]["get"]["responses"]
    assert "anna" in str(responses["200"])
    assert "503" in responses
