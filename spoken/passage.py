"""What is spoken of a whole text, stretch by stretch: the one answer that pricing and speaking share."""

from collections.abc import Iterator
from typing import NamedTuple

from spoken.normalization import normalize
from spoken.stretches import ends_inside_sentence, stretches
from spoken.vocabulary import VOCABULARIES


class Passage(NamedTuple):
    """What is spoken without a full pause, about a sentence.

    Attributes:
        words: normalized; never empty.
        start, end: of what it was written as, and of what is not spoken beside it.
        goes_on: whether the next passage belongs to the same sentence, so that the pause is short.
        varies: whether it may be spoken in other words in another language.
    """

    words: str
    start: int
    end: int
    goes_on: bool
    varies: bool


def passages(text: str, language: str, *, soon: bool = False) -> Iterator[Passage]:
    """Write a text as it will be spoken.

    Args:
        text: of any length and content.
        language: one of `LANGUAGES`.
        soon: the first passage may be shorter than a sentence, as somebody waits for it.

    Yields:
        What together covers the text, but for what stands before the first that is spoken; nothing where there is
        nothing to speak. Passages of `text[passage.end:]` are the ones that follow.
    """
    vocabulary = VOCABULARIES[language]
    waiting: Passage | None = None
    for start, end in stretches(text, soon=soon):
        written = text[start:end].strip()
        words, varies = normalize(written, vocabulary)
        if not words:
            continue
        if waiting:
            yield waiting
        waiting = Passage(words, start, end, ends_inside_sentence(written), varies)
    if waiting:  # what follows the last one and is not spoken rides on it
        yield waiting._replace(end=len(text), goes_on=False)
