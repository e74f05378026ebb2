"""What goes over the wire of scripts, in the names of this API."""

import datetime as dt
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from service.routes.heygen.schemas import Language, Script, Style, Words
from service.studio.scripts import Analysed, Rendered, Written

MINUTE_MS = 60_000


class ScriptRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A script, please."""

    topic: Annotated[str, Meta(min_length=3, max_length=200)]
    language: Language = "en"
    style: Style = "professional"
    duration: Annotated[
        str,
        Meta(
            max_length=40,
            description="From 10 to 600 seconds: `3 minutes`, `90 seconds` or `2:30`.",
            examples=["3 minutes"],
        ),
    ] = "2 minutes"
    additional_context: Words | None = None


class ScriptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A script."""

    script_id: str
    script: str
    word_count: Annotated[int, Meta(description="Characters, of Chinese and Japanese.")]
    estimated_duration: Annotated[float, Meta(description="Minutes that our voices take for it.")]
    language: str
    style: str
    created_at: dt.datetime
    engine: Annotated[str, Meta(description="What wrote it.")]

    @classmethod
    def of(cls, written: Written, asked: ScriptRequest) -> Self:
        """Translate."""
        return cls(
            script_id=written.id,
            script=written.script,
            word_count=written.words,
            estimated_duration=minutes(written.duration_ms),
            language=asked.language,
            style=asked.style,
            created_at=written.created_at,
            engine=written.engine,
        )


class AnalysisRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is there to say of a script?"""

    script: Script
    language: Annotated[Language | None, Meta(description="What it is written in; else it is detected.")] = (
        None
    )


class SentimentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How it sounds."""

    overall: Literal["positive", "neutral", "negative"] | None
    confidence: float | None
    emotions: Annotated[list[str], Meta(description="Empty: no lexicon of emotions may be sold.")]
    method: Annotated[str, Meta(description="How it was told, or why it was not.")]


class ComplexityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How hard it is."""

    vocabulary_level: Literal["basic", "intermediate", "advanced"] | None
    sentence_complexity: Literal["simple", "medium", "complex"]
    overall_complexity: Literal["easy", "moderate", "difficult"]


class AnalysisAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of a script."""

    script_id: str
    language: str
    word_count: int
    word_count_unit: Literal["words", "characters"]
    estimated_duration: Annotated[float, Meta(description="Minutes that our voices take for it.")]
    readability_score: float | None
    readability_method: Annotated[str, Meta(description="Whose formula it is, or why there is none.")]
    sentiment: SentimentAnswer
    complexity: ComplexityAnswer
    suggestions: list[str]

    @classmethod
    def of(cls, analysed: Analysed) -> Self:
        """Translate."""
        judged, sentiment = analysed.judged, analysed.sentiment
        return cls(
            script_id=analysed.id,
            language=analysed.language,
            word_count=judged.counted.words,
            word_count_unit=judged.counted.units,
            estimated_duration=minutes(analysed.duration_ms),
            readability_score=judged.readability,
            readability_method=judged.method,
            sentiment=SentimentAnswer(
                overall=None if sentiment is None else sentiment.overall,
                confidence=None if sentiment is None else sentiment.confidence,
                emotions=[],
                method=analysed.sentiment_method,
            ),
            complexity=ComplexityAnswer(
                vocabulary_level=judged.vocabulary,
                sentence_complexity=judged.sentences,
                overall_complexity=judged.overall,
            ),
            suggestions=[*judged.suggestions],
        )


class TranslationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A script in another language, please."""

    script: Script
    target_language: Language
    source_language: Annotated[Language | None, Meta(description="Else it is detected.")] = None
    preserve_style: Annotated[bool, Meta(description="Of meaning to a chat endpoint alone.")] = True


class TranslationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A script in another language."""

    translation_id: str
    original_script: str
    translated_script: str
    source_language: str
    target_language: str
    word_count: Annotated[int, Meta(description="Of the translation.")]
    confidence_score: Annotated[
        float | None, Meta(description="The share of words that were known; null where nobody measures it.")
    ]
    engine: Annotated[str, Meta(description="What translated it.")]
    through: Annotated[list[str], Meta(description="Languages between both.")]

    @classmethod
    def of(cls, rendered: Rendered, asked: TranslationRequest) -> Self:
        """Translate."""
        translated = rendered.translated
        return cls(
            translation_id=rendered.id,
            original_script=asked.script,
            translated_script=translated.text,
            source_language=rendered.source,
            target_language=asked.target_language,
            word_count=rendered.words,
            confidence_score=None if translated.confidence is None else round(translated.confidence, 3),
            engine=translated.engine,
            through=[*translated.through],
        )


def minutes(milliseconds: int) -> float:
    """Write a length in minutes."""
    return round(milliseconds / MINUTE_MS, 2)
