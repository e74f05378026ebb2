"""What an operator can set, read once from the environment.

Holds data and builds nothing. Each field is the environment variable `SATSPEAK_` + its name in capitals.
"""

import ipaddress
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Self

import msgspec

from service.errors import SettingsError

PREFIX = "SATSPEAK_"

USD_MICROS = 1_000_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the service."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback, since TLS and public names belong to the proxy in front."""

    port: int = 8010
    """TCP port to listen on."""

    data_dir: Path = Path("data")
    """Folder of the database, the uploads and the videos, as far as they are nowhere else. Back it up: it holds the
    orders. Of replicas each has its own."""

    database_url: str = ""
    """`postgresql://user:password@host/name`, from which any number of services sell. Empty is SQLite in `data_dir`."""

    objects_url: str = ""
    """`s3://bucket/prefix` for uploads and videos, or `file:///folder`. Empty is `data_dir`. The usual `AWS_...`
    variables say where the bucket is and who may use it."""

    lnd_address: str = ""
    """`host:port` of LND's gRPC."""

    lnd_tls_cert: Path | None = None
    """Path of LND's `tls.cert`; the connection is pinned to it."""

    lnd_macaroon: Path | None = None
    """Path of a macaroon with `invoices:read invoices:write offchain:read info:read`; it needs no right to spend."""

    lnd_refund_macaroon: Path | None = None
    """Path of a macaroon that may pay and nothing else. Without it refunds are owed: the operator pays by hand."""

    refund_fee_limit_ppm: int = 10_000
    """Most that the way of a refund may cost, in millionths of what was received; at least a satoshi, at most half. It
    comes off what the buyer gets."""

    worker_urls: str = "http://127.0.0.1:8020"
    """Base URLs of the workers, with commas between them; they must be alike, since any may go on with any render."""

    usd_per_second: Decimal = Decimal("0.01")
    """Price of one second of video in US dollars, exact to the micro-dollar."""

    btc_usd: str = "feeds"
    """`feeds` asks public price feeds; `fixed:65000` sells at that many dollars for a bitcoin."""

    rate_freshness_s: float = 60
    """Seconds for which a bitcoin price is used without asking for another."""

    rate_max_age_s: float = 900
    """Seconds after which a bitcoin price is too old to sell at: quotes are refused until a feed answers."""

    quote_expiry_s: int = 900
    """Seconds a buyer has to pay. Longer lets the price drift from the market."""

    payment_wait_s: float = 60
    """Seconds that `generate-video` waits for the payment before it answers 400."""

    status_wait_s: float = 60
    """Longest in seconds that a request for a payment's state may wait for it (`wait`)."""

    heartbeat_s: float = 15
    """Seconds of silence on a stream of events after which a sign of life is sent. Below the idle time of proxies."""

    max_text_chars: int = 5000
    """Characters of text that one quote takes."""

    max_video_s: int = 300
    """Longest video in seconds: bounds an upload, the disk and the time that one order holds a worker."""

    screen: str = ""
    """A command, or a URL, that judges each text and recording before it is quoted, and may refuse it with a reason:
    `service/quotes/screening.py`."""

    screen_timeout_s: float = 10
    """Seconds that it may take; without its judgement nothing is sold."""

    unpaid_retention_s: float = 3600
    """Seconds after its expiry that the text or recording of an unpaid quote is kept, for a payment on its way."""

    unpaid_uploads_mb: int = 5000
    """Megabytes of recordings that may be stored unpaid; 0 is no limit."""

    video_retention_days: float = 30
    """Days after its payment that a whole video, with what it was made of, is kept; 0 keeps it for ever."""

    lease_s: int = 90
    """Seconds after its last sign of life that a render may be taken over."""

    render_silence_s: int = 60
    """Seconds without a byte from the worker after which a render has failed. Below `lease_s`, so that no render
    is taken over while it is still listened to."""

    trusted_proxies: str = ""
    """Addresses or networks, with commas between, whose `X-Forwarded-For` tells who asks. Without it whoever comes
    through a proxy is one client. A proxy named here must append to that header or replace it."""

    quotes_per_minute: int = 600
    """Quotes and estimates a minute of all clients together, which may come at once; 0 is no limit. Of several services
    each counts for itself, here and below."""

    quotes_per_minute_per_client: int = 30
    """The same of one client: an IPv4 address or an IPv6 network of 64 bits."""

    polls_per_minute: int = 60_000
    """Requests a minute that ask for a payment, a video or `/health`, of all clients together; 0 is no limit."""

    polls_per_minute_per_client: int = 600
    """The same of one client."""

    open_quotes: int = 10_000
    """Quotes that may wait for their payment at once, counted over all services; 0 is no limit."""

    open_quotes_per_client: int = 100
    """The same of one client."""

    hold_quotes: int = 1000
    """Hold invoices that may be open or held at once; 0 is no limit."""

    hold_quotes_per_client: int = 10
    """The same of one client, with those whose money went back within the hour: so nothing is rendered for nothing."""

    hold_renders: int = 8
    """Videos of held payments that are rendered at once; others wait for their turn."""

    hold_patience_s: float = 600
    """Seconds that a held payment waits while its video gets no further, before it goes back."""

    hold_margin_blocks: int = 24
    """Blocks before the payer could take a held payment back at which an unfinished video is given up. LND gives it
    back by itself at 18 (`invoices.holdexpirydelta`)."""

    client_patience_s: float = 60
    """Seconds that a client may take to send the head of a request, or its body with a second more for each 8 kB, or
    to take any of an answer."""

    resume_s: float = 5
    """Seconds between looks for renders that nobody is at, which are then taken up."""

    sweep_s: float = 60
    """Seconds between looks for quotes that have expired, the belt to the braces of the settlement stream."""

    drain_s: int = 30
    """Seconds that open downloads have to finish when the service is asked to stop."""

    log_level: str = "info"
    """Least severe log line that is written: debug, info, warning or error."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables that are set and not empty.

        Raises:
            SettingsError: A value is malformed or contradicts another; the message names the variable.
        """
        given = {
            field.name: environment[variable]
            for field in msgspec.structs.fields(cls)
            if environment.get(variable := PREFIX + field.name.upper())
        }
        try:
            settings = msgspec.convert(given, cls, strict=False, dec_hook=_decode)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$.")
            raise SettingsError(f"{PREFIX}{path.rstrip('`').upper()}: {message}") from error
        settings.validate()
        return settings

    @property
    def usd_micros_per_second(self) -> int:
        """The price in integer micro-dollars."""
        return int(self.usd_per_second * USD_MICROS)

    @property
    def workers(self) -> tuple[str, ...]:
        """The base URL of each worker, once, without a slash at its end."""
        urls = (url.strip().rstrip("/") for url in self.worker_urls.split(","))
        return tuple(dict.fromkeys(url for url in urls if url))

    def validate(self) -> None:
        """Refuse what cannot work, before anything is opened.

        Raises:
            SettingsError: The message names the variable.
        """
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise SettingsError(f"{PREFIX}{name.upper()} must be more than 0")
        self._validate_limits()
        self._validate_stores()
        if not 0 <= self.port <= 65535:  # noqa: PLR2004 - what a TCP port is
            raise SettingsError("SATSPEAK_PORT must be from 0 to 65535")
        if not self.usd_per_second.is_finite() or self.usd_micros_per_second < 1:
            raise SettingsError("SATSPEAK_USD_PER_SECOND must be a price of at least 0.000001")
        if not 0 <= self.refund_fee_limit_ppm <= _MILLIONTHS:
            raise SettingsError("SATSPEAK_REFUND_FEE_LIMIT_PPM must be from 0 to 1000000")
        if self.render_silence_s >= self.lease_s:
            raise SettingsError("SATSPEAK_RENDER_SILENCE_S must be less than SATSPEAK_LEASE_S")
        if self.rate_freshness_s > self.rate_max_age_s:
            raise SettingsError("SATSPEAK_RATE_FRESHNESS_S must not be more than SATSPEAK_RATE_MAX_AGE_S")
        if self.log_level not in _LOG_LEVELS:
            raise SettingsError(f"SATSPEAK_LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}")
        if not self.workers or not all(url.startswith(("http://", "https://")) for url in self.workers):
            raise SettingsError("SATSPEAK_WORKER_URLS must be URLs that start with http:// or https://")

    def _validate_stores(self) -> None:
        if self.database_url and not self.database_url.startswith(("postgresql://", "postgres://")):
            raise SettingsError("SATSPEAK_DATABASE_URL must start with postgresql://")
        if self.objects_url and not self.objects_url.startswith(("s3://", "file:///")):
            raise SettingsError("SATSPEAK_OBJECTS_URL must start with s3:// or file:///")

    def _validate_limits(self) -> None:
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise SettingsError(f"{PREFIX}{name.upper()} must be 0, for no limit, or more")
        for proxy in filter(None, self.trusted_proxies.split(",")):
            try:
                ipaddress.ip_network(proxy.strip())
            except ValueError as error:
                raise SettingsError(f"SATSPEAK_TRUSTED_PROXIES: {error}") from error


_LOG_LEVELS = ("debug", "info", "warning", "error")

_POSITIVE = (
    "rate_freshness_s",
    "rate_max_age_s",
    "quote_expiry_s",
    "payment_wait_s",
    "status_wait_s",
    "heartbeat_s",
    "max_text_chars",
    "max_video_s",
    "screen_timeout_s",
    "lease_s",
    "resume_s",
    "render_silence_s",
    "sweep_s",
    "drain_s",
    "client_patience_s",
    "hold_renders",
    "hold_patience_s",
    "hold_margin_blocks",
)

_NOT_NEGATIVE = (
    "quotes_per_minute",
    "quotes_per_minute_per_client",
    "polls_per_minute",
    "polls_per_minute_per_client",
    "open_quotes",
    "open_quotes_per_client",
    "unpaid_retention_s",
    "unpaid_uploads_mb",
    "video_retention_days",
    "hold_quotes",
    "hold_quotes_per_client",
)

_MILLIONTHS = 1_000_000


def _decode(kind: type, value: object) -> object:
    """Make what msgspec does not know: a path."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)
