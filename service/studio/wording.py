"""What a chat endpoint is asked for a script, and the plain words of what it answers. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from service.catalogue.built_in import LANGUAGES
from service.studio.script_port import Turn

SCRIPTWRITER = (
    "You write scripts that one person speaks to a camera. Answer with the words to be spoken and nothing else: no"
    " title, no headings, no lists, no Markdown, no stage directions, no names of speakers, no emoji, no quotation"
    " marks around the whole. Write numbers and units as one reads them. State no figure that you are not sure of."
)

ANSWERER = (
    "You are a person whom somebody sees and hears in a live call. Answer what they say as one speaks: briefly, in a"
    " few short sentences, in the language in which they ask. Answer with the words to be spoken and nothing else: no"
    " lists, no Markdown, no stage directions, no emoji. Where you do not know something, say so."
)

TRANSLATOR = (
    "You translate what one person speaks to a camera. Answer with the translation and nothing else: no remarks, no"
    " Markdown, no quotation marks around the whole. Keep names, numbers and addresses of pages as they are."
)

CHARACTERS_PER_SECOND = {"zh": 4.5, "ja": 6.5, "ko": 6.0}
OTHERS_PER_SECOND = 14.0
"""About as fast as the voices speak."""

CHARACTERS_PER_WORD = 6.0

LEAST_TOKENS = 64
TOKENS_PER_CHARACTER = {"zh": 1.5, "ja": 1.5, "ko": 1.5, "ar": 1.0, "hi": 1.5, "ru": 0.7}
OTHERS_TOKENS_PER_CHARACTER = 0.5
"""More than any tokeniser of today takes, so that nothing is cut off that has about the wished length."""

TEMPERATURE = {
    "professional": 0.5,
    "educational": 0.5,
    "casual": 0.9,
    "marketing": 0.8,
    "entertainment": 1.0,
}

_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
_HEADING = re.compile(r"^\s*#{1,6}\s+.*$|^\s*\*\*[^*\n]{1,80}\*\*:?\s*$", re.MULTILINE)
_RULE = re.compile(r"^\s*(?:[-*_]\s*){3,}$", re.MULTILINE)
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+", re.MULTILINE)
_QUOTE = re.compile(r"^\s*>\s?", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_MARKS = re.compile(r"(\*\*|__|~~|`|\*)(?=\S)(.{1,400}?)(?<=\S)\1")
_DIRECTION = re.compile(r"^\s*(?:\[[^\]\n]{0,120}\]|\([^)\n]{0,120}\))\s*$", re.MULTILINE)
_INLINE_DIRECTION = re.compile(r"\[[^\]\n]{0,120}\]\s*")
_SPEAKER = re.compile(
    r"^\s*(?:narrator|host|speaker|presenter|voice-?over|script)\s*:\s*", re.MULTILINE | re.IGNORECASE
)
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_SENTENCE_END = re.compile(
    r"[.!?\u3002\uff01\uff1f\u2026][\"'\u201d\u2019\u00bb)]*(?=\s|$)|[\u3002\uff01\uff1f]"
)
_SENTENCE_OVER = re.compile(rf"(?:{_SENTENCE_END.pattern})(?=\s)\s*|[\u3002\uff01\uff1f]|\n+")
"""A sentence that is whole although more may follow: a space or another line comes after it."""

_PAIRS = (("“", "”"), ('"', '"'), ("«", "»"), ("„", "“"))


def characters_in(seconds: float, language: str) -> int:
    """Tell how many characters of a language take so long to speak."""
    return round(seconds * CHARACTERS_PER_SECOND.get(language, OTHERS_PER_SECOND))


def tokens_for(characters: int, language: str) -> int:
    """Tell how many tokens so many characters take at most."""
    each = TOKENS_PER_CHARACTER.get(language, OTHERS_TOKENS_PER_CHARACTER)
    return LEAST_TOKENS + round(characters * each)


def script_turns(topic: str, *, language: str, style: str, seconds: float, context: str) -> list[Turn]:
    """Ask for a script."""
    characters = characters_in(seconds, language)
    length = (
        f"{characters} characters"
        if language in CHARACTERS_PER_SECOND
        else f"{round(characters / CHARACTERS_PER_WORD)} words"
    )
    asked = [
        (
            f"Write in {LANGUAGES[language]}, in a style that is {style}, about {length}: it is to take"
            f" {seconds:.0f} seconds to speak."
        ),
        f"Topic: {topic}",
    ]
    if context:
        asked.append(f"What else to know: {context}")
    return [Turn(role="system", content=SCRIPTWRITER), Turn(role="user", content="\n".join(asked))]


def translation_turns(script: str, *, source: str, target: str, preserve_style: bool) -> list[Turn]:
    """Ask for a translation."""
    style = "Keep its tone and rhythm." if preserve_style else "Prefer plain words to its tone."
    asked = f"Translate from {LANGUAGES[source]} to {LANGUAGES[target]}. {style}\n\n{script}"
    return [Turn(role="system", content=TRANSLATOR), Turn(role="user", content=asked)]


def answer_turns(question: str, *, context: str, before: Sequence[Turn]) -> list[Turn]:
    """Ask for an answer in a call."""
    role = f"{ANSWERER}\n\nWhat you are to know:\n{context}" if context else ANSWERER
    return [Turn(role="system", content=role), *before, Turn(role="user", content=question)]


def sentences_of(written: str, *, end: bool = False) -> tuple[list[str], str]:
    """Part what is being written into sentences to be spoken, and the rest, which is not whole yet.

    Args:
        written: From the end of the last sentence on.
        end: Nothing follows: the rest is one, too.
    """
    written = _THOUGHT.sub("", written)
    if not end and "<think>" in written:
        return [], written
    cut = len(written) if end else max((each.end() for each in _SENTENCE_OVER.finditer(written)), default=0)
    text = plain(written[:cut], cut_off=False)
    ends = [match.end() for match in _SENTENCE_END.finditer(text)] + [len(text)]
    parts = [text[start:stop].strip() for start, stop in zip([0, *ends], ends, strict=False)]
    return [part for part in parts if part], written[cut:]


def plain(answer: str, *, cut_off: bool) -> str:
    """Return the words of an answer that are to be spoken; empty where there are none.

    Args:
        answer: What was written, in whatever dress.
        cut_off: It was ended where it became too long: what is left of its last sentence is dropped.
    """
    text = _THINKING.sub("", answer.replace("\0", ""))
    for pattern in (_FENCE, _RULE, _HEADING, _DIRECTION, _QUOTE, _ITEM, _SPEAKER):
        text = pattern.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _INLINE_DIRECTION.sub("", text)
    for _ in range(2):  # bold within italics
        text = _MARKS.sub(r"\2", text)
    text = "".join(
        letter for letter in text if letter == "\n" or unicodedata.category(letter) not in _UNSPOKEN
    )
    text = _LINES.sub("\n", _SPACES.sub(" ", text)).strip()
    for begin, end in _PAIRS:
        if len(text) > 1 and text[0] == begin and text[-1] == end and begin not in text[1:-1]:
            text = text[1:-1].strip()
    return whole_sentences(text) if cut_off else text


_UNSPOKEN = {"Cc", "Cs", "Co", "Cn", "So"}
"""Unicode's categories of what nobody says: controls and, of symbols, emoji."""


def whole_sentences(text: str) -> str:
    """Return a text up to the end of its last sentence that has one; all of it where none has."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else text
