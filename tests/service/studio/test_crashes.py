"""kill -9 of the service at each stage of the studio's work: it ends once, paid or given back.

The service is a program. Its worker holds it still before it begins and in the middle of a pack, and locks of its
PostgreSQL server do between these.
"""

import asyncio
import contextlib
import json
import secrets
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from regtest.ports import Ports
from regtest.process import Guard, Program, until
from satspeak import programs
from service.catalogue.own import pack_object, voice_object
from service.settings import Settings
from tests.media_files import speech
from tests.service.conftest import PACK
from tests.service.heygen.conftest import Chat, open_chat
from tests.service.studio.conftest import hold
from tests.service.studio.test_twins import A2E, JPEG

CERTIFICATE = Path(__file__).parents[2] / "lightning" / "nobody.pem"

DEADLINE_S = 60

GRANTED_S = 1000

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"

VOICE = {
    "name": "Ada",
    "method": "cloned",
    "sample_words": "I have agreed to this.",
    "consent": "Ada, by letter of 3 May",
}

PORTRAIT = {"prompt": "An old woman", "width": 512, "height": 512}

PRICES_S = {
    "portrait": 5,
    "avatar of a picture": 30,
    "avatar of a portrait": 30,
    "second pass": 60,
    "cloned voice": 30,
}


class Shop:
    """A service as a program, which is killed and started again with the same data."""

    def __init__(self, program: Program, url: str, worker: Any) -> None:
        self.program = program
        self.url = url
        self.worker = worker
        self.http = httpx.AsyncClient(base_url=url, timeout=DEADLINE_S)

    def settings(self) -> Settings:
        return Settings.from_env(self.program.environment or {})

    @property
    def objects(self) -> Path:
        return self.settings().program.data_dir / "objects"

    async def start(self) -> None:
        await self.program.start()
        await programs.healthy(self.program, self.url, healthy_when=bool)

    async def value(self, query: str, *values: Any) -> Any:
        async with self.connected() as connection:
            return await connection.fetchval(query, *values)

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self.settings().stores.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    @contextlib.asynccontextmanager
    async def locked(self, what: str, *values: Any) -> AsyncIterator[None]:
        """Hold whoever writes there still."""
        async with self.connected() as connection, connection.transaction():
            await connection.execute(what, *values)
            yield


@pytest.fixture(scope="module")
async def standing_chat():
    async with open_chat() as chat:
        yield chat


@pytest.fixture(scope="module")
async def mortal_shop(tmp_path_factory, make_closed_shop, postgres, standing_chat):
    folder = tmp_path_factory.mktemp("crashes")
    (folder / "macaroon").write_bytes(b"\x02\x01\x03lnd")
    database = f"test_{secrets.token_hex(4)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"create database {database}")
    with contextlib.closing(Guard()) as guard, contextlib.closing(Ports()) as ports:
        async with make_closed_shop(folder) as closed:
            port = ports.take()
            program = programs.service_program(
                port=port,
                folder=folder,
                guard=guard,
                database_url=postgres.replace("/postgres?", f"/{database}?"),
                worker_urls=closed.worker.url,
                btc_usd="fixed:65000",
                lnd_address="127.0.0.1:1",
                lnd_tls_cert=str(CERTIFICATE),
                lnd_macaroon=str(folder / "macaroon"),
                studio_at_once="1",
                sweep_s="0.2",
                chat_url=standing_chat.url,
                chat_model="small",
            )
            closed.worker.clones = ["en"]
            shop = Shop(program, f"http://127.0.0.1:{port}", closed.worker)
            await shop.start()
            yield shop
            await program.kill()
            await shop.http.aclose()
    await server.execute(f"drop database {database} with (force)")
    await server.close()


@pytest.fixture
async def shop(mortal_shop):
    """The service; its worker does as it should."""
    worker = mortal_shop.worker
    worker.portrait, worker.answer, worker.hold_after, worker.go = JPEG, None, None, asyncio.Event()
    for asked in (worker.prompts, worker.packs, worker.said, worker.cloned):
        asked.clear()
    return mortal_shop


