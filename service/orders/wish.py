"""What somebody asks for: one struct from the quote to the row, and from the row to the worker. Pure."""

import msgspec

from service.orders.choice import Choice
from service.orders.stage import Stage
from service.pricing.price import PERCENT, billed_ms
from spoken.languages import detect_language


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Words or a recording, who is to show it, and how long it is."""

    text: str | None  # None: the speech was uploaded
    upload: str | None  # object name of the uploaded speech
    duration_ms: int
    choice: Choice  # what the quote binds
    stage: Stage | None = None  # None: the picture as it was filmed, at the voice's own pace
    percent: int = PERCENT  # of the price of a plain video: what its canvas cost when it was sold

    @property
    def billed_ms(self) -> int:
        """How much video time it costs."""
        return billed_ms(self.duration_ms, self.percent)

    @property
    def language(self) -> str | None:
        """The language that its price is for: the one named, else that of the text; None of a recording."""
        if self.text is None:
            return None
        return self.choice.language or detect_language(self.text)
