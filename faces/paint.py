"""What is drawn on a face from the front: as paint the shade under brows, stubble, eye shadow; as relief age.

Both cover a box of canonical x and y; the shader looks a point up by its canonical position, so that they move with
the skin.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.geometry import Floats, smoothstep
from faces.hair import beard_mask, brow_mask
from faces.looks import Look, linear

BOX = (-0.9, 6.0, 0.9, 8.5)  # canonical x0, y0, x1, y1
_WIDTH = 1400
_HEIGHT = round(_WIDTH * (BOX[3] - BOX[1]) / (BOX[2] - BOX[0]))
_FRACTION_BITS = 4  # OpenCV draws lines with sub-pixel corners of this precision
_FRONT = 1.35  # canonical z of the beard mask's front
_STEEPNESS = 10.0  # of a crease's sides for each texel


class _Layer:
    """A growing RGBA layer; a class since every stroke blends over what is there."""

    def __init__(self) -> None:
        self.colour = np.zeros((_HEIGHT, _WIDTH, 3))
        self.alpha = np.zeros((_HEIGHT, _WIDTH))

    def over(self, colour: Floats, alpha: Floats) -> None:
        """Lay a colour (3,) with coverage (H, W) over the layer."""
        below = self.alpha * (1 - alpha)
        total = alpha + below
        mixed = colour * alpha[..., None] + self.colour * below[..., None]
        self.colour = mixed / np.maximum(total, 1e-5)[..., None]
        self.alpha = total

    def image(self) -> NDArray[np.uint8]:
        """Return RGBA in linear colour, shape (H, W, 4), first row on top."""
        return (np.dstack([np.clip(self.colour, 0, 1), self.alpha]) * 255).astype(np.uint8)


def paint_face(look: Look) -> NDArray[np.uint8]:
    """Paint a look's face, RGBA in linear colour, first row on top."""
    layer = _Layer()
    layer.over(linear(look.brow), 0.55 * brow_mask(*_canonical_grid(), look.brow_thickness))
    if look.stubble:
        layer.over(linear(look.brow) * 0.8, _stubble(look.stubble))
    if look.eye_shadow:
        layer.over(linear(look.eye_shadow), _eye_shadow())
    return layer.image()


