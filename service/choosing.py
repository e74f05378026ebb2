"""Checks what a buyer chose against what there is, before any money moves."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

import msgspec

from service.catalogue import AVATARS, EMOTIONS, LANGUAGES
from service.errors import InvalidRequest
from service.orders import Choice
from service.ports import Clock, Voice

VOICES_FRESH = timedelta(minutes=1)
"""How long the worker's list of voices is believed without asking again."""


class Choosing:
    """What can be chosen. A class since the worker's voices are kept for a while."""

    def __init__(self, voices: Callable[[], Awaitable[Sequence[Voice]]], now: Clock) -> None:
        self._ask_voices = voices
        self._now = now
        self._voices: Sequence[Voice] = ()
        self._asked_at: datetime | None = None

    async def check(self, choice: Choice, *, spoken: bool = True) -> Choice:
        """Refuse what there is not. A voice that was named alone brings its language.

        Args:
            choice: As it was asked for.
            spoken: Whether we speak; an upload has its own voice.

        Raises:
            InvalidRequest: A value is unknown; the message lists those that are.
            WorkerDown: A voice was named, and the worker does not say which it has.
        """
        _check("avatar", choice.avatar, AVATARS)
        _check("emotion", choice.emotion, EMOTIONS)
        _check("language", choice.language, LANGUAGES)
        if choice.voice is None:
            return choice
        if not spoken:
            raise InvalidRequest(
                "Field 'voice' cannot be chosen for uploaded audio: it has its own. Leave it out."
            )
        voices = {voice.name: voice for voice in await self.voices()}
        _check("voice", choice.voice, voices)
        language = voices[choice.voice].language
        if choice.language not in (None, language):
            raise InvalidRequest(
                f"Voice '{choice.voice}' speaks '{language}', not '{choice.language}'."
                f" Leave one of them out, or see GET /voices."
            )
        return msgspec.structs.replace(choice, language=language)

    async def voices(self) -> Sequence[Voice]:
        """Return the voices that the worker has, or raise WorkerDown."""
        if self._asked_at is None or self._now() - self._asked_at > VOICES_FRESH:
            self._voices = await self._ask_voices()
            self._asked_at = self._now()
        return self._voices


def _check(field: str, value: str | None, known: Collection[str]) -> None:
    if value is not None and value not in known:
        raise InvalidRequest(f"Unknown {field} '{shorten(value)}'. Valid values: {', '.join(known)}.")


def shorten(value: str, length: int = 40) -> str:
    """Cut what a client sent to what an error message can carry."""
    return value if len(value) <= length else value[:length] + "..."
