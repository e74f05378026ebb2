# ruff: noqa: RUF001 - sounds are written in the International Phonetic Alphabet
"""Pictures of lips for people: a shot's frames at rest, as they truly are and as ours; and sounds with their mouths."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.mouths import Seen, Squares
from training.phonemes import FPS
from training.shots import Shot

_COLUMNS = 8
_SHOWN = (slice(16, 144), slice(16, 144))  # rows and columns of a square
_SOUNDS = {
    "m": "mbp",
    "f": "fv",
    "a": "aɑ",
    "e": "eɛ",
    "i": "i",
    "o": "oɔ",
    "u": "uʊw",
    "s": "sz",
    "sh": "ʃʒ",
    "l": "l",
}
_INK = (40, 40, 40)
_LABEL = 28  # pixels of height

Picture = NDArray[np.uint8]


def draw_strips(folder: Path, seen: Sequence[Seen]) -> None:
    """Write `NAME.png` for each shot, and `sounds.png`: our mouths at the middle of ten sounds."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in seen:
        _write(folder / f"{one.shot.name}.png", compare(one))
    _write(folder / "sounds.png", sounds([one for one in seen if one.shot.emotion == "neutral"]))


def compare(seen: Seen) -> Picture:
    """Lay frames side by side, alternately the most and the least open of their stretch: idle, truth, ours."""
    return lay({"idle": seen.idle, "truth": seen.truth, "ours": seen.ours}, seen.shot)


def lay(rows: Mapping[str, Squares], shot: Shot) -> Picture:
    """Lay such frames of a shot side by side, a row for each of its films."""
    wide = np.array(shot.opening)
    talking = np.flatnonzero(~np.array(shot.silent))
    stretches = np.array_split(talking, _COLUMNS)
    frames = [
        int(stretch[(np.argmin if n % 2 else np.argmax)(wide[stretch])])
        for n, stretch in enumerate(stretches)
    ]
    return np.concatenate(
        [_row([squares[frame] for frame in frames], [label]) for label, squares in rows.items()]
    )


def sounds(seen: Sequence[Seen]) -> Picture:
    """Lay our mouths at the middles of sounds side by side, truth above ours, each of the longest such sound."""
    truth, ours = [], []
    for letters in _SOUNDS.values():
        said = [
            (end_s - start_s, (start_s + end_s) / 2, one)
            for one in seen
            for (start_s, sound), (end_s, _) in zip(one.shot.phonemes, one.shot.phonemes[1:], strict=False)
            if sound.strip("ˈˌː")[:1] in tuple(letters) and end_s * FPS < len(one.ours)
        ]
        _, middle_s, one = max((length_s, middle_s, one) for length_s, middle_s, one in said)
        truth.append(one.truth[int(middle_s * FPS)])
        ours.append(one.ours[int(middle_s * FPS)])
    return np.concatenate([_row(truth, ["truth"]), _row(ours, [f"/{name}/" for name in _SOUNDS])])


def _row(squares: Sequence[Squares], labels: Sequence[str]) -> Picture:
    """Lay squares side by side above one label for all, or one for each."""
    shown = np.concatenate([square[_SHOWN] for square in squares], axis=1)
    picture = np.asarray((shown * 255).round(), np.uint8)
    side = picture.shape[1] // len(squares)
    foot = np.full((_LABEL, picture.shape[1], 3), 255, np.uint8)
    for n, label in enumerate(labels):
        cv2.putText(foot, label, (n * side + 6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, _INK, 1, cv2.LINE_AA)
    return np.concatenate([picture, foot])


def _write(path: Path, picture: Picture) -> None:
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
