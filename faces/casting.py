"""From what somebody wishes to a whole look: what is left open a seed decides. Knows no words and no OpenGL."""

from collections.abc import Mapping

import msgspec
import numpy as np

from faces import lexicon
from faces.bones import bones
from faces.lexicon import Ancestry, Cut, Kind
from faces.looks import Beard, Clothes, Colour, Hair, Look, Phenotype, Scarf

_GREYING, _WHITE = 0.5, 0.8  # of the axis of age
_GREY_HAIRS = ("#a9a39b", "#8f8c89", "#c4c0ba")

# Pairs of opposite targets between which a face varies, and how far.
_TRAITS = (
    ("nose/nose-hump", 0.3),
    ("nose/nose-scale-horiz", 0.35),
    ("nose/nose-scale-vert", 0.3),
    ("nose/nose-point-width", 0.35),
    ("nose/nose-volume", 0.25),
    ("chin/chin-width", 0.4),
    ("chin/chin-height", 0.3),
    ("chin/chin-prominent", 0.3),
    ("mouth/mouth-scale-horiz", 0.25),
    ("mouth/mouth-lowerlip-height", 0.25),
    ("head/head-scale-horiz", 0.3),
    ("head/head-scale-vert", 0.3),
    ("head/head-fat", 0.3),
)
_BONES = (  # axes of `bones.py`, and how far
    ("jaw", 0.35),
    ("cheek-bones", 0.4),
    ("cheek-volume", 0.2),
    ("nose-point", 0.25),
    ("nose-curve", 0.25),
    ("eye-corner2", 0.25),
    ("eye-scale", 0.12),
    ("eyebrows-trans-up", 0.2),
    ("mouth-upperlip-height", 0.25),
    ("mouth-cupidsbow", 0.25),
    ("ear-scale", 0.2),
    ("neck-scale-horiz", 0.2),
)
_UNLIKE = 0.7  # how much the sides of a face differ at most
_HEADS = ("head/head-oval", "head/head-round", "head/head-square", "head/head-triangular")

_SHORT_CUTS = {
    "cropped": Hair(style="short", length=0.13, sweep=0.2, puff=0.4, cover=0.9, count=10_000, shine=0.5),
    "tight": Hair(style="curly", length=0.085, curl=0.02, turns=1.5, count=12_000, shine=0.5),
    "curly": Hair(style="curly", length=0.42, curl=0.06, turns=2.4, count=12_000, width=0.02, shine=0.5),
}

_MEN_WEAR = ("#2b3240", "#39414f", "#35506b", "#4a4f57", "#3f4a45", "#d9dde2")
_WOMEN_WEAR = ("#e8e2d8", "#b4c4cf", "#2f6f6a", "#c2543f", "#7a5f86", "#c98a2b", "#3d5566")
_TIES = ("#37506e", "#7a2e35", "#3d4f45", "#5a1f2b")
_BACKDROPS: tuple[tuple[Colour, Colour], ...] = (
    ((0.88, 0.89, 0.90), (0.55, 0.60, 0.66)),
    ((0.93, 0.89, 0.83), (0.66, 0.58, 0.50)),
    ((0.86, 0.90, 0.88), (0.48, 0.57, 0.55)),
    ((0.90, 0.88, 0.92), (0.55, 0.52, 0.62)),
)


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; None is left open.

    Colours are `#rrggbb`, `beard` a length in decimetres, `bones` axes of `bones.py`.
    """

    male: bool | None = None
    old: float | None = None
    ancestry: Ancestry | None = None
    weight: float | None = None
    muscle: float | None = None
    skin: str | None = None
    hair_colour: str | None = None
    cut: Cut | None = None
    beard: float | None = None
    stubble: bool = False
    iris: str | None = None
    lips: str | None = None
    clothes: Kind | None = None
    colour: str | None = None
    shirt: str | None = None
    tie: str | None = None
    wants_tie: bool | None = None
    scarf: str | None = None
    scarf_colour: str | None = None
    backdrop: str | None = None
    bones: Mapping[str, float] = {}


class _Chance:
    """Throws dice, each by its own name: what is wished for one thing changes nothing of another."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def within(self, name: str, low: float, high: float) -> float:
        return round(float(self._of(name).uniform(low, high)), 3)

    def one(self, name: str, choices: tuple[str, ...]) -> str:
        return choices[int(self._of(name).integers(len(choices)))]

    def number(self, name: str, below: int) -> int:
        return int(self._of(name).integers(below))

    def _of(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, *name.encode()])


