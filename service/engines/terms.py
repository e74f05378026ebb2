"""Which engines there are."""

from service.runtime.section import Positive, Section


class ChatTerms(Section, frozen=True, kw_only=True):
    """Who writes scripts and translates them."""

    chat_url: str = ""
    """Base of an endpoint that speaks OpenAI's `POST {base}/chat/completions`, hosted or your own, such as
    `http://127.0.0.1:11434/v1`. Without it nobody writes scripts."""

    chat_model: str = ""
    """What it is to answer with, as it names it."""

    chat_key: str = ""
    """Sent to it as a bearer token."""

    chat_silence_s: Positive = 30
    """Seconds without a word of it after which it has failed."""

    chat_timeout_s: Positive = 120
    """Seconds that one answer of it may take."""

    def __post_init__(self) -> None:
        """Refuse what is no endpoint."""
        if self.chat_url and not self.chat_url.startswith(("http://", "https://")):
            raise ValueError("SATSPEAK_CHAT_URL must start with http:// or https://")
        if self.chat_url and not self.chat_model:
            raise ValueError("SATSPEAK_CHAT_MODEL must name a model of SATSPEAK_CHAT_URL")


class TranslationTerms(Section, frozen=True, kw_only=True):
    """Who translates where no endpoint is set."""

    apertium: str = "apertium"
    """The program of Apertium, where it is installed; empty: none."""

    apertium_timeout_s: Positive = 20
    """Seconds that it may take for a text."""
