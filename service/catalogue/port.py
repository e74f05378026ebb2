"""Who and what a worker has to choose from."""

import msgspec


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """A voice that the worker speaks with."""

    name: str
    language: str
    gender: str


class Avatar(msgspec.Struct, frozen=True, kw_only=True):
    """Who a worker can show, and how."""

    name: str
    label: str
    emotions: tuple[str, ...]
    gender: str | None = None  # a worker may not say
    elderly: bool = False
