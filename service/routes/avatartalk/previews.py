"""Who only looks at a link and watches nothing: no such look may cost the owner of a delayed video anything."""

import re
from typing import Any

from litestar import HttpMethod, Request

from service.routes.http.keys import key_of

_AGENTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|externalhit|preview|whatsapp|slack|embedly|pinterest|vkshare|iframely|skypeuri|"
    r"mastodon|pleroma|misskey|bluesky|cardyb|feedfetcher",
    re.IGNORECASE,
)
"""What messengers, social networks and search engines call themselves when they make a preview of a link, or index it.
Cubot is a brand of telephones."""

_PURPOSES = ("Purpose", "X-Purpose", "Sec-Purpose")
"""Where browsers say that nobody sees yet what they fetch."""


def only_looks(request: Request[Any, Any, Any]) -> bool:
    """Whether nobody is about to watch what a request asks for. Who shows a key is a program that wants it."""
    if request.method == HttpMethod.HEAD:
        return True
    if key_of(request) is not None:
        return False
    purposes = " ".join(request.headers.get(name, "") for name in _PURPOSES).lower()
    if "prefetch" in purposes or "preview" in purposes:
        return True
    return _AGENTS.search(request.headers.get("User-Agent", "")) is not None
