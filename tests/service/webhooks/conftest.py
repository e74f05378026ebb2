"""Who is told, and a shop that tells soon."""

import pytest

from tests.receivers import Receiver

SETTINGS = {"webhook_private": True, "webhook_look_s": 0.02, "sweep_s": 0.05}


@pytest.fixture
async def receiver(run_server):
    receiver = Receiver()
    async with run_server(receiver) as receiver.url:
        yield receiver


@pytest.fixture
async def shop(closed_shop):
    async with closed_shop.open(**SETTINGS) as shop:
        yield shop
