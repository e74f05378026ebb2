"""Avatars and voices that an account has made: what they are called, and where packs are. Pure.

A name says which job made the avatar, so a pack never changes under its name, and is found without a look at any row;
so is the recording of a voice that speaks like one. A voice that was matched to samples is one of a worker's, turned:
its name says which and how, so that every worker speaks with it (`worker/speech/turning.py`).
"""

import re

PREFIX = "own_"

VOICES = "voices/"
"""How the names of voices' objects begin."""

_TURNED = re.compile(r"([^~]+)~\d{3}-\d{3}-[1-9a-f]{7}")

_NAME = re.compile(rf"{PREFIX}([0-9a-f]{{24}})")


def own_name(job: str) -> str:
    """Name the avatar that a job made, by the job's public id."""
    return f"{PREFIX}{job}"


def own_job(avatar: str | None) -> str | None:
    """Tell the public id of the job that made an avatar; None of one that is nobody's own."""
    found = None if avatar is None else _NAME.fullmatch(avatar)
    return found and found[1]


def pack_object(job: str) -> str:
    """Name the object of the pack that a job made, a tar."""
    return f"avatars/{job}.tar"


def voice_object(job: str) -> str:
    """Name the object of the voice that a job made, as workers are lent it."""
    return f"{VOICES}{job}"


def base_of(voice: str) -> str:
    """Tell which voice of a worker one is, turned or not; of a name that turns none in a way that can be, itself."""
    turned = _TURNED.fullmatch(voice)
    return turned[1] if turned else voice
