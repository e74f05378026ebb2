"""Tells whether English words are friendly: VADER (Hutto and Gilbert 2014), whose lexicon is in its package (MIT).

It knows English alone, and calls any other language neutral: nothing else is shown to it.
"""

from functools import cache
from typing import Literal, Protocol, cast

import msgspec

POSITIVE, NEGATIVE = 0.05, -0.05
"""Its authors' bounds of what is neither."""

Overall = Literal["positive", "neutral", "negative"]


class Sentiment(msgspec.Struct, frozen=True, kw_only=True):
    """How words sound.

    Attributes:
        confidence: How far from the bound between two verdicts the score is, of how far it could be: from 0 to 1.
        score: From -1 to 1.
    """

    overall: Overall
    confidence: float
    score: float


class _Analyzer(Protocol):
    def polarity_scores(self, text: str) -> dict[str, float]: ...


def sentiment_of(text: str) -> Sentiment:
    """Judge English words, sentence by sentence, as VADER is meant to; the mean counts.

    Args:
        text: In English.
    """
    sentences = [
        sentence for sentence in text.replace("?", ".").replace("!", "!.").split(".") if sentence.strip()
    ]
    scores = [_analyzer().polarity_scores(sentence)["compound"] for sentence in sentences]
    score = sum(scores) / len(scores) if scores else 0.0
    if score >= POSITIVE:
        return Sentiment(
            overall="positive", confidence=_share(score - POSITIVE, 1 - POSITIVE), score=round(score, 3)
        )
    if score <= NEGATIVE:
        return Sentiment(
            overall="negative", confidence=_share(NEGATIVE - score, 1 + NEGATIVE), score=round(score, 3)
        )
    return Sentiment(
        overall="neutral", confidence=_share(POSITIVE - abs(score), POSITIVE), score=round(score, 3)
    )


def _share(part: float, whole: float) -> float:
    return round(min(max(part / whole, 0.0), 1.0), 2)


@cache
def _analyzer() -> _Analyzer:
    # Imported where it is first needed: its lexicon takes a moment to read.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped] # noqa: PLC0415

    return cast("_Analyzer", SentimentIntensityAnalyzer())