class Wish:
    """A job that an account asks for, by a key, so that it may be asked for again after a break."""

    def __init__(self, kind: str, a2e: A2E, **of: str) -> None:
        self.kind = kind
        self.a2e = a2e
        self.account_id = a2e.holder.account_id
        self._of = of
        self._key = str(uuid.uuid4())
        self._asking: asyncio.Task[Any] | None = None

    async def ask(self) -> Any:
        match self.kind:
            case "portrait":
                return await self.a2e.post("userText2image/start", PORTRAIT, key=self._key)
            case "cloned voice":
                return await self.a2e.post("userVoice/training", {**VOICE, **self._of}, key=self._key)
            case "second pass":
                return await self.a2e.post("userVideoTwin/continueTranining", self._of, key=self._key)
            case _:
                person = {"name": "Ada", "gender": "female", **self._of}
                return await self.a2e.post("userVideoTwin/startTraining", person, key=self._key)

    async def until(self, how_far: str) -> str:
        """Ask for it and wait until its job is in this state, or at this stage; the job's public id."""
        shop = self.a2e.holder.shop
        self._asking = asyncio.create_task(self.ask())
        query = (
            "select public_id from studio_jobs where account_id = $1 and $2 in (state, stage)"
            " and state <> 'completed' order by id desc"
        )
        return str(
            await until(how_far, lambda: shop.value(query, self.account_id, how_far), timeout_s=DEADLINE_S)
        )

    async def cut_off(self) -> None:
        """Wait until who asked has heard that the service is gone, or had the answer before."""
        if self._asking is not None:
            await asyncio.wait([self._asking])
            self._asking.exception()

    @property
    def begins(self) -> str:
        begins = {"portrait": "drawing", "avatar of a picture": "studying", "cloned voice": "cloning"}
        return begins.get(self.kind, "filming")


async def prepare(shop: Shop, kind: str) -> Wish:
    """Let an account have what it is made of, so that all its video time is free but what that has cost."""
    a2e = A2E(await hold(shop, seconds=GRANTED_S))
    match kind:
        case "portrait":
            return Wish(kind, a2e)
        case "avatar of a picture":
            return Wish(kind, a2e, image_url=(await a2e.holder.upload(JPEG))["url"])
        case "cloned voice":
            sample = (await a2e.holder.upload(speech("wav", "pcm_s16le")))["url"]
            return Wish(kind, a2e, audio_url=sample)
    [url] = (await a2e.post("userText2image/start", PORTRAIT))["image_urls"]
    if kind == "avatar of a portrait":
        return Wish(kind, a2e, image_url=url)
    return Wish(kind, a2e, _id=(await a2e.trained(image_url=url))["_id"])


@contextlib.asynccontextmanager
async def asked(worker):
    """Wait in the end until the worker has been asked for something more: a job's row says so a moment before."""

    def times():
        return len(worker.prompts) + len(worker.packs) + sum(each["trial"] for each in worker.cloned)

    before = times()
    yield

    async def more():
        return times() > before

    await until("the worker", more, timeout_s=DEADLINE_S)


async def waits(wish, shop, holding):
    """Nobody has taken it up: who would is at another job."""
    shop.worker.hold_after = 0
    other = Wish("portrait", A2E(await hold(shop, seconds=PRICES_S["portrait"])))
    holding.push_async_callback(other.cut_off)
    async with asked(shop.worker):
        await other.until("drawing")
    return await wish.until("pending")


async def is_made(wish, shop, holding):
    """A worker is at it."""
    shop.worker.hold_after = 0
    async with asked(shop.worker):
        return await wish.until(wish.begins)


async def comes_in(wish, shop, holding):
    """It is being stored."""
    shop.worker.hold_after = 1
    if wish.kind == "portrait":
        await holding.enter_async_context(shop.locked("lock table media in exclusive mode"))
    return await wish.until("keeping")


