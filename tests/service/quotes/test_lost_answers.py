"""A commit whose answer is lost: what is sold is there, and what is not sold stays nowhere."""

import asyncio
import contextlib
import shutil
import tempfile
import uuid
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog.testing

from service.assembly.stores import open_kept
from service.retention.orphans import Orphans

AUDIO = "/lightning/request-video/audio"
SOCKET = ".s.PGSQL.5432"


class Cutter:
    """Stands between a service and its PostgreSQL; armed, it hands on a COMMIT and cuts before its answer."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self.armed = False
        self.cuts = 0
        self.connections: set[asyncio.Task[None]] = set()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self.connections.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(str(self._server))
        committing = asyncio.Event()

        async def ask() -> None:
            while data := await reader.read(65536):
                if self.armed and b"COMMIT;" in data:
                    committing.set()
                to_server.write(data)

        async def answer() -> None:
            while data := await from_server.read(65536):
                if committing.is_set():
                    self.cuts += 1
                    return
                writer.write(data)

        both = {asyncio.create_task(ask()), asyncio.create_task(answer())}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            for side in (writer, to_server):
                side.transport.abort()
                with contextlib.suppress(ConnectionError):
                    await side.wait_closed()


@pytest.fixture
async def cutter(database_url):
    """Such a one, and the URL of the database behind it."""
    [folder] = parse_qs(urlsplit(database_url).query)["host"]
    ours = Path(tempfile.mkdtemp(prefix="cutter-"))
    cutter = Cutter(Path(folder) / SOCKET)
    async with await asyncio.start_unix_server(cutter.serve, str(ours / SOCKET)):
        yield cutter, database_url.replace(folder, str(ours))
        for connection in cutter.connections:
            connection.cancel()
        await asyncio.wait(cutter.connections)
    shutil.rmtree(ours)


def uploads(shop):
    return sorted(each.name for each in (shop.folder / "objects" / "uploads").iterdir())


async def ask(shop, wav, key):
    return await shop.http.post(AUDIO, files={"audio": ("a.wav", wav)}, headers={"Idempotency-Key": key})


async def test_a_recording_whose_row_was_committed_unheard_is_sold_as_it_was_sent(
    closed_shop, cutter, make_wav, worker
):
    between, closed_shop.stores["database_url"] = cutter
    wav, key = make_wav(0.5), str(uuid.uuid4())
    async with closed_shop.open() as shop:
        between.armed = True
        lost = await ask(shop, wav, key)
        between.armed = False
        assert (lost.status_code, between.cuts >= 1) == (503, True)
        kept = uploads(shop)

        again = await ask(shop, wav, key)

        assert again.status_code == 200
        assert len(kept) == 1
        assert uploads(shop) == kept
        invoice = again.json()["bolt11_invoice"]
        shop.node.pay(invoice)
        assert (await shop.video(invoice)).content == worker.video
        assert [wav[44:]] == worker.pcm


async def look(shop, times):
    """Look for orphans so often, as the service does hour by hour."""
    async with open_kept(shop.settings()) as kept:
        orphans = Orphans(kept.uploads, kept.objects)
        for _ in range(times):
            await orphans.look()


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_recording_that_no_row_names_is_deleted_at_the_second_look(closed_shop, make_wav):
    async with closed_shop.open() as shop:
        invoice = (await ask(shop, make_wav(0.5), str(uuid.uuid4()))).json()["bolt11_invoice"]
        async with open_kept(shop.settings()) as kept:
            for n in range(3):
                await kept.objects.put(f"uploads/{n}.pcm", b"nobody's")

        async def names():
            async with open_kept(shop.settings()) as kept:
                return {name async for page in kept.objects.list("uploads/") for name in page}

        await look(shop, 1)
        assert len(await names()) == 4  # a row may be on its way
        await look(shop, 2)
        assert len(await names()) == 1
        shop.node.pay(invoice)
        assert (await shop.video(invoice)).status_code == 200


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_another_database_on_the_same_store_deletes_nothing_of_it_and_says_so(
    closed_shop, make_wav, tmp_path
):
    async with closed_shop.open() as shop:
        invoice = (await ask(shop, make_wav(0.5), str(uuid.uuid4()))).json()["bolt11_invoice"]
        well = (await shop.http.get("/health")).json()["parts"]["objects"]
        assert well == {"status": "ok", "detail": ""}
    store = closed_shop.stores.get("objects_url", f"file://{closed_shop.folder}/objects")
    stranger = type(closed_shop)(tmp_path / "stranger", closed_shop.worker, {"objects_url": store})
    stranger.node = closed_shop.node

    async with stranger.open():
        health = await stranger.http.get("/health")
        with structlog.testing.capture_logs() as logs:
            await look(stranger, 3)

    assert (health.status_code, health.json()["parts"]["objects"]["status"]) == (503, "down")
    assert "another database's" in health.json()["parts"]["objects"]["detail"]
    assert [entry["event"] for entry in logs] == ["store_of_another"] * 3
    async with closed_shop.open() as shop:
        shop.node.pay(invoice)
        assert (await shop.video(invoice)).status_code == 200


async def test_a_store_of_before_there_were_marks_is_marked_by_whose_recordings_it_has(
    closed_shop, make_wav, tmp_path
):
    mark = closed_shop.folder / "objects" / "database"
    async with closed_shop.open() as shop:
        await ask(shop, make_wav(0.5), str(uuid.uuid4()))
        await shop.eventually(mark.is_file)
    mark.unlink()
    store = {"objects_url": f"file://{closed_shop.folder}/objects"}
    stranger = type(closed_shop)(tmp_path / "stranger", closed_shop.worker, store)

    await look(stranger, 3)
    assert not mark.exists()
    assert len(uploads(closed_shop)) == 1

    await look(closed_shop, 1)
    assert mark.exists()
    assert len(uploads(closed_shop)) == 1


async def test_a_request_that_fails_before_its_row_leaves_no_recording(closed_shop, make_wav):
    async with closed_shop.open() as shop:
        shop.node.go_down()
        assert (await ask(shop, make_wav(0.5), str(uuid.uuid4()))).status_code == 503
        assert uploads(shop) == []
