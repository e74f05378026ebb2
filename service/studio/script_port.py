"""Who writes and who translates."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

import msgspec


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What was said in a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Chat(Protocol):
    """Answers in words."""

    @property
    def engine(self) -> str:
        """What it is called: the name of its model."""
        ...

    def say(self, turns: Sequence[Turn], *, temperature: float, most_tokens: int) -> AsyncIterator[str]:
        """Yield an answer as it is written.

        Args:
            turns: What was said before.
            temperature: How freely it may choose its words; 0 is always the same.
            most_tokens: Where it is cut off.

        Raises:
            EngineFailed: It did not answer, or not to the end.
            CutOff: It had more to say; after all that it said.
        """
        ...

    async def ping(self) -> None:
        """Raise EngineFailed where it does not answer."""
        ...


class EngineFailed(Exception):
    """An engine did not do what it was asked.

    Attributes:
        passing: Whether the same may work in a moment.
    """

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


class CutOff(Exception):
    """An answer was ended where it became too long."""


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """A text in another language.

    Attributes:
        confidence: The share of words that were known, over all steps; measured, and None where nobody measures.
        engine: What translated it.
        through: Languages between both.
    """

    text: str
    confidence: float | None
    engine: str
    through: tuple[str, ...] = ()


class Dictionary(Protocol):
    """Translates by rules, between the languages that it has."""

    async def way(self, source: str, target: str) -> tuple[str, ...] | None:
        """Find the languages on the way from one to another, both included; None where there is none."""
        ...

    async def translate(self, text: str, source: str, target: str) -> Translated:
        """Translate a text.

        Raises:
            EngineFailed: It has no way between both, or did not answer.
        """
        ...
