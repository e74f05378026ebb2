"""The connection to an LND: opened by files that may be renewed, to a node that another may take the place of.

LND makes its certificate anew when that has expired, and an operator replaces a macaroon. So the files are looked at
again while the connection is used: a certificate that changed opens a new channel, a macaroon goes with the next call.
"""

import asyncio
import functools
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
import structlog
from lndgrpc.compiled import lightning_pb2 as ln
from lndgrpc.compiled.lightning_pb2_grpc import LightningStub

from lightning.errors import CredentialsInvalid
from lightning.lnd_credentials import Secret, checked_certificate, macaroon_hex
from lightning.lnd_errors import translated

_CHANNEL_OPTIONS = (
    # A subscription can hang for days with nobody noticing (lnd#7727). LND ends connections that ping more
    # often than every 5 s, or while no call is open (lnd#4969). Without the ping's own timeout gRPC gives a
    # silent line a minute.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.max_pings_without_data", 0),  # no limit: a subscription sends none
    # By default a node that came back is not tried again for up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # How long one try to connect may take, despite its name: a TLS handshake over Tor needs seconds.
    ("grpc.min_reconnect_backoff_ms", 20_000),
    ("grpc.enable_http_proxy", 0),  # one that is set for the price feeds would not reach the node
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),  # a page of invoices paid in many parts
)

_log = structlog.get_logger(__name__)


