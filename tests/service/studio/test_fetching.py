"""Files are fetched from the internet for whoever has a key, and from nowhere else, whatever a host says."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from service.engines.fetching import HttpFetcher
from service.errors import InvalidRequest, TooManyRequests
from service.studio.intake import LibraryTerms
from service.studio.media import UPLOADED, Kind
from tests.media_files import film, picture, speech
from tests.serving import live

NOWHERE = "http://169.254.169.254/latest/meta-data/iam"


class Host:
    """A host that answers as the test says."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], Any]] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self.gone = asyncio.Event()  # somebody hung up

    def put(self, path: str, content: Any = b"", *, status: int = 200, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, named, content)
        return self.url + path

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        self.asked.append(scope["path"])
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        status, headers, content = self.answers.get(scope["path"], (404, {}, b""))
        packed = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": packed})
        if content == "trickle":
            await self._trickle(receive, send)
            return
        for start in range(0, len(content), 65_536):
            await send(
                {"type": "http.response.body", "body": content[start : start + 65_536], "more_body": True}
            )
        await send({"type": "http.response.body", "body": b""})

    async def _trickle(self, receive: Any, send: Any) -> None:
        """Send a byte now and then, until whoever asked has had enough."""
        leaving = asyncio.create_task(self._leaves(receive))
        while not leaving.done():
            await send({"type": "http.response.body", "body": b"\x89", "more_body": True})
            await asyncio.wait([leaving], timeout=0.05)
        self.gone.set()

    async def _leaves(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


@pytest.fixture
async def host(run_server):
    host = Host()
    async with run_server(host) as host.url:
        yield host


@contextlib.asynccontextmanager
async def open_fetcher(folder, *, private: bool = True, seconds: float = 30, **terms: Any):
    fetcher = HttpFetcher(
        folder, LibraryTerms(media_private=private, **terms), seconds=dict.fromkeys(Kind, seconds)
    )
    try:
        yield fetcher
    finally:
        await fetcher.aclose()


@pytest.fixture
async def fetcher(tmp_path):
    async with open_fetcher(tmp_path, picture_mb=1, speech_mb=1, film_mb=2) as fetcher:
        yield fetcher


async def fetch(fetcher: HttpFetcher, url: str, *wanted: Kind, client: str = "7") -> tuple[str, bytes]:
    async with fetcher.fetch(url, wanted or UPLOADED, client=client, field="url") as arrived:
        return arrived.format.mime, arrived.path.read_bytes()


async def refusal(fetcher: HttpFetcher, url: str, *wanted: Kind) -> str:
    with pytest.raises(InvalidRequest) as refused:
        await fetch(fetcher, url, *wanted)
    assert refused.value.field == "url"
    return refused.value.detail


async def test_a_file_is_fetched_as_it_is_and_nothing_is_left_of_it(fetcher, host, tmp_path):
    url = host.put("/face", picture("png"), Content_Type="text/html", Set_Cookie="a=b")

    first, second = await fetch(fetcher, url), await fetch(fetcher, url)

    assert first == second == ("image/png", picture("png"))
    assert list(tmp_path.iterdir()) == []
    assert "cookie" not in host.headers[1]
    assert host.headers[0]["accept-encoding"] == "identity"


async def test_a_redirect_is_followed_to_where_it_leads(fetcher, host):
    host.put("/there/face", picture("webp"))
    for n, status in enumerate((301, 302, 303, 307, 308)):
        url = host.put(f"/{n}", status=status, Location="there/face")
        assert (await fetch(fetcher, url))[0] == "image/webp"


async def test_redirects_have_an_end(fetcher, host):
    url = host.put("/round", status=302, Location="/round")

    assert "more than 5 times" in await refusal(fetcher, url)
    assert len(host.asked) == 6


UNFIT = {
    "a file": "file:///etc/passwd",
    "an old protocol": "gopher://example.org/x",
    "data": "data:image/png;base64,AAAA",
    "no host": "http:///face.png",
    "a name and a password": "http://me:secret@example.org/face.png",
    "a broken port": "http://example.org:99999/face.png",
    "a space": "http://example.org/my face.png",
    "another line": "http://example.org/\r\nX-Evil: 1",
    "too long": "http://example.org/" + "a" * 2000,
    "a label that is none": "http://" + "a" * 64 + ".org/",
    "nothing": "",
}


@pytest.mark.parametrize("url", UNFIT.values(), ids=UNFIT)
async def test_what_is_no_address_of_a_file_is_refused(fetcher, url):
    await refusal(fetcher, url)


INSIDE = [
    "http://127.0.0.1/x",
    "http://localhost/x",
    "http://[::1]/x",
    "http://10.1.2.3/x",
    "http://192.168.0.1/x",
    "http://[fd00::1]/x",
    "http://[::ffff:169.254.169.254]/x",
    "http://[64:ff9b::a9fe:a9fe]/x",
    "http://0x7f000001/x",
    "http://2130706433/x",
    "http://127.1/x",
    "http://printer.local/x",
    "http://100.64.0.1/x",
    "http://93.184.216.34:22/x",
    "https://93.184.216.34:80/x",
    NOWHERE,
]


@pytest.mark.parametrize("url", INSIDE)
async def test_nothing_is_fetched_from_inside_or_from_another_port(tmp_path, url):
    async with open_fetcher(tmp_path, private=False) as fetcher:
        await refusal(fetcher, url)


class Public(HttpFetcher):
    """Finds the host of the test on the internet, and nothing else that is not there.

    Its names are answered as a name server of somebody would: of each look-up one answer.
    """

    def __init__(self, folder, host: Host, answers: dict[str, list[str]], monkeypatch) -> None:
        super().__init__(folder, LibraryTerms(), seconds=dict.fromkeys(Kind, 30.0))
        self.connected: list[tuple[str, int]] = []
        port = int(host.url.rpartition(":")[2])
        transport: Any = self._client._transport
        backend = transport._pool._network_backend
        inner = backend._inner

        def look_up(name: str, _port: int, **_more: Any) -> list[Any]:
            said = answers[name]
            address = said.pop(0) if len(said) > 1 else said[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, _port))]

        async def connect_tcp(address: str, at: int, *arguments: Any) -> Any:
            self.connected.append((address, at))
            return await type(inner).connect_tcp(inner, "127.0.0.1", port, *arguments)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(inner, "connect_tcp", connect_tcp, raising=False)


