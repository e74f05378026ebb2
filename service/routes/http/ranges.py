"""HTTP ranges (RFC 9110, section 14). Pure."""

import re

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


def parse_range(header: str | None, size: int, *, whole: bool) -> range | None:
    """Tell which bytes a Range header asks for.

    Several ranges, and headers that are none, are ignored, as the RFC allows: the whole is the answer.

    Args:
        header: What the client sent.
        size: Bytes that are there.
        whole: Whether these are all; else only ranges that end within them are served.

    Returns:
        The bytes to send, empty and from `size` on where none of them exists; None for all of them.
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if not whole:
        return range(int(first), int(last) + 1) if first and last and int(first) <= int(last) < size else None
    if not first:  # the last so many bytes
        return range(max(size - int(last), 0), size) if int(last) else range(size, size)
    start = int(first)
    if last and int(last) < start:
        return None
    return range(start, min(int(last) + 1, size) if last else size) if start < size else range(size, size)