class Connection:
    """A line to one address. Made inside the event loop that uses it.

    Args:
        address: Host and port of LND's gRPC; the host must be one that its certificate names.
        tls_cert: LND's own certificate, PEM: no other is trusted.
        macaroon: What asks the node who it is needs `info:read`.
        deadline_s: Longest wait for that answer.

    Raises:
        CredentialsInvalid: The certificate or macaroon cannot be read, or is no such thing.
    """

    def __init__(self, address: str, tls_cert: Secret, macaroon: Secret, *, deadline_s: float) -> None:
        self._address = address
        self._deadline_s = deadline_s
        self._files: list[_File] = []
        self._tls_cert = self._file("TLS certificate", tls_cert, checked_certificate)
        self._channel = self._open()
        # Calls over a channel that was replaced go on until they end by themselves, as streams do when LND restarts.
        self._replaced: set[grpc.aio.Channel] = set()
        self._calls: Counter[grpc.aio.Channel] = Counter()
        self._closing: set[asyncio.Task[None]] = set()
        self._lightning = self.stub(LightningStub, macaroon)
        self._watching: asyncio.Task[None] | None = None
        self._node: asyncio.Task[str] | None = None

    def stub(self, make: Callable[[grpc.aio.Channel], Any], macaroon: Secret) -> Any:
        """Make a stub whose calls go over the channel as it is then, each with the macaroon as it is then.

        Raises:
            CredentialsInvalid: The macaroon cannot be read, or is none.
        """
        return _Stub(self, make, self._file("macaroon", macaroon, macaroon_hex))

    async def node(self) -> str:
        """Return the public key of the node at the other end, which is asked once for each time that it is connected.

        So two answers that are the same mean that whatever was asked between them was answered by that node. Looks at
        no file: each call does, and where that opens another channel the node is asked anew.
        """
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(self._channel))
        if self._node is None or (
            self._node.done() and (self._node.cancelled() or self._node.exception() is not None)
        ):
            self._node = asyncio.create_task(self._ask())
        return await asyncio.shield(self._node)  # others wait for it too

    def channel(self) -> grpc.aio.Channel:
        """Return the channel, made anew if the certificate was renewed."""
        for file in self._files:  # some microseconds each
            if file.look() and file is self._tls_cert:
                replaced, self._channel = self._channel, self._open()
                self._forget()
                self._replaced.add(replaced)
                self._close_if_left(replaced)
        return self._channel

    def carries(self, channel: grpc.aio.Channel, call: Any) -> None:
        """Keep the channel open until a call over it has ended."""
        self._calls[channel] += 1
        call.add_done_callback(functools.partial(self._ended, channel))

    async def aclose(self) -> None:
        """Close the line. End what streams over it first."""
        for task in (self._watching, self._node):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        replaced, self._replaced = self._replaced, set()
        for channel in (*replaced, self._channel):
            await channel.close()
        await asyncio.gather(*self._closing)

    def _file(self, what: str, source: Secret, check: Callable[[bytes], str]) -> "_File":
        """Keep an eye on a file; one for all stubs that show the same macaroon, since each look costs every call."""
        file = next((file for file in self._files if (file.what, file.source) == (what, source)), None)
        if file is None:
            file = _File(what, source, check)
            self._files.append(file)
        return file

    def _open(self) -> grpc.aio.Channel:
        credentials = grpc.ssl_channel_credentials(root_certificates=self._tls_cert.value.encode())
        return grpc.aio.secure_channel(self._address, credentials, options=_CHANNEL_OPTIONS)

    def _ended(self, channel: grpc.aio.Channel, _call: Any) -> None:
        self._calls[channel] -= 1
        self._close_if_left(channel)

    def _close_if_left(self, channel: grpc.aio.Channel) -> None:
        """Close a channel that was replaced once no call is on it."""
        if channel in self._replaced and not self._calls[channel]:
            self._replaced.remove(channel)
            del self._calls[channel]
            closing = asyncio.create_task(channel.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _ask(self) -> str:
        with translated():
            answer = await self._lightning.GetInfo(ln.GetInfoRequest(), timeout=self._deadline_s)
        return str(answer.identity_pubkey)

    async def _watch(self, channel: grpc.aio.Channel) -> None:
        """Forget who is at the other end whenever the line breaks: another may answer next."""
        while True:
            await channel.wait_for_state_change(channel.get_state())
            self._node = None

    def _forget(self) -> None:
        self._node = None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None


class _Stub:
    """A stub of LND's, over a connection."""

    def __init__(
        self, connection: Connection, make: Callable[[grpc.aio.Channel], Any], macaroon: "_File"
    ) -> None:
        self._connection = connection
        self._make = make
        self._macaroon = macaroon
        self._channel: grpc.aio.Channel | None = None
        self._stub: Any = None

    def __getattr__(self, method: str) -> Any:
        return functools.partial(self._call, method)

    def _call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        channel = self._connection.channel()
        if channel is not self._channel:
            self._channel, self._stub = channel, self._make(channel)
        metadata = (("macaroon", self._macaroon.value),)
        call = getattr(self._stub, method)(request, metadata=metadata, timeout=timeout)
        self._connection.carries(channel, call)
        return call


class _File:
    """What opens the connection, as it was when it could last be used.

    Attributes:
        what: It is, for people.
        source: Where it is, or its bytes.
        value: The certificate as PEM, or the macaroon as hex.
    """

    def __init__(self, what: str, source: Secret, check: Callable[[bytes], str]) -> None:
        self.what = what
        self.source = source
        self._check = check
        self._state = self._now()
        self.value = self._read()

    def look(self) -> bool:
        """Read it anew if it changed; whether it is another now. What cannot be used is not taken."""
        state = self._now()
        if state == self._state:
            return False
        self._state = state
        try:
            value = self._read()
        except CredentialsInvalid as error:  # half written, or just being replaced: then it changes once more
            _log.warning("credentials_unusable", error=error.reason)
            return False
        if value == self.value:
            return False
        self.value = value
        _log.info("credentials_renewed", what=self.what)
        return True

    def _read(self) -> str:
        if isinstance(self.source, bytes):
            return self._check(self.source)
        try:
            return self._check(self.source.read_bytes())
        except OSError as error:
            raise CredentialsInvalid(
                f"cannot read the {self.what} {self.source}: {error.strerror}"
            ) from error

    def _now(self) -> tuple[int, ...] | None:
        """What changes with the file: read before it, so that a change in between is seen at the next look."""
        if isinstance(self.source, bytes):
            return ()
        try:
            stat = os.stat(self.source)  # noqa: PTH116 - as cheap as it gets: it is done while quotes are made
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