async def is_stored(wish, shop, holding):
    """It is stored, and its job does not know of that."""
    async with contextlib.AsyncExitStack() as before:
        if (
            wish.kind == "cloned voice"
        ):  # which comes in one piece, so that only its account is there to be locked
            job = await is_made(wish, shop, before)
            await holding.enter_async_context(shop.locked("lock table ledger in exclusive mode"))
            shop.worker.go.set()
            await until(
                "its voice", lambda: asyncio.sleep(0, kept_of(shop, job).exists()), timeout_s=DEADLINE_S
            )
            return job
        job = await comes_in(wish, shop, before)
        of_job = "select from studio_jobs where public_id = $1 for update"
        await holding.enter_async_context(shop.locked(of_job, job))
        shop.worker.go.set()

    async def stored():
        if wish.kind != "portrait":
            return (shop.objects / pack_object(job)).exists()
        return await shop.value("select id from media where account_id = $1", wish.account_id)

    await until("what was made", stored, timeout_s=DEADLINE_S)
    return job


def kept_of(shop, job):
    """Where a cloned voice is kept."""
    return shop.objects / voice_object(job)


STAGES = {"waits": waits, "is made": is_made, "comes in": comes_in, "is stored": is_stored}

MATRIX = [
    *(("portrait", stage) for stage in STAGES),
    *(("avatar of a picture", stage) for stage in STAGES if stage != "waits"),
    ("avatar of a portrait", "is made"),
    ("second pass", "comes in"),
    ("cloned voice", "is made"),
    ("cloned voice", "is stored"),
]
"""What several kinds have in common stands here once: each takes some seconds."""


async def die(shop: Shop, wish: Wish, stage: str) -> str:
    """Kill the service at a stage of a job; its public id."""
    async with contextlib.AsyncExitStack() as holding:
        holding.push_async_callback(wish.cut_off)
        job = str(await STAGES[stage](wish, shop, holding))
        await shop.program.kill()
    shop.worker.hold_after = None
    return job


async def end_of(shop: Shop, job: str) -> str:
    """Wait for the end of a job; its state."""
    over = "select state from studio_jobs where public_id = $1 and state in ('completed', 'failed')"
    return str(await until("its end", lambda: shop.value(over, job), timeout_s=DEADLINE_S))


async def moved(shop: Shop, job: str) -> dict[str, int]:
    """Tell what a job did to its account, move by move, each of which there may be once."""
    query = "select jsonb_object_agg(move, ms)::text from ledger where ref = $1"
    assert await shop.value("select count(*) = count(distinct move) from ledger where ref = $1", job)
    return dict(json.loads(await shop.value(query, job)))


@pytest.mark.parametrize(("kind", "stage"), MATRIX)
async def test_a_job_whose_service_is_killed_is_done_once_and_paid_once(shop, kind, stage):
    wish = await prepare(shop, kind)
    before_s = await wish.a2e.coins()

    job = await die(shop, wish, stage)
    await shop.start()

    assert await end_of(shop, job) == "completed"
    again = await wish.ask()
    price_ms = 1000 * PRICES_S[kind]
    assert await moved(shop, job) == {"reserve": price_ms, "settle": price_ms}
    assert await wish.a2e.coins() == before_s - PRICES_S[kind]
    pictures = await wish.a2e.holder.files(kind="picture")
    assert len(pictures) == (kind != "cloned voice")
    if kind == "cloned voice":
        assert kept_of(shop, job).read_bytes() == PACK
        [told] = await wish.a2e.get("userVoice/completedRecord")
        assert (told["_id"], told["method"], again["_id"]) == (job, "cloned", job)
        assert sum(each["trial"] for each in shop.worker.cloned) == 2
    elif kind == "portrait":
        assert again["image_urls"] == [pictures[0]["url"]]
        assert (await shop.http.get(pictures[0]["url"])).content == JPEG
        drawn = {
            "waits": 3,
            "is made": 2,
            "comes in": 2,
            "is stored": 1,
        }  # who was in its way was drawn twice
        assert len(shop.worker.prompts) == drawn[stage]
    else:
        assert (shop.objects / pack_object(job)).read_bytes() == PACK
        assert len(await wish.a2e.get("anchor/character_list", type="custom")) == 1