OUTSIDE = "93.184.216.34"


async def test_a_redirect_to_the_inside_is_not_followed(tmp_path, host, monkeypatch):
    fetcher = Public(tmp_path, host, {"a.example": [OUTSIDE]}, monkeypatch)
    host.put("/to-address", status=302, Location=NOWHERE)
    host.put("/to-port", status=302, Location="http://a.example:8332/")
    host.put("/to-file", status=302, Location="file:///etc/passwd")

    for path in ("/to-address", "/to-port", "/to-file"):
        await refusal(fetcher, f"http://a.example{path}")

    assert fetcher.connected == [(OUTSIDE, 80)] * 3
    await fetcher.aclose()


async def test_a_redirect_to_a_name_of_the_inside_is_not_followed(tmp_path, host, monkeypatch):
    names = {"a.example": [OUTSIDE], "b.example": ["169.254.169.254"]}
    fetcher = Public(tmp_path, host, names, monkeypatch)
    host.put("/x", status=302, Location="http://b.example/latest/meta-data")

    assert "not on the internet" in await refusal(fetcher, "http://a.example/x")

    assert fetcher.connected == [(OUTSIDE, 80)]
    await fetcher.aclose()


async def test_a_name_that_changes_what_it_leads_to_is_judged_each_time_it_is_used(
    tmp_path, host, monkeypatch
):
    fetcher = Public(tmp_path, host, {"a.example": [OUTSIDE, "10.0.0.1"]}, monkeypatch)
    host.put("/x", status=302, Location="http://a.example/y")
    host.put("/y", picture("png"))

    assert "not on the internet" in await refusal(fetcher, "http://a.example/x")

    assert (host.asked, fetcher.connected) == (["/x"], [(OUTSIDE, 80)])
    await fetcher.aclose()


async def test_what_was_judged_is_what_is_connected_to(tmp_path, host, monkeypatch):
    fetcher = Public(tmp_path, host, {"a.example": [OUTSIDE, "127.0.0.1"]}, monkeypatch)
    host.put("/face", picture("png"))

    await fetch(fetcher, "http://a.example/face")

    assert fetcher.connected == [(OUTSIDE, 80)]
    await fetcher.aclose()


async def test_who_trickles_is_not_waited_for(tmp_path, host):
    async with open_fetcher(tmp_path, seconds=0.5) as fetcher:
        assert "took longer" in await refusal(fetcher, host.put("/slow", "trickle"))

        async with asyncio.timeout(30):
            await host.gone.wait()


async def test_what_says_that_it_is_too_large_is_not_read(fetcher, host):
    url = host.put("/large", picture("png"), Content_Length="3000000")

    assert "too large" in await refusal(fetcher, url)


