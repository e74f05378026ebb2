"""Real nodes and a service, for benchmarks of the payments alone without a worker."""

import asyncio
import base64
import contextlib
import hashlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx
import msgspec

from lightning.lnd import LndBackend
from regtest.network import Network
from regtest.ports import Ports
from regtest.process import Guard, Program
from satspeak import programs

TEXT = "Hello there, my dear friend. "
"""What was to be spoken."""


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A network of two nodes, and a service that sells through one of them."""

    network: Network
    service: Program
    port: int
    key: str  # opens the metrics
    database: Path

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, folder: Path, *, tell: Callable[[str], None], renders: bool = False, **settings: str
    ) -> "AsyncIterator[Shop]":
        """Start them, with a worker where something is rendered; they are gone when this ends.

        `settings` are the service's, without prefix, in lower case.
        """
        async with contextlib.AsyncExitStack() as closing:
            ports = closing.enter_context(contextlib.closing(Ports()))
            guard = closing.enter_context(contextlib.closing(Guard()))
            network = await closing.enter_async_context(
                await Network.start(folder / "network", on_progress=tell)
            )
            port, worker_port = ports.take(), ports.take()
            if renders:
                worker = programs.worker_program(port=worker_port, folder=folder, guard=guard)
                closing.push_async_callback(worker.stop)
                await worker.start()
                await programs.healthy(worker, f"http://127.0.0.1:{worker_port}")
            service = programs.service_program(
                port=port,
                folder=folder,
                guard=guard,
                **{
                    "worker_urls": f"http://127.0.0.1:{worker_port}",
                    "btc_usd": "fixed:65000",
                    **programs.node_settings(network.merchant),
                    **settings,
                },
            )
            closing.push_async_callback(service.stop)
            await service.start()
            await programs.healthy(service, f"http://127.0.0.1:{port}", healthy_when=bool)
            key = await asyncio.to_thread(_key, folder / "service")
            yield cls(
                network=network,
                service=service,
                port=port,
                key=key,
                database=folder / "service" / "satspeak.sqlite3",
            )

    def backend(self) -> LndBackend:
        """Connect to the node that sells."""
        merchant = self.network.merchant
        return LndBackend(
            merchant.address, merchant.tls_cert_path.read_bytes(), merchant.macaroon_path.read_bytes()
        )

    async def waiting(self, count: int) -> None:
        """Wait until so many requests wait."""
        header = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(trust_env=False, headers=header, timeout=60) as client:
            while True:
                answer = await client.get(f"http://127.0.0.1:{self.port}/metrics")
                lines = dict(line.split() for line in answer.text.splitlines() if line[0] != "#")
                if int(lines["satspeak_requests_waiting"]) >= count:
                    return
                await asyncio.sleep(0.1)

    def add_unpaid(self, count: int) -> None:
        """Put orders into the database that expired unpaid half an hour ago: more than anybody would wait for."""
        expired_at = round(time.time() * 1000) - 1_800_000
        with contextlib.closing(sqlite3.connect(self.database, timeout=60)) as database, database:
            [first] = database.execute("SELECT coalesce(max(id), 0) + 1 FROM orders").fetchone()
            numbers = range(first, first + count)
            database.executemany(
                "INSERT INTO orders (id, text, duration_ms, amount_sat, usd_micros, refund_hash, created_at)"
                " VALUES (?, ?, 5000, 77, 50000, ?, ?)",
                ((n, TEXT, _hash(f"refund {n}"), expired_at - 900_000) for n in numbers),
            )
            database.executemany(
                "INSERT INTO payments (order_id, kind, invoice, payment_hash, status, expires_at)"
                " VALUES (?, 'lightning', ?, ?, 'expired', ?)",
                ((n, f"lnbcrt{n:0300}", _hash(f"payment {n}"), expired_at) for n in numbers),
            )

    def add_letters(self, urls: Sequence[str], count: int) -> None:
        """Put messages into the database that receivers are to be told now, each of an order of its own."""
        self.add_unpaid(count)
        now = round(time.time() * 1000)
        with contextlib.closing(sqlite3.connect(self.database, timeout=60)) as database, database:
            rows = database.execute("SELECT id FROM orders ORDER BY id DESC LIMIT ?", (count,)).fetchall()
            secret = f"whsec_{base64.b64encode(bytes(32)).decode()}"
            database.executemany(
                "INSERT INTO webhooks (order_id, url, secret, own) VALUES (?, ?, ?, 0)",
                ((order, urls[n % len(urls)], secret) for n, (order,) in enumerate(rows)),
            )
            database.executemany(
                "INSERT INTO outbox (order_id, message_id, event, state, tries, next_at, happened_at)"
                " VALUES (?, ?, 'payment.expired', 'waiting', 0, ?, ?)",
                ((order, f"msg_{order}", now, now) for (order,) in rows),
            )

    def cpu_s(self) -> float:
        """Return the processor time that the service has used, in all of its threads (Linux)."""
        # Behind the name, which is in parentheses, is field 3; 14 and 15 are ticks in user and in kernel mode.
        fields = Path(f"/proc/{self.service.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        """Return the memory that the service has resident (Linux)."""
        return status_mb(self.service, "VmRSS")


def status_mb(program: Program, field: str) -> float:
    """Read how much memory a running program has (`VmRSS`) or ever had (`VmHWM`) resident (Linux)."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith(field))
    return int(kilobytes) / 1024


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _key(data_dir: Path) -> str:
    """Make an API key as an operator does."""
    made = subprocess.run(
        [sys.executable, "-m", "service", "keys", "create", "bench", "--scope", "metrics:read"],
        env={"SATSPEAK_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()
