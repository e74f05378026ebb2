"""Answers what is asked of a face in a call: by the chat endpoint, sentence by sentence as they are written."""

import contextlib
from collections.abc import AsyncGenerator, Sequence

import structlog

from service.errors import EngineMissing, Unavailable
from service.quotes.port import Screen
from service.studio.charging import Charging
from service.studio.script_port import Chat, CutOff, EngineFailed, Turn
from service.studio.script_terms import ScriptTerms
from service.studio.wording import answer_turns, sentences_of

NO_CHAT = (
    "Nobody here answers questions: the operator has set no SATSPEAK_CHAT_URL, the base of an endpoint that speaks"
    " OpenAI's chat completions."
)
FAILED = "The endpoint that answers did not do it. Try again soon."

TEMPERATURE = 0.7

MOST_TOKENS = 600
"""Of an answer: about two minutes of speech."""

log = structlog.get_logger()


class Answering:
    """Answers questions.

    Args:
        terms: What an answer costs: as much as a script.
        charging: Has accounts pay.
        chat: None: nobody answers.
        screen: Judges what is asked; what is answered is judged where it is said.
    """

    def __init__(
        self, *, terms: ScriptTerms, charging: Charging, chat: Chat | None, screen: Screen | None
    ) -> None:
        self._terms = terms
        self._charging = charging
        self._chat = chat
        self._screen = screen

    def sentences(
        self, question: str, *, account_id: int, context: str, before: Sequence[Turn]
    ) -> AsyncGenerator[str]:
        """Yield the sentences of an answer. It is paid for once the first is there.

        Args:
            question: What is asked.
            account_id: Who pays.
            context: What the face is to know; may be empty.
            before: What was asked and answered before.

        Raises:
            EngineMissing: There is nobody to answer; at once.
            Unavailable: It was not answered, or not to the end.
            ContentRefused: The operator's judge will not have what is asked.
            InsufficientCredits: The account has not so much.
            TooManyRequests: Too many of its jobs are open.
        """
        if self._chat is None:
            raise EngineMissing(NO_CHAT)
        return self._sentences(self._chat, question, account_id, context=context, before=before)

    async def _sentences(
        self, chat: Chat, question: str, account_id: int, *, context: str, before: Sequence[Turn]
    ) -> AsyncGenerator[str]:
        if self._screen is not None:
            await self._screen.text(question)
        turns = answer_turns(question, context=context, before=before)
        async with contextlib.aclosing(self._written(chat, turns)) as written:
            async with self._charging.charged(account_id, self._terms.script_s, what="answer"):
                first = await anext(written, None)
                if first is None:
                    raise Unavailable(FAILED)
            yield first
            async for sentence in written:
                yield sentence

    async def _written(self, chat: Chat, turns: Sequence[Turn]) -> AsyncGenerator[str]:
        words = chat.say(turns, temperature=TEMPERATURE, most_tokens=MOST_TOKENS)
        rest = ""
        try:
            async for piece in words:
                whole, rest = sentences_of(rest + piece)
                for sentence in whole:
                    yield sentence
        except CutOff:
            return  # what is left is no sentence
        except EngineFailed as error:
            log.warning("engine_failed", reason=str(error))
            raise Unavailable(FAILED) from error
        for sentence in sentences_of(rest, end=True)[0]:
            yield sentence
