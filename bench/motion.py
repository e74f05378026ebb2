"""How long a video may be before its person moves as before. Looks at the worker's packs, not at pictures."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.avatars import Avatars
from worker.encode import FPS

_VIDEO_S = 300  # as long as the longest video that is sold
_SEEDS = 3
_SAME = 0.5  # of the frames


def repeat_s(assets: Path) -> float:
    """Return the shortest time after which somebody moves as before, over all avatars and emotions.

    That is when most frames show the same frame of the footage as so much earlier, or its neighbour. At most the
    length of the video that is looked at, where nothing repeats in it.
    """
    avatars = Avatars(assets / "avatars", memory_bytes=1)
    times = []
    for pack in avatars:
        for emotion in pack.emotions:
            footage = avatars.footage(pack, emotion)
            for seed in range(_SEEDS):
                order = footage.walk(str(seed)).order
                times.append(_period(np.array([order[frame] for frame in range(2 * _VIDEO_S * FPS)])))
    return min(times) / FPS


def _period(shown: NDArray[np.int64]) -> int:
    video = len(shown) // 2
    for frames in range(FPS, video):
        if (np.abs(shown[frames : frames + video] - shown[:video]) <= 1).mean() > _SAME:
            return frames
    return video
