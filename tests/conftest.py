"""Fixtures that every test may ask for.

One real network serves the whole session: starting one takes seconds, sharing it takes nothing.
"""

import pytest

from regtest.lnd import LndNode
from regtest.network import Network


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="Take the long corpora whole: some ten minutes more."
    )


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def network(tmp_path_factory):
    async with await Network.start(tmp_path_factory.mktemp("network"), on_progress=print) as network:
        yield network


@pytest.fixture(scope="session")
def merchant(network: Network) -> LndNode:
    return network.merchant


@pytest.fixture(scope="session")
def payer(network: Network) -> LndNode:
    return network.payer
