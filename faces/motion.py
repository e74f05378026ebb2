"""How an idle person moves: half a loop that can be played forwards and backwards for ever.

Everything slow is a sum of cosines of half periods, whose velocity is zero at both ends: played back and forth, the
movement is smooth over the turning points as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from faces.geometry import Floats
from faces.renderer import Pose

# Radians and decimetres: pitch, yaw, roll; x, y, z. Larger and a listener looks restless.
_SWING = np.array([0.019, 0.038, 0.017])
_SWAY = np.array([0.019, 0.012, 0.0])
_HARMONICS = np.array([1.0, 0.6, 0.35])  # strength of one, two and three half periods
STEADY_EYES = 0.85  # part of the head's turn that the eyes make good to keep looking at the camera
_BLINK = (0.15, 0.6, 1.0)  # how the lids close, frame by frame
_GLANCES = 3
_TURN = 6  # frames in which one turns
_APART = 3  # frames between places where one may
_STILL = 1e-3  # radians a frame
_GLANCE = np.array([0.012, 0.028])  # pitch and yaw, radians


@dataclass(frozen=True)
class Posture:
    """How an emotion holds the head (pitch, yaw, roll; and how far up) and how lively it moves."""

    angles: tuple[float, float, float]
    height: float
    liveliness: float
    blinks_midway: bool


POSTURES: Mapping[str, Posture] = {
    "neutral": Posture((0.0, 0.0, 0.0), 0.0, 1.0, blinks_midway=False),
    "happy": Posture((-0.035, 0.03, 0.055), 0.02, 1.35, blinks_midway=True),
    "serious": Posture((0.035, -0.02, -0.008), -0.03, 0.7, blinks_midway=False),
}


@dataclass(frozen=True)
class Moment:
    """One frame: the head's pose, the eyes' pitch and yaw relative to it, and what the face adds."""

    pose: Pose
    gaze: tuple[float, float]
    face: Mapping[str, float]


def half_loop(frames: int, posture: Posture, rng: np.random.Generator) -> list[Moment]:
    """Move through half a loop; the whole one is frames 0 to n-1 and then n-2 to 1."""
    t = np.linspace(0, 1, frames)
    angles = np.array(posture.angles) + posture.liveliness * _wander(t, _SWING, rng)
    shifts = np.array([0, posture.height, 0]) + posture.liveliness * _wander(t, _SWAY, rng)
    gaze = _glances(frames, rng) - STEADY_EYES * angles[:, :2]
    brows = 0.05 * (1 - np.cos(np.pi * t * rng.integers(1, 3))) / 2
    lids = _blink(frames, midway=posture.blinks_midway)
    return [
        Moment(
            Pose(tuple(angles[k]), tuple(shifts[k])),
            tuple(gaze[k]),
            {"browInnerUp": float(brows[k]), "eyeBlink": float(lids[k])},
        )
        for k in range(frames)
    ]


def blinks(moments: Sequence[Moment]) -> list[int]:
    """Return the frames in which the eyes are shut."""
    return [frame for frame, moment in enumerate(moments) if moment.face["eyeBlink"] == 1]


def turns(moments: Sequence[Moment]) -> list[int]:
    """Return the frames where a walk may turn (`worker.walk`): as long as that takes, open eyes rest."""
    lids = np.array([moment.face["eyeBlink"] for moment in moments])
    looks = np.array([moment.gaze for moment in moments]) + STEADY_EYES * np.array(
        [moment.pose.angles[:2] for moment in moments]
    )
    moving = np.abs(np.diff(looks, axis=0, append=looks[-1:])).max(axis=1) > _STILL
    restless = (lids > 0) | moving
    return [
        frame
        for frame in range(_TURN, len(moments) - _TURN, _APART)
        if not restless[frame - _TURN // 2 : frame + _TURN // 2 + 1].any()
    ]


def _wander(t: Floats, amplitude: Floats, rng: np.random.Generator) -> Floats:
    """Drift in three axes, shape (len(t), 3)."""
    waves = np.cos(np.pi * t[:, None] * np.arange(1, len(_HARMONICS) + 1))  # (T, H)
    strengths = _HARMONICS[:, None] * rng.uniform(0.5, 1, (len(_HARMONICS), 3)) * rng.choice([-1, 1], (3, 3))
    return waves @ strengths * amplitude


def _glances(frames: int, rng: np.random.Generator) -> Floats:
    """Rest the eyes on a few places in turn, moving between them within two frames. Shape (frames, 2)."""
    places = rng.uniform(-1, 1, (_GLANCES, 2)) * _GLANCE
    places[0] = 0
    starts = np.arange(_GLANCES) * frames // _GLANCES + rng.integers(-3, 4, _GLANCES)
    frame = np.arange(frames)
    gaze = np.zeros((frames, 2))
    for k in range(1, _GLANCES):
        arrived = np.clip((frame - starts[k]) / 2, 0, 1)[:, None]
        gaze += arrived * (places[k] - places[k - 1])
    return gaze


def _blink(frames: int, *, midway: bool) -> Floats:
    """Close and open the lids around one frame; around the last one, where playback turns, it counts once a loop."""
    closed = frames * 2 // 5 if midway else frames - 1
    distance = np.abs(np.arange(frames) - closed)
    return np.interp(distance, np.arange(len(_BLINK) + 1), [*reversed(_BLINK), 0.0])
