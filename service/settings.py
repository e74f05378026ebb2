"""What an operator can set, read once from the environment.

Holds data and builds nothing. A section is what one part of the service takes, and stands beside it; each of its
fields is the environment variable `SATSPEAK_` + its name in capitals.
"""

import difflib
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from service.accounts.prepaid import AccountTerms
from service.accounts.web_tokens import WebTokenTerms
from service.desk.terms import DeskTerms
from service.engines.terms import ChatTerms, ImagesTerms, LiveTalkingTerms, TranslationTerms
from service.errors import SettingsError
from service.l402.selling import Terms as L402Terms
from service.payments.holds import HoldTerms
from service.pricing.terms import RateTerms
from service.quotes.demo_wallet import DemoTerms
from service.quotes.open_quotes import Caps
from service.quotes.prepaid_terms import PrepaidTerms
from service.quotes.screening import Judge
from service.quotes.terms import Terms as QuoteTerms
from service.quotes.top_ups import TopUpTerms
from service.quotes.upload_room import UploadCap
from service.refunds.refund import RefundTerms
from service.rendering.terms import Terms as RenderTerms
from service.retention.retention import RetentionTerms
from service.runtime.limits import RateLimits
from service.runtime.section import Positive, PositiveInt, Section
from service.runtime.waits import Waits
from service.runtime.web import WebTerms
from service.sessions.call_terms import CallTerms
from service.sessions.places import PlaceTerms
from service.sessions.terms import LiveTerms
from service.studio.intake import LibraryTerms
from service.studio.script_terms import ScriptTerms
from service.studio.speaking import SpeakingTerms
from service.studio.terms import StudioTerms
from service.webhooks.sending import Terms as WebhookTerms

PREFIX = "SATSPEAK_"

OTHERS = {
    f"{PREFIX}WORKER_{name}"
    for name in (
        *(
            "HOST",
            "PORT",
            "ASSETS",
            "VOICES",
            "PROVIDER",
            "THREADS",
            "MAX_RENDERS",
            "MAX_WAITING",
            "MAX_WAIT_S",
        ),
        *("AVATAR_MEMORY_MB", "LENT_MB", "MAX_PCM_MB", "GRACE_S", "SPEECH_ENGINE", "CACHE"),
        *("RAY_REPLICAS", "RAY_CPUS", "RAY_GPUS"),
        *(
            "LIVE_SESSIONS",
            "LIVE_SILENCE_S",
            "LIVE_WAIT_S",
            "LIVE_MAX_TEXT_CHARS",
            "LIVE_MAX_PCM_MB",
            "LIVE_IDLE_MEMORY_MB",
        ),
    )
} | {
    f"{PREFIX}{name}"
    for name in (
        *("REGTEST", "CACHE", "API_KEY", "URL", "PAY"),
        *("PAYER_LND_ADDRESS", "PAYER_LND_TLS_CERT", "PAYER_LND_MACAROON"),
        *("PAYER_PHOENIXD_URL", "PAYER_PHOENIXD_PASSWORD"),
        *("MAX_SATS", "MAX_SATS_PER_DAY", "LEDGER", "MCP_TOKEN"),
    )
}
"""Variables that other programs read, which may be started from the same environment."""


_PUBLIC_URL = re.compile(
    r"(?:https://[a-z0-9.-]+|http://(?:[a-z2-7]+\.onion|localhost|127\.0\.0\.1))(?::[0-9]{1,5})?(?:/[\w.~-]+)*",
    re.ASCII,
)
"""What wallets follow (LUD-01, LUD-09): some compare hosts letter by letter."""


class Program(Section, frozen=True, kw_only=True):
    """How the program runs."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback, since TLS and public names belong to the proxy in front."""

    port: int = 8010
    """TCP port to listen on."""

    data_dir: Path = Path("data")
    """Folder of the database, the uploads and the videos, as far as they are nowhere else. Back it up: it holds the
    orders. Of replicas each has its own."""

    trusted_proxies: str = ""
    """Addresses or networks, with commas between, whose `X-Forwarded-For` tells who asks. Without it whoever comes
    through a proxy is one client. A proxy named here must append to that header or replace it."""

    public_url: str = ""
    """Where buyers reach the service, such as `https://video.example.org`: what links begin with. Without it they lead
    where the request went, and there are no LNURLs."""

    client_patience_s: Positive = 60
    """Seconds that a client may take to send the head of a request, or its body with a second more for each 8 kB, or
    to take any of an answer."""

    drain_s: PositiveInt = 30
    """Seconds that open downloads have to finish when the service is asked to stop."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe log line that is written: debug, info, warning or error."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not 0 <= self.port <= 65535:  # noqa: PLR2004 - what a TCP port is
            raise ValueError("SATSPEAK_PORT must be from 0 to 65535")
        if self.public_url and not _PUBLIC_URL.fullmatch(self.public_url):
            raise ValueError(
                "SATSPEAK_PUBLIC_URL must be https:// and a host in lower case, http:// for .onion and localhost, and"
                " may have a path without a slash at its end"
            )
        for proxy in filter(None, self.trusted_proxies.split(",")):
            try:
                ipaddress.ip_network(proxy.strip())
            except ValueError as error:
                raise ValueError(f"SATSPEAK_TRUSTED_PROXIES: {error}") from error


class Stores(Section, frozen=True, kw_only=True):
    """Where the rows and the bytes are."""

    database_url: str = ""
    """`postgresql://user:password@host/name`, from which any number of services sell. Empty is SQLite in `data_dir`."""

    objects_url: str = ""
    """`s3://bucket/prefix` for uploads and videos, or `file:///folder`. Empty is `data_dir`. The usual `AWS_...`
    variables say where the bucket is and who may use it."""

    def __post_init__(self) -> None:
        """Refuse what is neither."""
        if self.database_url and not self.database_url.startswith(("postgresql://", "postgres://")):
            raise ValueError("SATSPEAK_DATABASE_URL must start with postgresql://")
        if self.objects_url and not self.objects_url.startswith(("s3://", "file:///")):
            raise ValueError("SATSPEAK_OBJECTS_URL must start with s3:// or file:///")


class Lnd(Section, frozen=True, kw_only=True):
    """Where the node is, and what opens it."""

    lnd_address: str = ""
    """`host:port` of LND's gRPC."""

    lnd_tls_cert: Path | None = None
    """Path of LND's `tls.cert`; the connection is pinned to it. It may be renewed while the service
    runs, like the macaroons."""

    lnd_macaroon: Path | None = None
    """Path of a macaroon with `invoices:read invoices:write offchain:read info:read`; it needs no right to spend."""

    lnd_route_hints: bool = False
    """Whether invoices tell of private channels, without which a node that has no others cannot be paid. It costs
    seconds on a large node, and tells everybody of these channels."""

    lnd_refund_macaroon: Path | None = None
    """Path of a macaroon that may pay and nothing else. Without it refunds are owed: the operator pays by hand."""


