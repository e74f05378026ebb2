"""Lips, teeth and tongue: where they lie, and how the inside of a mouth is coloured and seated in a face."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.geometry import Floats, smoothstep, texture
from faces.subdivision import Part, head, lower_teeth, tongue, upper_teeth

MOUTH_COLOURS = {  # alpha tells the shader what it is
    "upper_teeth": (0.94, 0.865, 0.735, 1.0),
    "lower_teeth": (0.89, 0.815, 0.69, 0.5),
    "tongue": (0.36, 0.10, 0.095, 0.0),
}


def mouth_parts() -> dict[str, Part]:
    """Return what lies behind the lips."""
    return {"upper_teeth": upper_teeth(), "lower_teeth": lower_teeth(), "tongue": tongue()}


def seat_in_mouth(name: str, points: Floats) -> Floats:
    """Narrow the dental arch and set it back, so that no tooth shows through a cheek or a closed lip."""
    points = points * np.array([0.78, 1, 1])
    aside = np.abs(points[:, 0])
    points[:, 2] -= 0.02 + 0.12 * smoothstep(0.08, 0.24, aside)
    if name == "upper_teeth":
        points[:, 1] -= 0.045
    elif name == "lower_teeth":
        points[:, 1] -= 0.11 * smoothstep(0.10, 0.24, aside)  # the molars rise into the corners of the mouth
    else:  # a tongue at rest lies low behind the teeth, its tip lowest
        bottom, tip = points[:, 1].min(), points[:, 2].max()
        points[:, 1] = (
            bottom + 0.55 * (points[:, 1] - bottom) - 0.05 * smoothstep(tip - 0.3, tip, points[:, 2])
        )
        points[:, 2] -= 0.08
    return points


@cache
def lip_atlas() -> NDArray[np.uint8]:
    """Cut the lips out of the body's 2048-pixel mask, softened so that their edge does not alias."""
    return np.ascontiguousarray(cv2.GaussianBlur(texture("lips"), (0, 0), 0.8)[640:1408, 1472:])


def lip_uvs(uvs: Floats) -> Floats:
    """Turn texture coordinates of the body into those of `lip_atlas`."""
    return np.stack([(uvs[:, 0] * 2048 - 1472) / 576, 1 - ((1 - uvs[:, 1]) * 2048 - 640) / 768], axis=1)


@cache
def lip_points() -> NDArray[np.bool_]:
    """Say which of the head's points lie on the lips, shape (P,)."""
    atlas = lip_atlas()
    height, width = atlas.shape
    columns, rows = (lip_uvs(head().corner_uvs) * (1, -1) + (0, 1)).T * np.array([[width], [height]])
    inside = (columns > 0) & (columns < width) & (rows > 0) & (rows < height)
    on_lips = np.zeros(len(head().canonical), bool)
    red = atlas[rows[inside].astype(int), columns[inside].astype(int)] > 0.3 * 255
    on_lips[head().corner_points[inside][red]] = True
    return on_lips


@cache
def inside_mouth() -> Floats:
    """Say for each corner of the head how far inside the mouth it is, 0 to 1."""
    uvs = head().corner_uvs
    pixels = (np.stack([1 - uvs[:, 1], uvs[:, 0]]) * 2047).astype(int)
    return texture("inside_mouth")[tuple(pixels)] / 255
