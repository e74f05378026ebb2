"""Writes, analyses and translates scripts, for the video time of an account."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog

from service.catalogue.built_in import LANGUAGES
from service.errors import EngineMissing, InvalidRequest, Unavailable
from service.quotes.port import Screen
from service.runtime.clock import Clock
from service.speech.speech_length import estimate
from service.studio.analysis import Judged, count, judge
from service.studio.answers import Answers, Question
from service.studio.script_port import Chat, CutOff, Dictionary, EngineFailed, Translated, Turn
from service.studio.script_terms import ScriptTerms
from service.studio.sentiment import Sentiment, sentiment_of
from service.studio.wording import (
    TEMPERATURE,
    characters_in,
    plain,
    script_turns,
    tokens_for,
    translation_turns,
)
from spoken.languages import detect_language

NO_CHAT = (
    "Nobody here writes scripts: the operator has set no SATSPEAK_CHAT_URL, the base of an endpoint that speaks"
    " OpenAI's chat completions."
)
NO_TRANSLATOR = (
    "Nobody here translates {source} to {target}: the operator has set no SATSPEAK_CHAT_URL, and Apertium"
    " (SATSPEAK_APERTIUM) is not installed or has no way between both."
)
FAILED = "The endpoint that writes scripts did not do it. It has cost no video time: try again soon."

TRANSLATION_TEMPERATURE = 0.2

ENGLISH = "en"

log = structlog.get_logger()


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A script that was written.

    Attributes:
        words: Characters, in Chinese and Japanese.
        duration_ms: What it takes to speak.
    """

    id: str
    script: str
    words: int
    duration_ms: int
    engine: str
    created_at: datetime


