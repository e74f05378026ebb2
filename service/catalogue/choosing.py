"""Checks what a buyer chose against what there is, before any money moves."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

import msgspec

from service.catalogue.built_in import AVATARS, EMOTIONS, LANGUAGES
from service.catalogue.own import base_of, own_job
from service.catalogue.port import Avatar, OwnAvatars, Voice
from service.errors import InvalidRequest
from service.orders.choice import Choice
from service.runtime.clock import Clock

BUILT_IN = {name: Avatar(name=name, label=label, emotions=EMOTIONS) for name, label in AVATARS.items()}
"""Who there is while no worker says."""

VOICES_FRESH = timedelta(minutes=1)
"""How long the worker's list of voices is believed without asking again."""


class Choosing:
    """What can be chosen. A class since the workers' voices are kept for a while."""

    def __init__(
        self,
        *,
        avatars: Callable[[], Awaitable[Sequence[Avatar]]],
        voices: Callable[[], Awaitable[Sequence[Voice]]],
        own: OwnAvatars | None = None,
        now: Clock,
    ) -> None:
        self._ask_avatars = avatars
        self._ask_voices = voices
        self._own = own
        self._now = now
        self._told: Sequence[Avatar] | None = None
        self._avatars: Mapping[str, Avatar] = BUILT_IN
        self._voices: Sequence[Voice] = ()
        self._asked_at: datetime | None = None

    async def check(self, choice: Choice, *, spoken: bool = True, account_id: int | None = None) -> Choice:
        """Refuse what there is not. A voice that was named alone brings its language.

        Args:
            choice: As it was asked for.
            spoken: Whether we speak; an upload has its own voice.
            account_id: Who asks, and may choose avatars and voices of its own; None: whoever pays.

        Raises:
            InvalidRequest: A value is unknown; the message lists those that are.
            WorkerDown: A voice was named, and the worker does not say which it has.
        """
        await self.check_look(choice, account_id=account_id)
        return await self.check_speech(choice, spoken=spoken, account_id=account_id)

    async def check_speech(self, choice: Choice, *, spoken: bool, account_id: int | None = None) -> Choice:
        """Check language and voice alone, as `check` does."""
        _check("language", choice.language, LANGUAGES)
        if choice.voice is None:
            return choice
        if not spoken:
            raise InvalidRequest(
                "Field 'voice' cannot be chosen for uploaded audio: it has its own. Leave it out.",
                field="voice",
            )
        own = await self._own_voice(choice.voice, account_id)
        if own is not None:
            name, language = own.name, own.language
        else:
            voices = {voice.name: voice for voice in await self.voices()}
            base = base_of(choice.voice)
            _check("voice", base, voices)
            name, language = choice.voice, voices[base].language
        if choice.language not in (None, language):
            raise InvalidRequest(
                f"Voice '{choice.voice}' speaks '{language}', not '{choice.language}'."
                f" Leave one of them out, or see GET /voices.",
                field="voice",
            )
        return msgspec.structs.replace(choice, language=language, voice=name)

    async def check_look(self, choice: Choice, *, account_id: int | None = None) -> None:
        """Refuse an avatar that there is not, and an emotion that it, or without one any, cannot show.

        Raises:
            InvalidRequest: The message lists what there is.
        """
        if choice.avatar is None and choice.emotion is None:
            return
        avatars = await self._own_avatar(choice, account_id) or await self.avatars()
        _check("avatar", choice.avatar, avatars)
        if choice.avatar is None:
            _check("emotion", choice.emotion, dict.fromkeys(chain(*(a.emotions for a in avatars.values()))))
        elif choice.emotion is not None and choice.emotion not in avatars[choice.avatar].emotions:
            raise InvalidRequest(
                f"Avatar '{choice.avatar}' has no emotion '{shorten(choice.emotion)}'."
                f" Valid values: {', '.join(avatars[choice.avatar].emotions)}.",
                field="emotion",
            )

    async def _own_avatar(self, choice: Choice, account_id: int | None) -> Mapping[str, Avatar]:
        """Return the avatar that was chosen, by name, where it is the account's own."""
        if self._own is None or account_id is None or own_job(choice.avatar) is None:
            return {}
        assert choice.avatar is not None
        own = await self._own.own_avatar(account_id, choice.avatar)
        return {} if own is None else {own.name: own}

    async def _own_voice(self, name: str, account_id: int | None) -> Voice | None:
        if self._own is None or account_id is None or own_job(name) is None:
            return None
        return await self._own.own_voice(account_id, name)

    async def avatars(self) -> Mapping[str, Avatar]:
        """Return who there is, by name: those that come with every worker first, as long as none says otherwise."""
        told = await self._ask_avatars()
        if told is not self._told:  # each sale that names an avatar asks
            self._told, self._avatars = told, _by_name(told)
        return self._avatars

    async def voices(self) -> Sequence[Voice]:
        """Return the voices that the worker has, or raise WorkerDown."""
        if self._asked_at is None or self._now() - self._asked_at > VOICES_FRESH:
            self._voices = await self._ask_voices()
            self._asked_at = self._now()
        return self._voices


def _by_name(told: Sequence[Avatar]) -> Mapping[str, Avatar]:
    named = {avatar.name: avatar for avatar in told} or BUILT_IN
    names = [name for name in AVATARS if name in named] + sorted(named.keys() - AVATARS.keys())
    return {name: named[name] for name in names}


def _check(field: str, value: str | None, known: Collection[str]) -> None:
    if value is not None and value not in known:
        raise InvalidRequest(
            f"Unknown {field} '{shorten(value)}'. Valid values: {', '.join(known)}.", field=field
        )


def shorten(value: str, length: int = 40) -> str:
    """Cut what a client sent to what an error message can carry."""
    return value if len(value) <= length else value[:length] + "..."
