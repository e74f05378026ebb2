"""What can be chosen about a person: the vocabulary that `cast.py` describes people in.

Colours are written as sRGB hex and mixed as linear light. Everything is plain data, so a recipe can be hashed.
"""

from typing import Literal

import msgspec
import numpy as np

from faces.geometry import Floats

Colour = tuple[float, float, float]


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of everything one can choose.

    Defaults are not encoded: when a choice is added, the recipes of those who do not make it stay what they were, and
    so does their footage.
    """


class Phenotype(Choice, frozen=True, kw_only=True, omit_defaults=True):
    """Where a person lies on MakeHuman's axes; see `geometry.phenotype`."""

    gender: float
    old: float
    race: tuple[float, float, float]
    weight: float = 0.5
    muscle: float = 0.5
    details: dict[str, float] = {}


class Hair(Choice, frozen=True, kw_only=True, omit_defaults=True):
    """A head of hair.

    Attributes:
        style: `short`, `curly`, `long` (over the shoulders) or `bob` (to the chin).
        count: strands.
        width: of a strand in decimetres.
        length: of the longest strands; for `long` and `bob`, how far below the crown they end.
        parting: canonical x of the parting.
        sweep: how strongly a short fringe is combed to the side.
        puff: how upright short hair stands.
        lift: raises the hairline.
        cover: how dark the scalp shows between the strands, 0 to 1.
        curl: radius of the curls.
        turns: windings from root to tip.
        shine: strength of the white highlight.
        layers: spread of the lengths of long hair, relative; more of it thins the ends out.
        tuck: how far the tips of long hair turn in, in decimetres.
        fullness: how far long hair is held off the temples.

    """

    style: Literal["short", "curly", "long", "bob"]
    count: int = 8500
    width: float = 0.013
    length: float = 0.34
    parting: float = 0.22
    sweep: float = 0.6
    puff: float = 0.55
    lift: float = 0.0
    cover: float = 1.0
    curl: float = 0.02
    turns: float = 1.1
    shine: float = 1.0
    layers: float = 0.025
    tuck: float = 0.0
    fullness: float = 1.0


class Beard(Choice, frozen=True, kw_only=True, omit_defaults=True):
    """A beard: length in decimetres, strands."""

    length: float
    count: int


class Clothes(Choice, frozen=True, kw_only=True, omit_defaults=True):
    """What the shoulders wear: cut and colours.

    Attributes:
        kind: the cut.
        colour: of the cloth, of a suit its jacket's.
        shirt: colour under a jacket.
        tie: its colour, or none.

    """

    kind: Literal["crew", "turtle", "suit", "shirt"]
    colour: str
    shirt: str = "#e9e6e0"
    tie: str | None = "#5a1f2b"


class Scarf(Choice, frozen=True, kw_only=True, omit_defaults=True):
    """A head covering.

    Attributes:
        kind: `wrapped` around chin and neck, or `hanging` beside an open face.
        colour: of the cloth.
        cord: the colour of the cord that holds it, if one does.

    """

    kind: Literal["wrapped", "hanging"]
    colour: str
    cord: str | None = None


class Look(Choice, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that makes one avatar.

    `rest` holds face units of every emotion. `moods` adds some to single emotions, above the nose only: the mouths
    of an emotion are filmed alike for all.
    """

    label: str
    phenotype: Phenotype
    skin: str
    lips: str
    brow: str
    hair_colour: str
    iris: str
    backdrop: tuple[Colour, Colour]
    clothes: Clothes
    brow_thickness: float = 1.0
    blush: float = 0.8
    lip_gloss: float = 0.7
    stubble: float = 0.0
    eye_shadow: str | None = None
    hair: Hair | None = None
    beard: Beard | None = None
    scarf: Scarf | None = None
    rest: dict[str, float] = {}
    moods: dict[str, dict[str, float]] = {}

    @property
    def gender(self) -> Literal["male", "female"]:
        """What the avatar's voice should be."""
        return "male" if self.phenotype.gender > 0.5 else "female"  # noqa: PLR2004 - the axis's middle

    @property
    def elderly(self) -> bool:
        """Whether the avatar's voice should be an old one."""
        return self.phenotype.old > 0.5  # noqa: PLR2004 - the axis's middle


def linear(colour: str) -> Floats:
    """Turn `#rrggbb` in sRGB into linear light, shape (3,)."""
    channels = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
