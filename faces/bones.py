"""The bones and soft parts of a face as a few named axes, each of them one of MPFB2's pairs of targets.

What comes out is `Phenotype.details`, so nothing of it is in a recipe that does not ask for it.
"""

from collections.abc import Mapping
from functools import cache

from faces.geometry import target_names

_SIDED = ("cheek", "eyes", "ears")
_WAYS = (  # of the two targets of an axis, the one below zero and the one above
    ("decr", "incr"),
    ("down", "up"),
    ("in", "out"),
    ("backward", "forward"),
    ("concave", "convex"),
)
_UNLIKE = 0.18  # how much stronger than the other a side may be


def bones(amounts: Mapping[str, float], *, unlike: float = 0.0) -> dict[str, float]:
    """Turn axes into weights of targets.

    Args:
        amounts: by axis, such as `nose-hump`, `jaw` or, of one direction only, `head-oval`; negative ones go
            the other way. Axes of cheeks, eyes and ears move both sides.
        unlike: how the sides differ, -1 to 1: above zero the left side of the picture is the stronger one, and the
            nose leans away from it.

    Returns:
        Weights for `Phenotype.details`.

    Raises:
        KeyError: there is no such axis.
    """
    details: dict[str, float] = {}
    for axis, amount in amounts.items():
        stems = _axes()[axis]
        for stem in stems:
            side = 1 if "/r-" in stem[1] else -1 if "/l-" in stem[1] else 0
            weight = abs(amount) * (1 + side * _UNLIKE * unlike)
            name = stem[amount > 0]
            details[name] = round(details.get(name, 0.0) + weight, 4)
    if unlike:
        for name, most in (("nose/nose-trans-in", 0.10), ("nose/nose-trans-out", -0.10)):
            if unlike * most > 0:
                details[name] = round(abs(unlike * most), 4)
        lower = "l" if unlike > 0 else "r"
        details[f"eyes/{lower}-eye-trans-down"] = round(0.16 * abs(unlike), 4)
        details[f"eyes/{lower}-eye-height2-decr"] = round(0.12 * abs(unlike), 4)
    return details


@cache
def _axes() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Pair the targets: by axis, the one below and the one above zero, of each side where there are two.

    What can be moved in several ways has its way in the name of the axis, such as `eyebrows-trans-up`.
    """
    names = [name for name in target_names() if not name.startswith(("macrodetails/", "units/"))]
    pairs: dict[str, dict[str, list[tuple[str, str]]]] = {}
    paired = set()
    for name in names:
        for low, high in _WAYS:
            if name.endswith(f"-{high}") and (opposite := f"{name.removesuffix(high)}{low}") in names:
                axis = _axis(name).removesuffix(f"-{high}")
                pairs.setdefault(axis, {}).setdefault(high, []).append((opposite, name))
                paired |= {name, opposite}
    axes = {_axis(name): [(name, name)] for name in names if name not in paired}
    for axis, ways in pairs.items():
        for high, both in ways.items():
            axes[axis if len(ways) == 1 or high == "incr" else f"{axis}-{high}"] = both
    axes["jaw"] = axes["chin-bones"]
    return {axis: tuple(both) for axis, both in axes.items()}


def _axis(name: str) -> str:
    group, stem = name.split("/")
    return stem[2:] if group in _SIDED else stem
