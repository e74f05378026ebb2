"""What A2E's clients call things, and what they are called here."""

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterable

from service.catalogue.port import Avatar, Voice
from service.errors import InvalidRequest

ID_BYTES = 12
"""Of an `_id`: 24 hex digits, as a MongoDB has them."""

_ID = re.compile(r"[0-9a-f]{24}")

ALIASES = {"6625ebd4613f49985c349f95": ("en", "male")}
"""Voices of A2E's guide, by language and gender."""


def new_record() -> str:
    """Make the public id of an order whose `_id` nobody guesses."""
    return public_id(secrets.token_hex(ID_BYTES))


def public_id(record: str) -> str:
    """Tell the public id of an order by its `_id`: a UUID of it, and of what follows from it."""
    known = bytes.fromhex(record) if _ID.fullmatch(record) else bytes(ID_BYTES)
    return str(uuid.UUID(bytes=known + hashlib.blake2b(known, digest_size=16 - ID_BYTES).digest()))


def record_id(public: str) -> str | None:
    """Tell the `_id` of an order by its public id; None where another surface named it."""
    record = public.replace("-", "")[: 2 * ID_BYTES]
    return record if public_id(record) == public else None


def anchor_id(avatar: str) -> str:
    """Name an avatar as an anchor: always the same."""
    return hashlib.sha256(f"anchor {avatar}".encode()).hexdigest()[: 2 * ID_BYTES]


def find_avatar(named: str, avatars: Iterable[Avatar], *, field: str = "anchor_id") -> Avatar:
    """Find an avatar by its anchor's `_id`, or by its name.

    Raises:
        InvalidRequest: There is none.
    """
    for avatar in avatars:
        if named in (anchor_id(avatar.name), avatar.name):
            return avatar
    raise InvalidRequest(
        f"There is no anchor with this '{field}': GET anchor/character_list lists them.", field=field
    )


def find_voice(named: str, voices: Iterable[Voice]) -> Voice:
    """Find a voice by its id, which is its name, or by one of A2E's that its guide names.

    Raises:
        InvalidRequest: There is none.
    """
    alias = ALIASES.get(named)
    for voice in voices:
        if voice.name == named or alias == (voice.language, voice.gender):
            return voice
    raise InvalidRequest(
        "There is no voice with this 'tts_id': GET anchor/voice_list lists them.", field="tts_id"
    )
