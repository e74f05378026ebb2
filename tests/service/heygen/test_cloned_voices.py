"""`/api/v1/voices/clone` with `method: cloned`: an account's own recording, spoken like by a server, end to end.

The service, the worker and the server that speaks are real: the last one has the voice of eSpeak NG and keeps what it
was asked, so that a test sees whose recording it was to sound like.
"""

import asyncio
import datetime as dt

import msgspec
import pytest

from service.assembly.stores import open_kept
from service.catalogue.own import own_job, voice_object
from service.retention.orphans import Orphans
from tests.live.viewer import Viewer
from tests.service.heygen.conftest import holder_of
from tests.speaking import WORDS, heard_as, pcm_of, recording, speech_server, wav_of
from tests.worker.conftest import WorkerProcess, write_assets
from tests.worker.test_cloned_voices import TEMPLATE

CONSENT = "Ann Miller, who speaks, by letter of 3 May"
WISH = {"voice_name": "Ann", "method": "cloned", "consent": CONSENT, "sample_words": [WORDS]}
SCRIPT = "This film is spoken by nobody else."
VIDEO = {"avatar_id": "ann", "custom_settings": {"emotion": "neutral"}, "script": SCRIPT, "language": "en"}


@pytest.fixture(scope="module")
def speaking():
    with speech_server() as server:
        yield server


@pytest.fixture
def server(speaking):
    speaking.requests.clear()
    return speaking


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cloned")


@pytest.fixture(scope="module")
def voices(folder, speaking):
    path = folder / "voices.toml"
    path.write_text(TEMPLATE.format(url=speaking.url))
    return path


@pytest.fixture(scope="module")
def worker_assets(folder):
    return write_assets(folder / "assets")


@pytest.fixture(scope="module")
def cloning_worker(folder, voices, worker_assets):
    worker = WorkerProcess(worker_assets, "--voices", str(voices), "--cache", str(folder / "cache"))
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def plain_worker(folder, worker_assets):
    worker = WorkerProcess(worker_assets, "--cache", str(folder / "plain"))
    yield worker
    worker.stop()


