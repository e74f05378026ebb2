"""The three emotions as ARKit coefficients, and how a look shows them."""

from collections.abc import Mapping

from faces.looks import Look

# Lips that touch: without it the units leave a thin gap at rest.
CLOSED_MOUTH: Mapping[str, float] = {"mouthClose": 0.15}

EMOTIONS: Mapping[str, Mapping[str, float]] = {
    "neutral": {"mouthSmile": 0.2, "browInnerUp": 0.1},
    "happy": {
        "mouthSmile": 0.78,
        "mouthDimple": 0.3,
        "mouthStretch": 0.12,
        "mouthUpperUp": 0.1,
        "cheekSquint": 0.6,
        "eyeSquint": 0.25,
        "browInnerUp": 0.3,
        "browOuterUp": 0.55,
    },
    "serious": {
        "mouthSmile": 0.05,  # less looks sad
        "mouthPress": 0.25,
        "browDown": 0.45,
        "browInnerUp": 0.05,
        "eyeSquint": 0.25,
    },
}


def expression(look: Look, emotion: str) -> dict[str, float]:
    """Say how somebody shows an emotion with closed lips, in ARKit coefficients."""
    return mix(CLOSED_MOUTH, EMOTIONS[emotion], look.moods.get(emotion, {}))


def mix(*parts: Mapping[str, float]) -> dict[str, float]:
    """Add up ARKit coefficients."""
    total: dict[str, float] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total