def cast(wishes: Wishes, seed: int) -> Look:
    """Complete wishes to a look; the same seed gives the same one."""
    chance = _Chance(seed)
    male = wishes.male if wishes.male is not None else chance.number("gender", 2) == 1
    old = wishes.old if wishes.old is not None else chance.within("old", 0.02, 0.3)
    known = (lexicon.EUROPEAN, lexicon.EAST_ASIAN, lexicon.AFRICAN, lexicon.SOUTH_ASIAN, lexicon.LATIN)
    ancestry = wishes.ancestry or known[chance.number("ancestry", len(known))]
    skin = wishes.skin or _shaded(chance.one("skin", ancestry.skins), chance.within("shade", 0.94, 1.03))
    hair_colour = wishes.hair_colour or _hair_colour(ancestry, old, chance)
    scarf = _scarf(wishes, chance)
    beard = Beard(length=wishes.beard, count=32_000) if wishes.beard and male else None
    return Look(
        label="Man" if male else "Woman",
        phenotype=Phenotype(
            gender=1 if male else 0,
            old=old,
            race=ancestry.race,
            weight=wishes.weight if wishes.weight is not None else chance.within("weight", 0.42, 0.6),
            muscle=wishes.muscle if wishes.muscle is not None else chance.within("muscle", 0.45, 0.58),
            details=_details(chance, wishes.bones),
        ),
        skin=skin,
        lips=wishes.lips or _lips(skin, male=male),
        brow=_shaded(hair_colour, 0.8),
        brow_thickness=chance.within("brows", 1.0, 1.2) if male else chance.within("brows", 0.75, 0.9),
        hair_colour=hair_colour,
        iris=wishes.iris or chance.one("iris", ancestry.irises),
        blush=chance.within("blush", 0.2, 0.5) if male else chance.within("blush", 0.5, 0.9),
        lip_gloss=0.25 if male else 0.7,
        stubble=_stubble(wishes, beard, chance) if male else 0.0,
        eye_shadow=None if male or chance.number("eye shadow", 2) else _shaded(skin, 0.62),
        hair=None if scarf else _hair(wishes.cut, ancestry, chance, male=male, old=old),
        beard=beard,
        scarf=scarf,
        clothes=_clothes(wishes, chance, male=male),
        backdrop=_backdrop(wishes.backdrop) if wishes.backdrop else _BACKDROPS[chance.number("backdrop", 4)],
    )


def _details(chance: _Chance, wished: Mapping[str, float]) -> dict[str, float]:
    details = {}
    for name, reach in _TRAITS:
        amount = chance.within(name, -reach, reach)
        details[f"{name}-{'incr' if amount > 0 else 'decr'}"] = abs(amount)
    details[chance.one("head", _HEADS)] = chance.within("how much of it", 0.0, 0.45)
    amounts = {axis: chance.within(axis, -reach, reach) for axis, reach in _BONES}
    shape = any(axis.startswith("head-") for axis in wished)
    for name in list(details):
        stem = name.split("/")[1]
        if stem.removesuffix("-incr").removesuffix("-decr") in wished or (shape and name in _HEADS):
            del details[name]
    return details | bones({**amounts, **wished}, unlike=chance.within("unlike", -_UNLIKE, _UNLIKE))


def _hair_colour(ancestry: Ancestry, old: float, chance: _Chance) -> str:
    own = chance.one("hair colour", ancestry.hairs)
    if old < _GREYING:
        return own
    grey = chance.one("grey", _GREY_HAIRS)
    return grey if old >= _WHITE else _mixed(own, grey, (old - _GREYING) / (_WHITE - _GREYING))


