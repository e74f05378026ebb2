"""One real network for the whole test session: starting one takes seconds, sharing it takes nothing."""

import pytest

from regtest.lnd import LndNode
from regtest.network import Network


@pytest.fixture(scope="session")
async def network(tmp_path_factory):
    async with await Network.start(tmp_path_factory.mktemp("network"), on_progress=print) as network:
        yield network


@pytest.fixture
def merchant(network: Network) -> LndNode:
    return network.merchant


@pytest.fixture
def payer(network: Network) -> LndNode:
    return network.payer
