"""Which engines there are."""

import re

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


class ImagesTerms(Section, frozen=True, kw_only=True):
    """Who draws portraits in place of the workers."""

    images_url: str = ""
    """Base of an endpoint that speaks OpenAI's `POST {base}/images/generations`, hosted or your own. Without it the
    workers draw portraits themselves."""

    images_model: str = ""
    """What it is to draw with, as it names it."""

    images_key: str = ""
    """Sent to it as a bearer token."""

    images_sizes: str = ""
    """Sizes that the model draws, such as `1024x1024 1024x1536 1536x1024`, of which the nearest is asked for. Empty:
    any whose sides are multiples of 64."""

    images_timeout_s: Positive = 180
    """Seconds that one picture of it may take."""

    def __post_init__(self) -> None:
        """Refuse what is no endpoint."""
        if self.images_url and not self.images_url.startswith(("http://", "https://")):
            raise ValueError("SATSPEAK_IMAGES_URL must start with http:// or https://")
        if self.images_url and not self.images_model:
            raise ValueError("SATSPEAK_IMAGES_MODEL must name a model of SATSPEAK_IMAGES_URL")
        self.sizes()

    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Read the sizes: width and height of each, in pixels."""
        said = self.images_sizes.replace(",", " ").split()
        if not all(re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", each, re.ASCII) for each in said):
            raise ValueError("SATSPEAK_IMAGES_SIZES lists sizes such as 1024x1024, with spaces between")
        return tuple((int(width), int(height)) for width, height in (each.split("x") for each in said))


class TranslationTerms(Section, frozen=True, kw_only=True):
    """Who translates where no endpoint is set."""

    apertium: str = "apertium"
    """The program of Apertium, where it is installed; empty: none."""

    apertium_timeout_s: Positive = 20
    """Seconds that it may take for a text."""


class LiveTalkingTerms(Section, frozen=True, kw_only=True):
    """The LiveTalking server of pages whose own servers ask here for links, texts and recordings."""

    livetalking_url: str = ""
    """Its address, such as `http://livetalking.internal:8010`; empty: calls are of this service."""

    livetalking_api_key: str = ""
    """Sent to it as a bearer token."""

    livetalking_timeout_s: Positive = 30
    """Seconds that it may take for an answer."""

    livetalking_download_timeout_s: Positive = 120
    """Seconds that it may take for a recording."""

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        if self.livetalking_url and not self.livetalking_url.startswith(("http://", "https://")):
            raise ValueError("SATSPEAK_LIVETALKING_URL must start with http:// or https://")