def _hair(  # noqa: PLR0911 - one of each cut
    cut: Cut | None, ancestry: Ancestry, chance: _Chance, *, male: bool, old: float
) -> Hair | None:
    if cut is None:
        usual: tuple[Cut, ...] = ("short",) if male else ("long", "bob", "wavy")
        if ancestry.tight_curls:
            usual = ("tight",) if male else ("curly",)
        cut = usual[chance.number("cut", len(usual))]
    if cut == "bald":
        return None
    parting = chance.within("parting", -0.3, 0.3)
    if cut == "short" and male and old > 0.7:  # noqa: PLR2004 - by then hair is thin
        return Hair(style="short", length=0.2, sweep=0.3, lift=0.1, cover=0.7, count=9000, shine=0.6)
    if cut == "short":
        sweep, puff = chance.within("sweep", 0.4, 0.8), chance.within("puff", 0.45, 0.7)
        return Hair(style="short", length=0.36, sweep=sweep, puff=puff, parting=parting, shine=0.8)
    if cut == "curly" and male and not ancestry.tight_curls:
        return Hair(style="curly", length=0.24, curl=0.045, turns=1.0, count=12_000, width=0.014, shine=0.6)
    if cut in _SHORT_CUTS:
        return _SHORT_CUTS[cut]
    if cut == "bob":
        return Hair(style="bob", length=1.95, parting=parting, curl=0.008, shine=0.6, tuck=0.1)
    return _long_hair(cut, parting, chance)


def _long_hair(cut: Cut, parting: float, chance: _Chance) -> Hair:
    curl, turns = {"long": (0.03, 1.2), "wavy": (0.045, 2.4)}.get(cut, (0.055, 3.4))
    return Hair(
        style="long",
        length=chance.within("length", 2.05, 2.85),
        parting=parting,
        curl=curl,
        turns=turns,
        shine=0.45,
        layers=0.055,
        tuck=0.1,
        fullness=chance.within("fullness", 0.4, 0.55),
    )


def _stubble(wishes: Wishes, beard: Beard | None, chance: _Chance) -> float:
    if beard:
        return 0.6
    if wishes.beard == 0:
        return 0.08
    return 0.4 if wishes.stubble else chance.within("stubble", 0.1, 0.3)


def _scarf(wishes: Wishes, chance: _Chance) -> Scarf | None:
    if wishes.scarf is None:
        return None
    if wishes.scarf == "hanging":
        return Scarf(kind="hanging", colour=wishes.scarf_colour or "#e9e6df", cord="#141210")
    return Scarf(
        kind="wrapped", colour=wishes.scarf_colour or chance.one("scarf", ("#4f6f86", "#7a5f86", "#56705f"))
    )


def _clothes(wishes: Wishes, chance: _Chance, *, male: bool) -> Clothes:
    usual: tuple[Kind, ...] = ("suit", "shirt", "crew") if male else ("crew", "shirt", "turtle")
    kind = wishes.clothes or usual[chance.number("clothes", len(usual))]
    worn = _MEN_WEAR if male or kind == "suit" else _WOMEN_WEAR
    colour = wishes.colour or chance.one("cloth", worn[:-1] if kind == "suit" else worn)
    if kind != "suit":
        return Clothes(kind=kind, colour=colour)
    wants_tie = wishes.wants_tie if wishes.wants_tie is not None else male
    tie = (wishes.tie or chance.one("tie", _TIES)) if wants_tie else None
    return Clothes(kind=kind, colour=colour, shirt=wishes.shirt or "#e9e6e0", tie=tie)


def _backdrop(colour: str) -> tuple[Colour, Colour]:
    """Light a wall of a colour from its middle: how bright it is there and at the edges, 0 to 1."""
    red, green, blue = (value / 255 for value in _channels(colour))
    centre = (1.06 * red + 0.04, 1.06 * green + 0.04, 1.06 * blue + 0.04)
    return (min(centre[0], 1), min(centre[1], 1), min(centre[2], 1)), (0.74 * red, 0.74 * green, 0.74 * blue)


def _lips(skin: str, *, male: bool) -> str:
    parts = (0.80, 0.62, 0.66) if male else (0.84, 0.57, 0.68)
    return _hex([value * part for value, part in zip(_channels(skin), parts, strict=True)])


def _shaded(colour: str, shade: float) -> str:
    return _hex([value * shade for value in _channels(colour)])


def _mixed(one: str, other: str, part: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return _hex([(1 - part) * a + part * b for a, b in pairs])


def _channels(colour: str) -> list[int]:
    return [int(colour[k : k + 2], 16) for k in (1, 3, 5)]


def _hex(channels: list[float]) -> str:
    return "#" + "".join(f"{round(min(max(channel, 0), 255)):02x}" for channel in channels)
