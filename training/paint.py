"""What is painted on a face from the front: brows, stubble, eye shadow, the lines of age.

The layer covers a box of canonical x and y; the shader looks a point's colour up by its canonical position, so the
paint moves with the skin.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.geometry import Floats, smoothstep
from training.hair import beard_mask
from training.looks import Look, linear

BOX = (-0.9, 6.0, 0.9, 8.5)  # canonical x0, y0, x1, y1
_WIDTH = 1400
_HEIGHT = round(_WIDTH * (BOX[3] - BOX[1]) / (BOX[2] - BOX[0]))
_FRACTION_BITS = 4  # OpenCV draws lines with sub-pixel corners of this precision
_FRONT = 1.35  # canonical z of the beard mask's front
_BROW_LENGTH = 0.46


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


def paint_face(look: Look, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Paint a look's face, RGBA in linear colour, first row on top."""
    layer = _Layer()
    layer.over(linear(look.brow), _brows(look.brow_thickness, rng))
    if look.stubble:
        layer.over(linear(look.brow) * 0.8, _stubble(look.stubble, rng))
    if look.eye_shadow:
        layer.over(linear(look.eye_shadow), _eye_shadow())
    if look.elderly:
        creases = linear(look.skin) * np.array([0.55, 0.42, 0.38])
        layer.over(creases, _age_lines() * 0.75 * min(1, look.phenotype.old))
    return layer.image()


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


def _brow_middle(t: Floats) -> Floats:
    """Canonical height of the brow at t, from 0 at the nose to 1 at the temple."""
    return 7.435 + 0.075 * np.sin(np.pi * np.minimum(0.78 * t + 0.06, 1)) - 0.1 * np.maximum(t - 0.75, 0)


def _brow_half_width(t: Floats, thickness: float) -> Floats:
    taper = (1 - 0.72 * np.maximum(t - 0.45, 0) / 0.55) * smoothstep(-0.1, 0.2, t)
    return 0.038 * taper * thickness


def _brows(thickness: float, rng: np.random.Generator) -> Floats:
    """Shade the brows softly, then draw single hairs that lie down towards the temple."""
    x, y = _canonical_grid()
    t = (np.abs(x) - 0.13) / _BROW_LENGTH
    width = np.maximum(_brow_half_width(np.clip(t, 0, 1), thickness), 1e-3)
    off = (y - _brow_middle(np.clip(t, 0, 1)) - 0.006) / width
    ends = smoothstep(-0.03, 0.16, t) * smoothstep(1.06, 0.85, t)
    shade = np.exp(-(off**4)) * ends * 0.5

    hairs = np.zeros((_HEIGHT, _WIDTH))
    bend = np.array([0, 0.5, 1.0])
    for side in (-1, 1):
        canvas = np.zeros((_HEIGHT, _WIDTH), np.uint8)
        for t0 in rng.random(int(420 * thickness**0.5)):
            off_middle = np.clip(rng.normal(0, 0.42), -0.9, 0.9)
            x0 = 0.13 + _BROW_LENGTH * t0
            y0 = _brow_middle(t0) + off_middle * _brow_half_width(t0, thickness)
            angle = np.radians(48 * (1 - t0) ** 1.4 + 4 - 18 * t0 - 14 * off_middle)
            reach = 0.05 * (0.7 + 0.6 * rng.random()) * bend
            heading = angle * (1 - 0.4 * bend)
            _stroke(
                canvas,
                side * (x0 + reach * np.cos(heading)),
                y0 + reach * np.sin(heading) * 0.55,
                int(rng.integers(110, 190)),
                2,
            )
        hairs = np.maximum(hairs, canvas / 255)
    hairs = cv2.GaussianBlur(hairs, (0, 0), 0.8)
    return np.clip(1 - (1 - shade) * (1 - hairs), 0, 0.92)


def _stubble(amount: float, rng: np.random.Generator) -> Floats:
    x, y = _canonical_grid()
    mask = beard_mask(np.stack([x, y, np.full_like(x, _FRONT)], axis=-1).reshape(-1, 3)).reshape(x.shape)
    grain = cv2.GaussianBlur(rng.random(x.shape), (0, 0), 1.2)
    grain = (grain - grain.mean()) / grain.std()
    return mask * amount * np.clip(0.6 + 0.3 * grain, 0, 1)


def _eye_shadow() -> Floats:
    x, y = _canonical_grid()
    return 0.35 * np.exp(-1.2 * (((np.abs(x) - 0.31) / 0.2) ** 2 + ((y - 7.355) / 0.055) ** 2))


def _age_lines() -> Floats:
    """Draw lines on the forehead, from nose to mouth, under and beside the eyes."""
    canvas = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    across = np.linspace(-1, 1, 40)
    for k, height in enumerate((7.64, 7.73, 7.82)):
        line = height + 0.02 * np.cos(3 * across + k) - 0.03 * across**2
        _stroke(canvas, 0.42 * across, line, 150 - 20 * k, 5)
    t = np.linspace(0, 1, 30)
    for side in (-1, 1):
        _stroke(canvas, side * (0.19 + 0.17 * t), 6.93 - 0.36 * t**1.1, 255, 7)
        _stroke(canvas, side * (0.17 + 0.26 * t), 7.13 - 0.07 * np.sin(np.pi * t), 150, 5)
        for slope in (-0.06, 0.0, 0.06):
            _stroke(canvas, side * (0.50 + 0.13 * t), 7.25 + 0.6 * slope + 1.2 * slope * t, 140, 4)
    return cv2.GaussianBlur(canvas, (0, 0), 5) / 255
