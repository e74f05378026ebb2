"""From the units of a track to a face; and the few shapes of a mouth that each avatar is filmed in.

Four shapes and the closed mouth span what speech does with a face: of the squared movement of the mouth's vertices
over an hour of tracks they leave 1.6 % outside their convex hull, three shapes 3.6 %, two 6.9 %.

Axis: K = 12 face units.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from faces.emotions import CLOSED_MOUTH, mix

UNITS = (
    "jawOpen",
    "mouthClose",
    "mouthPress",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthUpperUp",
    "mouthLowerDown",
    "mouthPucker",
    "mouthFunnel",
    "mouthStretch",
    "mouthSmile",
    "tongueOut",
)
"""The face units that speech moves."""

SIZE = 144  # pixels of a tile, beside films of 512

SHAPES: Sequence[Mapping[str, float]] = (
    {"jawOpen": 0.63, "mouthLowerDown": 0.32, "mouthUpperUp": 0.17, "mouthStretch": 0.1},  # a
    {
        "jawOpen": 0.16, "mouthStretch": 0.46, "mouthSmile": 0.33, "mouthLowerDown": 0.26, "mouthUpperUp": 0.17,
    },  # i
    {"jawOpen": 0.09, "mouthPucker": 0.87, "mouthFunnel": 0.22},  # u
    {
        "jawOpen": 0.04, "mouthClose": 0.05, "mouthPress": 0.55, "mouthRollLower": 0.25, "mouthRollUpper": 0.18,
    },  # m
)  # fmt: skip


def units(shape: Mapping[str, float]) -> NDArray[np.float32]:
    """Write a shape as a row of a track, (K,)."""
    return np.array([shape.get(unit, 0.0) for unit in UNITS], np.float32)


def idle_face(emotion: Mapping[str, float]) -> dict[str, float]:
    """Return the coefficients of a silent face: what the footage shows."""
    return mix(emotion, CLOSED_MOUTH)


def speaking_face(units: NDArray[np.float32], emotion: Mapping[str, float]) -> dict[str, float]:
    """Put a frame's units (K,) on top of an emotion; all zero gives the idle face exactly.

    Lips that touch need `mouthClose`, which must fade as the jaw opens or they stay glued together. An emotion's
    mouth gives way while the lips must press or round: a broad smile cannot say /p/ or /u/.
    """
    speech = dict(zip(UNITS, map(float, units), strict=True))
    pressed = min(speech["mouthPress"] / 0.5, 1)
    apart = (
        speech["jawOpen"]
        + 0.5 * speech["mouthLowerDown"]
        + 0.25 * speech["mouthRollLower"]
        + 0.35 * speech["mouthFunnel"]
    )
    touching = CLOSED_MOUTH["mouthClose"] * np.clip(1 - apart / 0.16, 0, 1)
    speech["mouthClose"] = max(touching, (0.26 if pressed > 0.5 else 0.15) * pressed)  # noqa: PLR2004
    yielding = 1 - 0.4 * pressed - 0.35 * min(speech["mouthPucker"] / 0.8, 1)
    return mix(speech, {k: v * (yielding if k.startswith("mouth") else 1) for k, v in emotion.items()})