def crease_face(look: Look, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Crease a look's face: the slopes of the skin along x and y, 128 being flat, and those that a smile adds.

    Shape (H, W, 4).
    """
    depth = _forms(look)
    if look.elderly:
        depth = depth + _age_lines(rng) * look.phenotype.old
    slopes = []
    for each in (depth, _smile(look)):
        down, right = np.gradient(-each)
        slopes += [right, -down]
    return np.clip(128 + 127 * _STEEPNESS * np.dstack(slopes), 0, 255).astype(np.uint8)


def _canonical_grid() -> tuple[Floats, Floats]:
    """Return the canonical x and y of every texel, each (H, W)."""
    x = BOX[0] + (np.arange(_WIDTH) + 0.5) / _WIDTH * (BOX[2] - BOX[0])
    y = BOX[3] - (np.arange(_HEIGHT) + 0.5) / _HEIGHT * (BOX[3] - BOX[1])
    return np.meshgrid(x, y)


def _stroke(canvas: NDArray[np.uint8], x: Floats, y: Floats, value: int, thickness: int) -> None:
    """Draw a line through canonical points."""
    columns = (x - BOX[0]) / (BOX[2] - BOX[0]) * _WIDTH
    rows = (BOX[3] - y) / (BOX[3] - BOX[1]) * _HEIGHT
    points = (np.stack([columns, rows], axis=-1) * 2**_FRACTION_BITS).astype(np.int32)
    cv2.polylines(canvas, [points], False, value, thickness, cv2.LINE_AA, _FRACTION_BITS)


def _stubble(amount: float) -> Floats:
    """Say where stubble is; the shader breaks it up into dots."""
    x, y = _canonical_grid()
    mask = beard_mask(np.stack([x, y, np.full_like(x, _FRONT)], axis=-1).reshape(-1, 3)).reshape(x.shape)
    beside_ears = smoothstep(6.8, 7.2, y)  # where a mask that is laid on from the front has an edge
    return 0.85 * amount * mask * (1 - beside_ears)


def _eye_shadow() -> Floats:
    x, y = _canonical_grid()
    return 0.28 * np.exp(-1.2 * (((np.abs(x) - 0.31) / 0.2) ** 2 + ((y - 7.355) / 0.055) ** 2))


def _forms(look: Look) -> Floats:
    """Model what the mesh is too coarse for: philtrum, the folds around the mouth, tear troughs; depth."""
    x, y = _canonical_grid()
    aside = np.abs(x)
    strength = 0.75 + 0.35 * look.phenotype.gender + 0.5 * look.phenotype.old

    def along(points: tuple[tuple[float, float], ...], width: float) -> Floats:
        """Rise to 1 on a line through (x, y) of one side of the face, and fade out towards its ends."""
        xs, ys = np.array(points).T
        t = np.clip((y - ys[0]) / (ys[-1] - ys[0]), 0, 1)
        middle = np.interp(t, (ys - ys[0]) / (ys[-1] - ys[0]), xs)
        return np.exp(-(((aside - middle) / width) ** 2)) * np.sin(np.pi * (0.04 + 0.92 * t)) ** 1.2

    beside_mouth = along(((0.19, 6.98), (0.225, 6.86), (0.29, 6.72), (0.33, 6.58)), 0.05)
    trough = np.exp(-(((y - 7.165 + 0.45 * (aside - 0.2)) / 0.035) ** 2 + ((aside - 0.23) / 0.11) ** 2))
    under_lip = np.exp(-(((y - 6.44 - 0.25 * x**2) / 0.045) ** 2 + (x / 0.17) ** 2))
    over_lip = smoothstep(6.72, 6.75, y) * smoothstep(6.86, 6.82, y)
    philtrum = over_lip * (np.exp(-((x / 0.026) ** 2)) - 0.7 * np.exp(-(((aside - 0.05) / 0.02) ** 2)))
    corners = np.exp(-(((aside - 0.285) / 0.035) ** 2 + ((y - 6.6) / 0.05) ** 2))
    brows = np.exp(-(((aside - 0.06) / 0.02) ** 2 + ((y - 7.44) / 0.07) ** 2))
    return strength * (
        0.11 * beside_mouth
        + 0.07 * trough
        + 0.10 * under_lip
        + 0.05 * philtrum
        + 0.10 * corners
        + 0.03 * brows * look.phenotype.gender
    )


def _smile(look: Look) -> Floats:
    """Say how a smile folds and lifts the cheeks: depth."""
    x, y = _canonical_grid()
    aside = np.abs(x)
    t = np.clip((6.99 - y) / 0.42, 0, 1)
    middle = 0.165 + 0.19 * t**0.9
    fold = np.exp(-(((aside - middle) / 0.032) ** 2)) * np.sin(np.pi * (0.03 + 0.94 * t)) ** 1.2
    cheek = np.exp(-(((aside - 0.37) / 0.12) ** 2 + ((y - 6.99) / 0.10) ** 2))
    below_eye = np.exp(-(((y - 7.17 + 0.3 * (aside - 0.3) ** 2) / 0.02) ** 2 + ((aside - 0.3) / 0.12) ** 2))
    return (0.8 + 0.4 * look.phenotype.old) * (0.16 * fold - 0.14 * cheek + 0.05 * below_eye)


def _age_lines(rng: np.random.Generator) -> Floats:
    """Fold the forehead, the cheeks beside nose and mouth, the skin under and beside the eyes: depth, 0 to 1."""
    folds = np.zeros((_HEIGHT, _WIDTH))
    t = np.linspace(0, 1, 40)

    def fold(x: Floats, y: Floats, depth: float, thickness: int) -> None:
        canvas = np.zeros((_HEIGHT, _WIDTH), np.uint8)
        waver = 0.006 * np.cumsum(rng.standard_normal((2, 8)), axis=1) / 3
        x, y = (
            x + np.interp(t, np.linspace(0, 1, 8), waver[0]),
            y + np.interp(t, np.linspace(0, 1, 8), waver[1]),
        )
        for k, strength in enumerate(np.sin(np.pi * (0.06 + 0.9 * t[:-1])) ** 0.7):  # ends fade out
            _stroke(canvas, x[k : k + 2], y[k : k + 2], int(255 * depth * strength), thickness)
        blurred = 0.6 * cv2.GaussianBlur(canvas, (0, 0), 3.5) + 0.4 * cv2.GaussianBlur(canvas, (0, 0), 9)
        np.maximum(folds, blurred / 255, out=folds)

    for height in (7.63, 7.70, 7.77, 7.85):
        from_x, to_x = sorted(rng.uniform((-0.42, 0.18), (-0.2, 0.42)))
        across = from_x + (to_x - from_x) * t
        fold(across, height + 0.015 * np.cos(5 * across) - 0.05 * across**2, 0.5, 6)
    for side in (-1, 1):
        fold(side * (0.19 + 0.16 * t**1.2), 6.94 - 0.32 * t, 1.0, 10)
        fold(side * (0.17 + 0.25 * t), 7.12 - 0.055 * np.sin(np.pi * t), 0.5, 8)
        fold(side * (0.21 + 0.24 * t), 7.06 - 0.06 * np.sin(np.pi * t), 0.3, 6)
        for slope in (-0.09, -0.03, 0.03, 0.09):
            reach = 0.09 + 0.05 * rng.random()
            fold(side * (0.49 + reach * t), 7.25 + 0.5 * slope + 1.1 * slope * t, 0.4, 5)
    return folds
