"""The words of the desk, in a catalogue file."""

from functools import cache
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parents[2] / "pages" / "desk" / "words"


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the desk says.

    Attributes:
        page: What stands in the templates.
        statuses: How far a payment is, by its value; a shelf of orders that is of none as well.
        videos: How far a video is.
        kinds: How is paid.
        steps: What is to be done about a debt.
        refunds: How far a refund is.
    """

    page: dict[str, str]
    statuses: dict[str, str]
    videos: dict[str, str]
    kinds: dict[str, str]
    steps: dict[str, str]
    refunds: dict[str, str]


@cache
def words() -> Words:
    """Return the words."""
    return msgspec.json.decode((FOLDER / "en.json").read_bytes(), type=Words)