async def link(holder, content=None):
    """Put a recording into a library; where it is."""
    content = recording() if content is None else content
    answer = await holder.shop.http.post("/media", content=content, headers=holder.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


async def ask(holder, content=None, key=None, **changes):
    """Ask for a voice like a recording."""
    wish = {**WISH, "audio_samples": [await link(holder, content)], **changes}
    headers = {} if key is None else {"Idempotency-Key": key}
    return await holder.post("/voices/clone", {k: v for k, v in wish.items() if v is not None}, **headers)


async def listed(holder, voice_id):
    """What is told of a voice; None where it is not listed."""
    told = [each for each in (await holder.get("/voices")).json() if each["voice_id"] == voice_id]
    return told[0] if told else None


async def cloned(holder, state="completed"):
    """Have a voice made; what is told of it."""
    answer = await ask(holder)
    assert answer.status_code == 200, answer.text
    async with asyncio.timeout(60):
        while (told := await listed(holder, answer.json()["voice_id"]))["characteristics"]["status"] != state:  # noqa: ASYNC110 - what is told of it
            await asyncio.sleep(0.05)
    return told


async def film(holder, voice_id, **changes):
    """Have a film spoken, and wait for it."""
    answer = await holder.post("/videos/create", {**VIDEO, "voice_id": voice_id, **changes})
    assert answer.status_code == 200, answer.text
    return await over(holder, answer.json()["video_id"])


async def over(holder, video_id):
    async with asyncio.timeout(120):
        told = {"status": ""}
        while told["status"] not in ("completed", "failed"):
            await asyncio.sleep(0.1)
            told = (await holder.get(f"/videos/{video_id}")).json()
    return told


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_recording_becomes_a_voice_and_the_voice_a_film(closed_shop, cloning_worker, server):
    async with closed_shop.open(worker_urls=cloning_worker.url) as shop:
        owner, stranger = await holder_of(shop, 120_000), await holder_of(shop)
        voice = await cloned(owner)
        [tried] = server.requests

        made = await film(owner, voice["voice_id"])

        assert made["status"] == "completed", made
        assert (voice["is_cloned"], voice["gender"], voice["language"]) == (True, "male", "en")
        about = voice["characteristics"]
        assert (about["method"], about["consent"]) == ("cloned", CONSENT)
        assert abs(dt.datetime.fromisoformat(about["consented_at"]) - dt.datetime.now(dt.UTC)).seconds < 120
        assert heard_as(tried) == (pcm_of(recording()), WORDS)
        spoken = server.requests[1:]
        assert {heard_as(request) for request in spoken} == {(pcm_of(recording()), WORDS)}
        assert " ".join(request["input"] for request in spoken) == SCRIPT
        assert (await shop.http.get(made["output_url"])).content[4:8] == b"ftyp"
        # By A2E's ways as well. And of another account, or of none, by no way.
        job = own_job(voice["voice_id"])
        a2e = {"Authorization": f"Bearer {owner.headers['X-API-Key']}"}
        [told] = (await shop.http.get("/api/v1/userVoice/completedRecord", headers=a2e)).json()["data"]
        assert (told["_id"], told["method"], told["consent"]) == (job, "cloned", CONSENT)
        server.requests.clear()
        say = {"msg": "Said by the same.", "user_voice_id": job}
        said = await shop.http.post("/api/v1/video/send_tts", json=say, headers=a2e)
        assert said.status_code == 200, said.text
        assert heard_as(server.requests[0]) == (pcm_of(recording()), WORDS)
        task = {"anchor_id": "ann", "msg": SCRIPT, "tts_id": voice["voice_id"]}
        generated = await shop.http.post("/api/v1/video/generate", json=task, headers=a2e)
        assert generated.status_code == 200, generated.text
        done = {"_id": generated.json()["data"]["_id"]}
        [ended] = (
            await shop.http.post("/api/v1/video/awsResult", json=done, headers=a2e, timeout=60)
        ).json()["data"]
        assert ended["status"] == "success", ended
        assert {heard_as(request) for request in server.requests} == {(pcm_of(recording()), WORDS)}

        asked_for = len(server.requests)
        refused = await stranger.post("/videos/create", {**VIDEO, "voice_id": voice["voice_id"]})
        theirs = {"Authorization": f"Bearer {stranger.headers['X-API-Key']}"}
        elsewhere = [
            await shop.http.delete(f"/api/v1/voices/{voice['voice_id']}", headers=stranger.headers),
            await shop.http.get(f"/api/v1/userVoice/{job}", headers=theirs),
            await shop.http.post("/api/v1/video/send_tts", json=say, headers=theirs),
            await shop.http.post(
                "/lightning/request-video/text",
                json={"text": SCRIPT, "voice": voice["voice_id"]},
                headers=a2e,
            ),
        ]
        assert (refused.status_code, refused.json()["error_code"]) == (404, "VOICE_NOT_FOUND")
        assert [answer.status_code for answer in elsewhere] == [404, 404, 400, 400]
        assert await listed(stranger, voice["voice_id"]) is None
        assert len(server.requests) == asked_for
        assert (await stranger.balance())[2] == 0


async def offer(holder, viewer, voice_id):
    wish = {"sdp": await viewer.offer(), "type": "offer", "avatar": "ann", "voice": voice_id}
    answer = await holder.shop.http.post("/offer", json=wish, headers=holder.headers, timeout=60)
    return answer.json()


async def test_a_live_session_speaks_with_it_and_nobody_elses_does(closed_shop, cloning_worker, server):
    async with closed_shop.open(worker_urls=cloning_worker.url) as shop:
        owner, stranger = await holder_of(shop, 120_000), await holder_of(shop)
        voice = await cloned(owner)
        server.requests.clear()
        theirs = Viewer()
        refused = await offer(stranger, theirs, voice["voice_id"])
        await theirs.close()
        viewer = Viewer()
        answer = await offer(owner, viewer, voice["voice_id"])
        await viewer.accept(answer["sdp"])

        words = {"sessionid": answer["sessionid"], "text": "Said live.", "type": "echo", "interrupt": True}
        said = await shop.http.post("/human", json=words, headers=owner.headers)

        await shop.eventually(lambda: bool(server.requests))
        await viewer.close()
        assert (refused["code"], "voice" in refused["msg"]) == (-1, True)
        assert said.json()["code"] == 0
        assert heard_as(server.requests[0]) == (pcm_of(recording()), WORDS)


async def test_what_was_deleted_speaks_no_more_and_leaves_nothing(closed_shop, cloning_worker, server):
    async with closed_shop.open(worker_urls=cloning_worker.url) as shop, open_kept(shop.settings()) as kept:
        owner = await holder_of(shop, 120_000)
        voice = await cloned(owner)
        name = voice_object(own_job(voice["voice_id"]) or "")
        assert await kept.objects.size(name) > 100_000

        path = f"/api/v1/voices/{voice['voice_id']}"
        assert (await shop.http.delete(path, headers=owner.headers)).status_code == 204

        with pytest.raises(FileNotFoundError):
            await kept.objects.size(name)
        assert await listed(owner, voice["voice_id"]) is None
        refused = await owner.post("/videos/create", {**VIDEO, "voice_id": voice["voice_id"]})
        assert refused.status_code == 404
        assert (await shop.http.delete(path, headers=owner.headers)).status_code == 404


async def test_a_key_makes_one_voice_and_it_costs_what_is_told(closed_shop, cloning_worker, server):
    key = "8e03978e-40d5-43dd-bc93-6894a57f9324"
    async with closed_shop.open(worker_urls=cloning_worker.url, voices_per_account=1) as shop:
        owner = await holder_of(shop, 120_000)
        url = await link(owner)

        answers = [await ask(owner, key=key, audio_samples=[url]) for _ in range(2)]
        another = await ask(owner, key=key, audio_samples=[url], voice_name="Another")
        async with asyncio.timeout(60):
            while (await owner.balance())[1]:  # noqa: ASYNC110 - what is told of it
                await asyncio.sleep(0.05)
        too_many = await ask(owner)

        assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
        assert answers[0].json()["voice_id"] == answers[1].json()["voice_id"]
        assert (another.status_code, another.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert await owner.balance() == (90_000, 0, 30_000)
        assert (too_many.status_code, "no more" in too_many.json()["error"]) == (400, True)


SILENCE = wav_of(bytes(4 * 32_000), 16_000)


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"consent": None}, 422, "consent"),
        ({"consent": True}, 422, "consent"),
        ({"consent": "yes"}, 422, "consent"),
        ({"sample_words": None}, 422, "sample_words"),
        ({"sample_words": [WORDS, WORDS]}, 422, "sample_words"),
        ({"sample_words": ["  "]}, 422, "sample_words"),
        ({"sample_words": WORDS}, 422, "sample_words"),
        ({"sample_words": ["Yes."]}, 422, "audio_samples"),
        ({"content": SILENCE}, 422, "audio_samples"),
        ({"content": recording("Hello."), "sample_words": ["Hello."]}, 422, "audio_samples"),
        ({"language": "ja"}, 422, "language"),
        ({"language": "xx"}, 422, "language"),
        ({"audio_samples": []}, 422, "audio_samples"),
        ({"method": "stolen"}, 422, "method"),
    ],
)
async def test_what_cannot_be_cloned_is_refused_and_costs_nothing(standing, changes, status, field):
    refused = await ask(standing, **changes)

    assert refused.status_code == status, refused.text
    assert refused.json()["details"]["field"].startswith(field)
    assert await standing.balance() == (60_000, 0, 0)


