"""Takes out what a text is marked up with and nobody says: Markdown, SSML and HTML."""

import html
import re

_MARKED = re.compile(r"[<*_`~\[&\\]|^\s*[#>+|-]")
_NAME = r"[A-Za-z][\w:-]*"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"'<>=]+)"""
TAG = re.compile(
    rf"</?{_NAME}(?:\s+{_NAME}(?:\s*=\s*{_VALUE})?)*\s*/?>|<!--(?:(?!<!--).)*?-->|<[!?][^<>]*>", re.DOTALL
)
INLINE = re.compile(
    r"</?(?:a|abbr|b|code|em|emphasis|font|i|kbd|mark|phoneme|prosody|s|say-as|small|span|strong|sub|sup|u|w)\b",
    re.IGNORECASE,
)
_UNSEEN = re.compile(r"<(script|style)\b[^<>]*>(?:(?!<\1).)*?</\1>", re.DOTALL | re.IGNORECASE)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^\s<>]+|[\w.+-]+@[\w.-]+)>")
_NOTE = re.compile(r"\[\^[\w-]{1,20}\]:?")
_LINE_BREAK = re.compile(r"(?:\\r)?(?:\\n)+(?![a-z])|(?:\\r)?\\n\\n|(?<=[.!?,;:])\\n")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\([^()\s]*\))?[^()\s]*(?: [^()]*)?\)|\[[^\[\]]*\])")
_PATH = re.compile(r"[A-Za-z]:\\|\\\\")
_TASK = re.compile(r"^(\s*[-*+]\s+)?\[[ xX]\]\s")
_FENCE = re.compile(r"^\s*(?:```|~~~)[\w+-]*\s*$")
_HEADING = re.compile(r"^\s*#{1,6}\s+|(?<!\s)\s+#+\s*$")
_BULLET = re.compile(r"^\s*(?:>\s*)*(?:[-*+]\s+|>\s*)")
_TIMES = re.compile(r"(?<=\d) ?\* ?(?=\d)")
_EMPHASIS = re.compile(r"\*+|`+|~~|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)|__")


def without_markup(text: str) -> str:
    """Leave of one stretch what is said of it."""
    if not _MARKED.search(text):
        return text
    text = _FENCE.sub("", text)
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = _AUTOLINK.sub(r"\1", _UNSEEN.sub(" ", text))
    text = TAG.sub(lambda tag: "" if INLINE.match(tag[0]) else " ", text)
    text = _NOTE.sub("", text)
    if "\\" in text and not _PATH.search(text):  # a line break that was escaped once too often
        text = _LINE_BREAK.sub(". ", text).replace('\\"', '"')
    text = _LINK.sub(r"\1", text)
    text = _HEADING.sub("", text)
    text = _BULLET.sub("", _TASK.sub("", text))
    text = _TIMES.sub(" × ", text)
    return _EMPHASIS.sub("", text)
