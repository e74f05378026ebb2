"""What is known of the shots that `training truth` renders and `bench/lipsync.py` measures against."""

from pathlib import Path

import msgspec

TRUTH = Path(__file__).parents[1] / "bench" / "truth"
SIDE = 160  # pixels of a shot, which is a little wider than the mouth's box


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """The square around a speaking mouth, pixel on pixel as in the 512 pixel frame.

    Attributes:
        name: of the film and of the sound.
        avatar: whose footage it belongs to.
        emotion: of that footage.
        language: what is spoken.
        footage: hash of the recipe of the film that it belongs to, as the film's comment tells.
        corners: left and top of the square in each frame.
        opening: how far the rig's lips are apart in each frame, roughly; `phonemes.opening`.
        pressed: how hard they are pressed together, as the unit `mouthPress`.
        silent: whether the face is at rest.
        phonemes: start in seconds, and IPA or nothing for a pause.
    """

    name: str
    avatar: str
    emotion: str
    language: str
    footage: str
    corners: list[tuple[int, int]]
    opening: list[float]
    pressed: list[float]
    silent: list[bool]
    phonemes: list[tuple[float, str]]


def read_shots() -> list[Shot]:
    """Read what `training truth` wrote."""
    return msgspec.json.decode((TRUTH / "truth.json").read_bytes(), type=list[Shot])