@pytest.fixture(scope="module")
async def standing(tmp_path_factory, make_closed_shop, cloning_worker):
    """Who has an account of a service that others use too."""
    async with (
        make_closed_shop(tmp_path_factory.mktemp("standing")) as closed,
        closed.open(worker_urls=cloning_worker.url) as shop,
    ):
        yield await holder_of(shop)


async def test_where_nothing_clones_it_is_said_what_to_set_and_a_match_is_made_all_the_same(
    closed_shop, plain_worker
):
    async with closed_shop.open(worker_urls=plain_worker.url) as shop:
        owner = await holder_of(shop)
        url = await link(owner)

        refused = await ask(owner, audio_samples=[url])
        few = await ask(owner, audio_samples=[url] * 2, method=None, sample_words=None)
        matched = await ask(owner, audio_samples=[url] * 3, method=None, sample_words=None, consent=True)

        assert (refused.status_code, refused.json()["error_code"]) == (503, "ENGINE_NOT_CONFIGURED")
        assert "SATSPEAK_WORKER_VOICES" in refused.json()["error"]
        assert (few.status_code, few.json()["details"]["field"]) == (422, "audio_samples")
        assert matched.status_code == 200, matched.text
        assert matched.json()["characteristics"]["method"] == "matched"


async def test_an_order_waits_for_a_worker_that_has_the_template_and_no_other_speaks(
    closed_shop, cloning_worker, plain_worker, server
):
    """The one that has it is away at first, and comes back."""
    async with closed_shop.open(worker_urls=cloning_worker.url) as shop:
        owner = await holder_of(shop, 120_000)
        voice = await cloned(owner)
        server.requests.clear()
    async with closed_shop.open(worker_urls=plain_worker.url, resume_s=0.2) as shop:
        answer = await owner.post(
            "/videos/create", {**VIDEO, "voice_id": voice["voice_id"]}, Prefer="respond-async"
        )
        assert answer.status_code == 200, answer.text
        order = answer.json()["video_id"]
        async with open_kept(shop.settings()) as kept, asyncio.timeout(30):
            while (video := await kept.videos.get(1)) is None or not video.failure:  # noqa: ASYNC110 - what is told of it
                await asyncio.sleep(0.05)
        assert "speaks with this voice" in video.failure
        assert video.frames == 0
        assert (await owner.balance())[1] > 0
    assert server.requests == []
    async with closed_shop.open(worker_urls=f"{plain_worker.url},{cloning_worker.url}", resume_s=0.2) as shop:
        made = await over(owner, order)

        assert made["status"] == "completed", made
        assert {heard_as(request) for request in server.requests} == {(pcm_of(recording()), WORDS)}


