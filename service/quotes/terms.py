"""What is sold, and at what price."""

from decimal import Decimal

from service.pricing.canvases import Canvases, parse_canvases
from service.runtime.section import PositiveInt, Section
from service.speech.wav import SAMPLE_BYTES, SAMPLE_RATE

USD_MICROS = 1_000_000

FORM_SLACK_BYTES = 1 << 20
"""For what a WAV and a form have beside the samples."""


class Terms(Section, frozen=True, kw_only=True):
    """What the operator sells at."""

    usd_per_second: Decimal = Decimal("0.01")
    """Price of one second of video in US dollars, exact to the micro-dollar."""

    quote_expiry_s: PositiveInt = 900
    """Seconds a buyer has to pay. Longer lets the price drift from the market."""

    max_text_chars: PositiveInt = 5000
    """Characters of text that one quote takes."""

    max_video_s: PositiveInt = 300
    """Longest video in seconds: bounds an upload, the disk and the time that one order holds a worker."""

    canvas_prices: str = "720p=1,1080p=1.5,2160p=6"
    """What a second costs on a larger canvas, in prices of a plain one, by the lines of a 16:9 picture: each price is
    for all canvases with at most so many pixels, whatever their shape. None is sold that is larger than the last."""

    def __post_init__(self) -> None:
        """Refuse a price that is none."""
        parse_canvases(self.canvas_prices)
        if not self.usd_per_second.is_finite() or self.usd_micros_per_second < 1:
            raise ValueError("SATSPEAK_USD_PER_SECOND must be a price of at least 0.000001")

    @property
    def canvases(self) -> Canvases:
        """What a second costs on each canvas."""
        return parse_canvases(self.canvas_prices)

    @property
    def largest_upload_bytes(self) -> int:
        """How large a form with the longest recording may be."""
        return self.max_video_s * SAMPLE_RATE * SAMPLE_BYTES + FORM_SLACK_BYTES

    @property
    def usd_micros_per_second(self) -> int:
        """The price in integer micro-dollars."""
        return int(self.usd_per_second * USD_MICROS)