@pytest.mark.parametrize("kind", ["portrait", "second pass"])
async def test_a_job_that_fails_after_its_service_was_killed_is_given_back(shop, kind):
    wish = await prepare(shop, kind)
    before_s = await wish.a2e.coins()

    job = await die(shop, wish, "comes in")
    shop.worker.answer = (400, "Nobody under age is drawn.")
    await shop.start()

    assert await end_of(shop, job) == "failed"
    price_ms = 1000 * PRICES_S[kind]
    assert await moved(shop, job) == {"reserve": price_ms, "release": price_ms}
    assert await wish.a2e.coins() == before_s
    assert not (shop.objects / pack_object(job)).exists()


async def test_speech_whose_service_is_killed_is_paid_once_and_what_was_set_aside_comes_back(shop):
    a2e = A2E(await hold(shop, seconds=GRANTED_S))
    speech = {"msg": "Hello there, my dear friend.", "tts_id": "anna"}
    shop.worker.hold_after = 0
    asking = asyncio.create_task(a2e.post("video/send_tts", speech, key=KEY))
    await until("the worker", lambda: asyncio.sleep(0, bool(shop.worker.said)), timeout_s=DEADLINE_S)

    await shop.program.kill()
    await asyncio.wait([asking])
    asking.exception()
    shop.worker.hold_after = None
    await shop.start()
    of_account = "from reservations where account_id = $1"
    assert await shop.value(f"select count(*) {of_account}", a2e.holder.account_id) == 1
    async with shop.connected() as connection:  # its lease is over
        await connection.execute("update reservations set until = 0 where until is not null")
    spoken = await a2e.post("video/send_tts", speech, key=KEY)

    assert await a2e.post("video/send_tts", speech, key=KEY) == spoken
    assert [each["url"] for each in await a2e.holder.files(kind="speech")] == [spoken]

    async def given_back():
        return await shop.value(f"select count(*) = 0 {of_account}", a2e.holder.account_id)

    await until("what was set aside", given_back, timeout_s=DEADLINE_S)
    query = "select count(*) from ledger where account_id = $1 and move = $2"
    assert [await shop.value(query, a2e.holder.account_id, move) for move in ("settle", "reserve")] == [1, 2]


async def test_a_script_whose_service_is_killed_is_paid_once_and_has_one_answer(shop, standing_chat: Chat):
    chat = standing_chat
    holder = await hold(shop, seconds=GRANTED_S)
    wish = {
        "url": "/api/v1/scripts/generate",
        "json": {"topic": "Bees"},
        "headers": {**holder.headers, "Idempotency-Key": str(uuid.uuid4())},
    }
    chat.go.clear()
    asking = asyncio.create_task(shop.http.post(**wish))
    await until("the endpoint", lambda: asyncio.sleep(0, bool(chat.requests)), timeout_s=DEADLINE_S)

    await shop.program.kill()
    await asyncio.wait([asking])
    asking.exception()
    chat.go.set()
    await shop.start()
    async with shop.connected() as connection:  # its lease is over
        await connection.execute("update reservations set until = 0 where until is not null")
    written = await shop.http.post(**wish)
    await shop.program.kill()  # what it wrote and what that cost were kept before it was told
    await shop.start()
    chat.pieces = ["Something else."]

    assert written.status_code == 200, written.text
    assert (await shop.http.post(**wish)).json() == written.json()
    assert len(chat.requests) == 2

    async def given_back():
        of_account = "from reservations where account_id = $1"
        return await shop.value(f"select count(*) = 0 {of_account}", holder.account_id)

    await until("what was set aside", given_back, timeout_s=DEADLINE_S)
    query = "select sum(ms) from ledger where account_id = $1 and move = $2"
    assert [await shop.value(query, holder.account_id, move) for move in ("settle", "release")] == [
        2000,
        2000,
    ]


def test_no_death_surprised_the_service(mortal_shop):
    log = mortal_shop.program.log.read_text()

    assert [line for line in log.splitlines() if '"unexpected_error"' in line or "job_broke" in line] == []
    assert "never retrieved" not in log