async def test_a_worker_that_dies_is_followed_by_one_with_the_same_voice(
    closed_shop, folder, voices, worker_assets, cloning_worker, server
):
    mortal = WorkerProcess(worker_assets, "--voices", str(voices), "--cache", str(folder / "mortal"))
    text = " ".join(["Every sentence of this text is spoken by the same voice, one after the other."] * 6)
    try:
        async with closed_shop.open(worker_urls=mortal.url) as shop:
            owner = await holder_of(shop, 200_000)
            voice = await cloned(owner)
        server.requests.clear()
        async with closed_shop.open(worker_urls=f"{mortal.url},{cloning_worker.url}", resume_s=0.2) as shop:
            wish = {**VIDEO, "script": text, "voice_id": voice["voice_id"]}
            answer = await owner.post("/videos/create", wish, Prefer="respond-async")
            assert answer.status_code == 200, answer.text
            async with open_kept(shop.settings()) as kept, asyncio.timeout(60):
                while (video := await kept.videos.get(1)) is None or not video.frames:  # noqa: ASYNC110 - what is told of it
                    await asyncio.sleep(0.02)
            mortal.process.kill()
            made = await over(owner, answer.json()["video_id"])

        assert made["status"] == "completed", made
        assert {heard_as(request) for request in server.requests} == {(pcm_of(recording()), WORDS)}
    finally:
        mortal.stop()


async def test_a_deleted_voice_gives_back_what_waits_for_it(
    closed_shop, cloning_worker, plain_worker, server
):
    async with closed_shop.open(worker_urls=cloning_worker.url) as shop:
        owner = await holder_of(shop, 120_000)
        voice = await cloned(owner)
        free, _, used = await owner.balance()
    async with closed_shop.open(worker_urls=plain_worker.url) as shop:
        answer = await owner.post(
            "/videos/create", {**VIDEO, "voice_id": voice["voice_id"]}, Prefer="respond-async"
        )
        assert answer.status_code == 200, answer.text
        path = f"/api/v1/voices/{voice['voice_id']}"
        assert (await shop.http.delete(path, headers=owner.headers)).status_code == 204
    async with closed_shop.open(worker_urls=cloning_worker.url, resume_s=0.2):
        ended = await over(owner, answer.json()["video_id"])

        assert (ended["status"], "deleted" in ended["failure"]["error"]) == ("failed", True), ended
        async with asyncio.timeout(30):
            while (await owner.balance()) != (free, 0, used):  # noqa: ASYNC110 - what is told of it
                await asyncio.sleep(0.05)


async def test_a_template_that_does_not_speak_costs_nothing(closed_shop, cloning_worker, server):
    async with closed_shop.open(worker_urls=cloning_worker.url) as shop:
        owner = await holder_of(shop)
        server.refusals = [(422, "no such reference")] * 3

        voice = await cloned(owner, state="failed")

        assert voice["characteristics"]["failure"] == "It could not be made."
        assert await owner.balance() == (60_000, 0, 0)
        assert msgspec.json.encode(voice)


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_recording_that_no_row_names_goes_and_others_stay(closed_shop, cloning_worker, server):
    """As a service leaves one that dies between deleting the row of a voice and its recording."""
    async with closed_shop.open(worker_urls=cloning_worker.url) as shop, open_kept(shop.settings()) as kept:
        voice = await cloned(await holder_of(shop))
        named, unnamed = voice_object(own_job(voice["voice_id"]) or ""), voice_object("f" * 24)
        await kept.objects.put(unnamed, b"somebody's voice")
        orphans = Orphans(kept.uploads, kept.objects)

        for _ in range(2):
            await orphans.look()

        assert await kept.objects.size(named) > 100_000
        with pytest.raises(FileNotFoundError):
            await kept.objects.size(unnamed)
