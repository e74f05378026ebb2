"""With workers on a Ray cluster: the service sees one, and a machine that dies costs no download."""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service.rendering.test_real_worker import RENDER_S, check_plays

TEXT = " ".join(["Every sentence of this text is spoken by an avatar, one after the other."] * 3)

START_S = 330
"""Ray takes some ten seconds to start on two cores that are its own, and minutes where others want them."""


class TwoNodes:
    """A cluster of two nodes, a worker on each."""

    def __init__(self, program: asyncio.subprocess.Process, url: str) -> None:
        self.url = url
        self._program = program

    async def renders(self) -> Counter[int]:
        """How many workers have how many renders."""
        async with httpx.AsyncClient() as http:
            page = (await http.get(f"{self.url}/metrics")).text
        [active] = [
            family
            for family in text_string_to_metric_families(page)
            if family.name == "satspeak_worker_renders_active"
        ]
        return Counter(int(sample.value) for sample in active.samples)

    def kill_second(self) -> None:
        assert self._program.stdin
        self._program.stdin.write(b"\n")


@contextlib.asynccontextmanager
async def two_nodes(cache: str) -> AsyncIterator[TwoNodes]:
    environment = {
        **os.environ,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # 15 by default: beside other tests next to nothing
        "SATSPEAK_WORKER_CACHE": cache,
        "SATSPEAK_WORKER_PORT": "0",
        "SATSPEAK_WORKER_RAY_CPUS": "1",
        "SATSPEAK_WORKER_RAY_REPLICAS": "2",
    }
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.service.rendering.two_nodes"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    assert program.stdout
    assert program.stdin
    try:
        async with asyncio.timeout(START_S):
            while not (line := await program.stdout.readline()).strip().isdigit():
                assert line, "It ended before its workers were ready."
        yield TwoNodes(program, f"http://127.0.0.1:{int(line)}")
    finally:
        program.stdin.close()
        try:
            async with asyncio.timeout(60):
                await asyncio.gather(program.stdout.read(), program.wait())
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


async def test_a_machine_that_dies_is_stood_in_for_by_another_and_every_download_goes_on(
    closed_shop, tmp_path, full
):
    if not full:
        pytest.skip("takes a minute of both cores, and minutes where others want them; --full")
    async with (
        two_nodes(str(tmp_path)) as cluster,
        closed_shop.open(worker_urls=cluster.url) as shop,
    ):
        shop.http.timeout = RENDER_S
        invoices = [await shop.paid(text=TEXT) for _ in range(2)]
        downloads = [asyncio.create_task(shop.download(invoice, emotion="neutral")) for invoice in invoices]
        for invoice in invoices:
            await shop.until(invoice, lambda payment: payment["video"]["frames"] >= 24)
        assert await cluster.renders() == {1: 2}

        cluster.kill_second()

        for invoice, download in zip(invoices, downloads, strict=True):
            whole = await download
            assert whole.returncode == 0
            payment = await shop.payment(invoice)
            assert payment["video"]["state"] == "ready"
            check_plays(whole.received, payment["video"]["frames"])
        assert len([*(await cluster.renders()).elements()]) == 1
