"""Speech that is asked for by one key is spoken and paid for once, whichever replica is asked."""

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime

import pytest

from service.accounts.prepaid import AccountTerms, VideoTime
from service.catalogue.port import Voice
from service.engines.fetching import HttpFetcher
from service.errors import KeyReused, RenderFailed, Unavailable
from service.quotes.terms import Terms
from service.rendering.port import Spoken
from service.storage.accounts import SqlAccounts
from service.storage.database import Database
from service.storage.media import SqlMedia
from service.storage.objects import FolderObjects
from service.storage.postgres import PostgresDatabase
from service.storage.sqlite import SqliteDatabase
from service.studio.charging import Charging
from service.studio.intake import LibraryTerms
from service.studio.library import Library
from service.studio.speaking import Speaking, SpeakingTerms

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VOICE = Voice(name="bert", language="en", gender="male")
TEXT = "Hello there, my dear friend."
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


class Mouth:
    """Speaks a second each time, when the test lets it."""

    def __init__(self) -> None:
        self.spoken = 0
        self.error: Exception | None = None
        self.go = asyncio.Event()
        self.go.set()
        self.begun = asyncio.Event()

    async def speak(self, wanted):
        self.begun.set()
        await self.go.wait()
        if self.error is not None:
            raise self.error
        self.spoken += 1
        return Spoken(content=b"speech", ms=1000)


@pytest.fixture
def mouth():
    return Mouth()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    """A database's; None for a file."""
    return request.getfixturevalue("database_url") if request.param == "postgres" else None


@pytest.fixture
async def replicas(tmp_path, url, mouth):
    """Two services with one database and one store, and an account that has ten seconds."""
    async with contextlib.AsyncExitStack() as stack:
        speaking = []
        for _ in range(2):
            database: Database = await stack.enter_async_context(
                PostgresDatabase.open(url) if url else SqliteDatabase.open(tmp_path / "db.sqlite3")
            )
            accounts = SqlAccounts(database)
            fetcher = HttpFetcher(tmp_path / "fetched", LibraryTerms())
            stack.push_async_callback(fetcher.aclose)
            library = Library(
                store=SqlMedia(database),
                objects=FolderObjects(tmp_path / "objects"),
                fetcher=fetcher,
                terms=LibraryTerms(),
                now=lambda: NOW,
            )
            speaking.append(
                Speaking(
                    speak=mouth.speak,
                    library=library,
                    charging=Charging(accounts, VideoTime(accounts, terms=AccountTerms(), now=lambda: NOW)),
                    screen=None,
                    terms=Terms(),
                    prices=SpeakingTerms(),
                )
            )
        number = await accounts.create("app", most_open=None, now=NOW)
        await accounts.grant(number, 10_000, ref="first", now=NOW)

        async def balance():
            account = await accounts.get(number)
            assert account is not None
            return account.free_ms, account.reserved_ms, account.used_ms

        yield *speaking, number, balance


async def test_what_one_replica_speaks_another_does_not_speak_beside_it(replicas, mouth):
    one, other, account, balance = replicas
    mouth.go.clear()
    speaking = asyncio.create_task(one.say(account, TEXT, VOICE, key=KEY))
    await mouth.begun.wait()

    with pytest.raises(Unavailable, match="already"):
        await other.say(account, TEXT, VOICE, key=KEY)
    mouth.go.set()

    spoken = await speaking
    assert await other.say(account, TEXT, VOICE, key=KEY) == spoken
    assert mouth.spoken == 1
    assert await balance() == (9_800, 0, 200)


async def test_what_failed_is_spoken_anew_under_its_key_and_costs_once(replicas, mouth):
    one, other, account, balance = replicas
    mouth.error = RenderFailed("the voice broke")
    for replica in (one, other, one):
        with pytest.raises(RenderFailed):
            await replica.say(account, TEXT, VOICE, key=KEY)
    assert await balance() == (10_000, 0, 0)
    mouth.error = None

    assert await other.say(account, TEXT, VOICE, key=KEY) == await one.say(account, TEXT, VOICE, key=KEY)

    assert await balance() == (9_800, 0, 200)


async def test_a_key_is_no_other_text_and_without_one_each_wish_is_spoken(replicas, mouth):
    one, other, account, balance = replicas
    await one.say(account, TEXT, VOICE, key=KEY)

    with pytest.raises(KeyReused):
        await other.say(account, f"{TEXT} Goodbye.", VOICE, key=KEY)
    await other.say(account, TEXT, VOICE, key=str(uuid.uuid4()))
    await other.say(account, TEXT, VOICE)

    assert mouth.spoken == 3
    assert await balance() == (9_400, 0, 600)
