"""What somebody asks for: one struct from the quote to the row, and from the row to the worker. Pure."""

import msgspec

from service.orders.choice import Choice
from spoken.languages import detect_language


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Words or a recording, who is to show it, and how long it is."""

    text: str | None  # None: the speech was uploaded
    upload: str | None  # object name of the uploaded speech
    duration_ms: int
    choice: Choice  # what the quote binds

    @property
    def language(self) -> str | None:
        """The language that its price is for: the one named, else that of the text; None of a recording."""
        if self.text is None:
            return None
        return self.choice.language or detect_language(self.text)