async def test_what_is_too_large_is_not_read_to_its_end_whatever_it_says(fetcher, host):
    url = host.put("/large", picture("png") + bytes(1_500_000))
    film_url = host.put("/film", film("mp4", "libx264") + bytes(1_500_000))

    assert "at most 1 MB" in await refusal(fetcher, url)
    assert (await fetch(fetcher, film_url))[0] == "video/mp4"


async def raw(answer: bytes):
    """A host that says these very bytes, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def test_a_file_that_ends_before_the_length_that_it_said_is_none(fetcher):
    content = picture("png")
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content) + 9}\r\n\r\n".encode()
    async with await raw(head + content) as server:
        port = server.sockets[0].getsockname()[1]
        assert "cannot be fetched" in await refusal(fetcher, f"http://127.0.0.1:{port}/face")


async def test_what_is_no_http_is_refused(fetcher):
    async with await raw(b"220 mail.example ESMTP\r\n\r\n") as server:
        port = server.sockets[0].getsockname()[1]
        assert "cannot be fetched" in await refusal(fetcher, f"http://127.0.0.1:{port}/face")


async def test_what_comes_packed_is_not_unpacked(fetcher, host):
    url = host.put("/face", picture("png"), Content_Encoding="gzip")

    assert "packed" in await refusal(fetcher, url)


async def test_a_page_that_says_it_is_a_picture_is_none(fetcher, host):
    url = host.put("/face.png", b"<html>not found</html>", Content_Type="image/png")

    assert "By its bytes" in await refusal(fetcher, url)
    assert "404" in await refusal(fetcher, host.url + "/nothing")


async def test_a_file_of_another_kind_than_is_wanted_is_refused(fetcher, host):
    url = host.put("/speech", speech("mp3", "libmp3lame"))

    assert "not a picture" in await refusal(fetcher, url, Kind.PICTURE)
    assert (await fetch(fetcher, url, Kind.SPEECH))[0] == "audio/mpeg"


async def test_a_client_has_a_few_fetched_at_once_and_others_are_not_kept_waiting(fetcher, host):
    slow, face = host.put("/slow", "trickle"), host.put("/face", picture("png"))
    waiting = [asyncio.create_task(fetch(fetcher, slow)) for _ in range(4)]
    async with asyncio.timeout(30):
        while len(host.asked) < 4:  # noqa: ASYNC110 - the host only counts
            await asyncio.sleep(0.01)

    with pytest.raises(TooManyRequests):
        await fetch(fetcher, face)
    assert (await fetch(fetcher, face, client="8"))[0] == "image/png"

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (await fetch(fetcher, face))[0] == "image/png"


@pytest.fixture
async def private_shop(closed_shop):
    async with closed_shop.open(media_private=True) as shop:
        yield shop


async def test_an_account_has_a_file_fetched_into_its_library(private_shop, make_holder, host):
    holder = await make_holder(private_shop)
    url = host.put("/face.png", picture("png"))

    told = await holder.fetch(url, name="face")
    missing = await holder.fetch(host.url + "/missing", kind="picture")

    assert (told.status_code, told.json()["kind"], told.json()["name"]) == (200, "picture", "face")
    assert (await private_shop.http.get(told.json()["url"])).content == picture("png")
    assert (missing.status_code, missing.json()["field"]) == (400, "url")
    assert [each["id"] for each in await holder.files()] == [told.json()["id"]]


async def test_a_link_of_ours_is_answered_without_asking_anybody(shop, make_holder):
    holder = await make_holder(shop)
    told = await holder.upload(picture("png"))

    same = await holder.fetch(told["url"])
    elsewhere = await holder.fetch(f"https://video.example.org/shop/media/{told['id']}.png")
    wrong = await holder.fetch(told["url"], kind="speech")
    unknown = await holder.fetch(f"{shop.url}/media/{'a' * 26}.png")
    await shop.http.delete(f"/media/{told['id']}", headers=holder.headers)
    gone = await holder.fetch(told["url"])

    assert same.json()["id"] == elsewhere.json()["id"] == told["id"]
    assert [each.status_code for each in (wrong, unknown, gone)] == [400, 404, 410]


async def test_nothing_inside_is_fetched_for_the_holder_of_a_key(shop, holder):
    for url in (NOWHERE, shop.url + "/health", "http://localhost/x"):
        answer = await holder.fetch(url)
        assert (answer.status_code, answer.json()["field"]) == (400, "url")