class Rounds(Section, frozen=True, kw_only=True):
    """How often the service looks by itself."""

    resume_s: Positive = 5
    """Seconds between looks for renders that nobody is at, which are then taken up."""

    sweep_s: Positive = 60
    """Seconds between looks for quotes that have expired, the belt to the braces of the settlement stream."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the service."""

    program: Program = Program()
    stores: Stores = Stores()
    lnd: Lnd = Lnd()
    rates: RateTerms = RateTerms()
    quotes: QuoteTerms = QuoteTerms()
    open_quotes: Caps = Caps()
    uploads: UploadCap = UploadCap()
    judge: Judge = Judge()
    webhooks: WebhookTerms = WebhookTerms()
    accounts: AccountTerms = AccountTerms()
    top_ups: TopUpTerms = TopUpTerms()
    prepaid: PrepaidTerms = PrepaidTerms()
    scripts: ScriptTerms = ScriptTerms()
    chat: ChatTerms = ChatTerms()
    images: ImagesTerms = ImagesTerms()
    translation: TranslationTerms = TranslationTerms()
    live: LiveTerms = LiveTerms()
    studio: StudioTerms = StudioTerms()
    library: LibraryTerms = LibraryTerms()
    speaking: SpeakingTerms = SpeakingTerms()
    places: PlaceTerms = PlaceTerms()
    calls: CallTerms = CallTerms()
    livetalking: LiveTalkingTerms = LiveTalkingTerms()
    web_tokens: WebTokenTerms = WebTokenTerms()
    holds: HoldTerms = HoldTerms()
    l402: L402Terms = L402Terms()
    rendering: RenderTerms = RenderTerms()
    refunds: RefundTerms = RefundTerms()
    retention: RetentionTerms = RetentionTerms()
    limits: RateLimits = RateLimits()
    waits: Waits = Waits()
    rounds: Rounds = Rounds()
    web: WebTerms = WebTerms()
    demo: DemoTerms = DemoTerms()
    desk: DeskTerms = DeskTerms()

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Make settings of values by the names of their fields, whatever section these are in.

        Raises:
            SettingsError: A value is malformed, contradicts another, or there is no such setting.
        """
        if unknown := values.keys() - names():
            raise SettingsError(f"There is no setting {', '.join(sorted(unknown))}")
        sections: dict[str, Any] = {
            section.name: _convert(
                section.type, {name: values[name] for name in values.keys() & _fields(section.type)}
            )
            for section in msgspec.structs.fields(cls)
        }
        return cls(**sections)

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables that are set and not empty.

        Raises:
            SettingsError: A value is malformed or contradicts another, or a variable is nobody's, such as one that is
                misspelt; the message names it.
        """
        _refuse_strangers(environment)
        variables = {name: environment.get(PREFIX + name.upper()) for name in names()}
        return cls.of(**{name: value for name, value in variables.items() if value})


def _refuse_strangers(environment: Mapping[str, str]) -> None:
    """Refuse variables that no program of ours reads: one setting that is misspelt would be its default unnoticed."""
    known = {PREFIX + name.upper() for name in names()} | OTHERS
    for variable in sorted(environment.keys() - known):
        if variable.startswith(PREFIX):
            near = difflib.get_close_matches(variable, known, n=1, cutoff=0)
            raise SettingsError(f"{variable} is no setting. Did you mean {near[0]}?")


def names() -> set[str]:
    """Return the name of every setting."""
    return {name for section in msgspec.structs.fields(Settings) for name in _fields(section.type)}


def _fields(section: type[Section]) -> set[str]:
    return set(section.__struct_fields__)


def _convert(section: type[Section], values: dict[str, Any]) -> Section:
    try:
        return msgspec.convert(values, section, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        if message.startswith(PREFIX):  # a section's own words
            raise SettingsError(message) from error
        raise SettingsError(f"{PREFIX}{path.rstrip('`').upper()}: {message}") from error


def _decode(kind: type, value: object) -> object:
    """Make what msgspec does not know: a path."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise NotImplementedError(kind)
