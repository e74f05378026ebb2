"""Which voices can be named."""

from service.catalogue.choosing import VOICES_FRESH


async def test_the_voices_are_the_workers(standing_shop):
    answer = await standing_shop.http.get("/voices")

    assert answer.status_code == 200
    assert answer.json() == [
        {"name": "anna", "language": "de", "gender": "female", "sample_url": "/voices/anna/sample.m4a"}
    ]


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


async def test_a_voice_is_heard_and_its_sample_is_asked_for_once(closed_shop, worker):
    worker.voices.append({"name": "Käthe", "language": "de", "gender": "female"})
    worker.pictures["/voices/Käthe/sample.m4a"] = "hello"
    async with closed_shop.open() as shop:
        urls = {voice["name"]: voice["sample_url"] for voice in (await shop.http.get("/voices")).json()}

        first, again = await shop.http.get(urls["Käthe"]), await shop.http.get(urls["Käthe"])
        part = await shop.http.get(urls["Käthe"], headers={"Range": "bytes=1-3"})

    assert (first.text, again.text) == ('"hello"', '"hello"')
    assert first.headers["Content-Type"] == "audio/mp4"
    assert "max-age" in first.headers["Cache-Control"]
    assert (part.status_code, part.content) == (206, b"hel")
    assert worker.asked == ["/voices/Käthe/sample.m4a"]


async def test_of_a_voice_that_there_is_not_no_worker_is_asked(shop, worker):
    worker.pictures["/voices/otto/sample.m4a"] = "hello"
    await shop.http.get("/avatars")  # answers once workers have told what they have

    assert (await shop.http.get("/voices/otto/sample.m4a")).status_code == 404
    assert worker.asked == []


async def test_an_older_worker_without_samples_is_no_fault(shop):
    assert (await shop.http.get("/voices/anna/sample.m4a")).status_code == 404
