"""Who and what there is to choose from."""

from typing import Protocol

import msgspec


class Voice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A voice that the worker speaks with; an older worker does not say the rest.

    Attributes:
        engine: what makes its sound: `kokoro` is natural, `espeak` a machine's.
        accent: `native`, or `accented` where the language is not the one that it has learnt.
    """

    name: str
    language: str
    gender: str
    engine: str | None = None
    accent: str | None = None


class Avatar(msgspec.Struct, frozen=True, kw_only=True):
    """Who a worker can show, and how."""

    name: str
    label: str
    emotions: tuple[str, ...]
    gender: str | None = None  # a worker may not say
    elderly: bool = False


class OwnAvatars(Protocol):
    """Knows which avatars and voices accounts have made for themselves."""

    async def own_avatar(self, account_id: int, name: str) -> Avatar | None:
        """Find an avatar of an account; None where it has none of this name."""
        ...

    async def own_voice(self, account_id: int, name: str) -> Voice | None:
        """Find a voice of an account that can speak, named as a worker knows it; None where it has none so called."""
        ...
