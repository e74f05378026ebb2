"""A worker in which what serves the network died says so, and fails its renders in place of keeping them waiting."""

import socket
import threading

import httpx
import numpy as np
import pytest
import uvicorn

from worker.app import create_app
from worker.network import SplitGraph
from worker.settings import Settings

DEADLINE_S = 60


class Death(BaseException):
    """What no program should go on after."""


class Announced(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@pytest.fixture
def client(assets):
    """Of a worker in this process, on a socket of its own."""
    app = create_app(Settings(assets=assets, threads=1))
    running = Announced(
        uvicorn.Config(app, port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    assert running.listening.wait(DEADLINE_S)
    port = running.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S, trust_env=False) as client:
        yield client
    running.should_exit = True
    thread.join(DEADLINE_S)
    assert not thread.is_alive()


def test_when_what_serves_the_network_dies_its_render_breaks_off_and_all_later_ones_are_refused(
    client, request_bytes, monkeypatch
):
    def die(*_):
        raise Death

    content = request_bytes(np.zeros(2 * 16_000, "<i2").tobytes())
    assert client.get("/health").json()["status"] == "ok"
    assert client.post("/renders", content=content).status_code == 200
    monkeypatch.setattr(SplitGraph, "draw", die)

    with pytest.raises(httpx.RemoteProtocolError):  # no end of it, and no end record
        client.post("/renders", content=content)

    health, again = client.get("/health"), client.post("/renders", content=content)
    for answer in (health, again):
        assert (
            answer.status_code == 500
        )  # which a service takes for a worker that is not well, and goes to another
        assert "The network has stopped: Death." in answer.json()["detail"]
