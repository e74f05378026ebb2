"""Names downloads (RFC 6266): what a browser's "save as" and `curl -OJ` call the file. Pure."""

import re
import unicodedata
from urllib.parse import quote

from service.orders.order import Order
from service.orders.video import Video

LONGEST_BYTES = 59
"""Of a name in UTF-8: some file systems and messengers cut longer ones, and with them `.mp4`."""

_PREFIX, _SUFFIX = "satspeak-", ".mp4"  # the prefix keeps names off those that Windows reserves
_WORD = re.compile(r"\w+")


def named(order: Order, video: Video) -> str:
    """Write the `Content-Disposition` of an order's video."""
    choice = video.choice
    return disposition(order.wish.text or "", otherwise=f"{choice.avatar}-{choice.emotion}")


def disposition(words: str, *, otherwise: str) -> str:
    """Write a `Content-Disposition` that names a video, and lets it be played where it is.

    Args:
        words: what it is about, in any script; as many of them as there is room for make the name.
        otherwise: what to call it where there are none, and for who reads ASCII alone.
    """
    plain = _PREFIX + (_fitting(otherwise.encode("ascii", "ignore").decode()) or "video") + _SUFFIX
    name = _PREFIX + _fitting(words) + _SUFFIX if _fitting(words) else plain
    if name.isascii():
        return f'inline; filename="{name}"'
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _fitting(text: str) -> str:
    """Join the first words of a text while they fit; of a first one that does not, its beginning."""
    room = LONGEST_BYTES - len(_PREFIX + _SUFFIX)
    fitting = ""
    for word in _WORD.findall(unicodedata.normalize("NFC", text[: 4 * room])):
        longer = f"{fitting}-{word}" if fitting else word
        if len(longer.encode()) > room:
            return fitting or longer.encode()[:room].decode(errors="ignore")
        fitting = longer
    return fitting