class Analysed(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a script.

    Attributes:
        sentiment: None where nobody can tell.
        sentiment_method: How it was told, or why it was not.
    """

    id: str
    language: str
    judged: Judged
    duration_ms: int
    sentiment: Sentiment | None
    sentiment_method: str


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A script in another language."""

    id: str
    source: str
    words: int
    translated: Translated


class Scripts:
    """Writes, analyses and translates.

    Args:
        terms: What it costs.
        answers: Has accounts pay, and answers each wish once.
        now: The clock.
        chat: None: nobody writes.
        dictionary: Translates where nobody writes.
        screen: Judges what is asked and what is answered.
    """

    def __init__(
        self,
        *,
        terms: ScriptTerms,
        answers: Answers,
        now: Clock,
        chat: Chat | None,
        dictionary: Dictionary,
        screen: Screen | None,
    ) -> None:
        self._terms = terms
        self._answers = answers
        self._now = now
        self._chat = chat
        self._dictionary = dictionary
        self._screen = screen

    @property
    def chat(self) -> Chat | None:
        """Who writes."""
        return self._chat

    async def write(
        self,
        topic: str,
        *,
        account_id: int,
        language: str,
        style: str,
        seconds: float,
        context: str,
        key: str | None = None,
    ) -> Written:
        """Have a script written.

        Args:
            topic: What it is about.
            account_id: Who pays.
            language: Of `LANGUAGES`.
            style: One word.
            seconds: How long it is to take.
            context: What else to know; may be empty.
            key: What the client calls this wish, so that it has one answer and is paid once; None: another each time.

        Raises:
            EngineMissing: There is nobody to write it.
            Unavailable: It was not written, or another replica is writing it.
            ContentRefused: The operator's judge will not have what is asked, or what was answered.
            InvalidRequest: The key is no UUID.
            KeyReused: The key was used to ask for something else.
            InsufficientCredits: The account has not so much.
            TooManyRequests: Too many of its jobs are open.
        """
        asked = {
            "topic": topic,
            "language": language,
            "style": style,
            "seconds": seconds,
            "context": context,
        }

        async def check() -> None:
            self._writer()
            await self._judge("\n".join(filter(None, (topic, context))))

        async def make() -> Written:
            chat = self._writer()
            turns = script_turns(topic, language=language, style=style, seconds=seconds, context=context)
            most_tokens = tokens_for(characters_in(seconds, language), language)
            try:
                script = await self._answer(
                    chat, turns, temperature=TEMPERATURE[style], most_tokens=most_tokens
                )
            except EngineFailed as error:
                raise _failure(error) from error
            await self._judge(script)
            return Written(
                id=_name("script"),
                script=script,
                words=count(script, language).words,
                duration_ms=estimate(script, language).milliseconds,
                engine=chat.engine,
                created_at=self._now(),
            )

        question = self._question("script", account_id, asked, key)
        return await self._answers.once(question, Written, check=check, make=make)

    async def analyse(
        self, script: str, *, account_id: int, language: str | None, key: str | None = None
    ) -> Analysed:
        """Tell how easy a script is to follow, how it sounds and what would help; raises as `write` does."""
        language = language or detect_language(script)

        async def check() -> None:
            await self._judge(script)

        async def make() -> Analysed:
            sentiment, method = await self._sentiment(script, language)
            return Analysed(
                id=_name("analysis"),
                language=language,
                judged=judge(script, language),
                duration_ms=estimate(script, language).milliseconds,
                sentiment=sentiment,
                sentiment_method=method,
            )

        question = self._question("analysis", account_id, {"script": script, "language": language}, key)
        return await self._answers.once(question, Analysed, check=check, make=make)

    async def translate(
        self,
        script: str,
        *,
        account_id: int,
        source: str | None,
        target: str,
        preserve_style: bool,
        key: str | None = None,
    ) -> Rendered:
        """Translate a script.

        Raises:
            InvalidRequest: It is in this language already.
            EngineMissing: Nobody translates between these languages.

        And as `write` does.
        """
        source = source or detect_language(script)
        if source == target:
            raise InvalidRequest(
                f"The script is in {LANGUAGES[target]} already: name another 'target_language'.",
                field="target_language",
            )
        asked = {"script": script, "source": source, "target": target, "preserve_style": preserve_style}

        async def check() -> None:
            if self._chat is None and await self._way(source, target) is None:
                raise EngineMissing(NO_TRANSLATOR.format(source=source, target=target))
            await self._judge(script)

        async def make() -> Rendered:
            translated = await self._translated(script, source, target, preserve_style=preserve_style)
            await self._judge(translated.text)
            return Rendered(
                id=_name("translation"),
                source=source,
                words=count(translated.text, target).words,
                translated=translated,
            )

        question = self._question("translation", account_id, asked, key)
        return await self._answers.once(question, Rendered, check=check, make=make)

    def _question(self, what: str, account_id: int, asked: dict[str, Any], key: str | None) -> Question:
        return Question(what=what, account_id=account_id, seconds=self._terms.script_s, asked=asked, key=key)

    def _writer(self) -> Chat:
        if self._chat is None:
            raise EngineMissing(NO_CHAT)
        return self._chat

    async def _translated(self, script: str, source: str, target: str, *, preserve_style: bool) -> Translated:
        """Ask the endpoint, and the dictionary where there is none, or where it fails."""
        failure: EngineFailed | None = None
        if self._chat is not None:
            turns = translation_turns(script, source=source, target=target, preserve_style=preserve_style)
            most_tokens = 2 * max(tokens_for(len(script), source), tokens_for(len(script), target))
            try:
                text = await self._answer(
                    self._chat,
                    turns,
                    temperature=TRANSLATION_TEMPERATURE,
                    most_tokens=most_tokens,
                    whole=True,
                )
            except EngineFailed as error:
                failure = error
            else:
                return Translated(text=text, confidence=None, engine=self._chat.engine)
        try:
            if await self._way(source, target) is not None:
                return await self._dictionary.translate(script, source, target)
        except EngineFailed as error:
            failure = failure or error
        assert failure is not None, "without an endpoint there is a way"
        raise _failure(failure) from failure

    async def _sentiment(self, script: str, language: str) -> tuple[Sentiment | None, str]:
        if language == ENGLISH:
            return sentiment_of(script), "VADER"
        try:
            if await self._way(language, ENGLISH) is not None:
                english = await self._dictionary.translate(script, language, ENGLISH)
                return sentiment_of(english.text), "VADER, of a translation to English by Apertium"
        except EngineFailed as error:
            log.warning("sentiment_not_told", reason=str(error))
        return None, f"its lexicon is English, and nobody here translates {language} to English"

    async def _way(self, source: str, target: str) -> Sequence[str] | None:
        try:
            return await self._dictionary.way(source, target)
        except EngineFailed as error:
            log.warning("translator_failed", reason=str(error))
            return None

    async def _answer(
        self,
        chat: Chat,
        turns: Sequence[Turn],
        *,
        temperature: float,
        most_tokens: int,
        whole: bool = False,
    ) -> str:
        """Ask for plain words; of what was cut off the whole sentences, unless only the whole will do."""
        words: list[str] = []
        cut_off = False
        try:
            async for piece in chat.say(turns, temperature=temperature, most_tokens=most_tokens):
                words.append(piece)  # noqa: PERF401 - what came before it was cut off is kept
        except CutOff as error:
            if whole:
                raise EngineFailed("its answer was cut off", passing=False) from error
            cut_off = True
        text = plain("".join(words), cut_off=cut_off)
        if not text:
            raise EngineFailed("its answer has no words", passing=True)
        return text

    async def _judge(self, text: str) -> None:
        if self._screen is not None:
            await self._screen.text(text)


def _failure(error: EngineFailed) -> Unavailable:
    log.warning("engine_failed", reason=str(error))
    return Unavailable(FAILED)


def _name(what: str) -> str:
    return f"{what}_{uuid.uuid4().hex}"
