"""Draws portraits of any shape from recipes, and keeps those who were built last, which takes most of the time."""

from collections import OrderedDict

import cv2
import msgspec
import numpy as np

from faces.avatar import Avatar
from faces.emotions import EMOTIONS, expression
from faces.looks import Look
from faces.motion import POSTURES, STEADY_EYES
from faces.prompts import Recipe, Undrawable
from faces.renderer import Picture, Pose, Renderer

SMALLEST, LARGEST = 128, 2048
"""Sides of a portrait in pixels."""

_NARROWEST, _WIDEST = 9 / 16, 2.0
_DRAWN = 1536  # pixels of a side at most; what is larger is enlarged
_FINE = 768  # pixels to which nine samples each are taken, beyond it four
_SQUARE_DEGREES, _WIDE_DEGREES = 14.2, 21.0  # wider, sleeves would end in stumps
_HEAD_ROOM = 0.212  # of a wide view's side above the head's cut, so that head and neck stay in it
_KEPT = 3  # people; each takes some 40 MB


class Painter:
    """Draws one portrait after another in one OpenGL context."""

    def __init__(self) -> None:
        self.renderer = Renderer()
        self._people: OrderedDict[bytes, Avatar] = OrderedDict()

    def person(self, look: Look, seed: int) -> Avatar:
        """Return somebody built, from memory if they were drawn lately."""
        key = msgspec.json.encode((look, seed))
        person = self._people.pop(key, None) or Avatar(self.renderer, look, seed=seed)
        self._people[key] = person
        while len(self._people) > _KEPT:
            self._people.popitem(last=False)
        return person

    def draw(self, recipe: Recipe, width: int, height: int) -> Picture:
        """Draw a portrait.

        Args:
            recipe: of the person.
            width: pixels.
            height: pixels.

        Returns:
            RGB, (height, width, 3).

        Raises:
            Undrawable: a size or an emotion that is not drawn.
        """
        check_size(width, height)
        if recipe.emotion not in EMOTIONS:
            raise Undrawable(f"There is no emotion {recipe.emotion!r}, only {', '.join(EMOTIONS)}.")
        person = self.person(recipe.look, recipe.seed)
        posture = POSTURES[recipe.emotion]
        pose = Pose(posture.angles, (0.0, posture.height, 0.0))
        gaze = (-STEADY_EYES * posture.angles[0], -STEADY_EYES * posture.angles[1])
        person.express(expression(recipe.look, recipe.emotion), gaze)
        aspect = width / height
        half = np.tan(np.radians(_SQUARE_DEGREES) / 2)
        widest = np.tan(np.radians(_WIDE_DEGREES) / 2)
        wide = min(max(aspect, 1.0) * half, widest)
        side = min(round(height if aspect <= 1 else width), _DRAWN)
        self.renderer.resize(side, supersampling=3 if side <= _FINE else 2)
        picture = person.render(pose, person.camera(degrees=float(np.degrees(2 * np.arctan(wide)))))
        cut = _cut(picture, aspect)
        if cut.shape[:2] == (height, width):
            return np.ascontiguousarray(cut)
        smaller = cut.shape[0] > height
        how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(cut, (width, height), interpolation=how), np.uint8)


def check_size(width: int, height: int) -> None:
    """Refuse what cannot be drawn.

    Raises:
        Undrawable: sides that are too short or too long, or too unlike.
    """
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise Undrawable(f"Width and height must be {SMALLEST} to {LARGEST} pixels, not {width} by {height}.")
    if not _NARROWEST - 0.01 <= width / height <= _WIDEST + 0.01:
        raise Undrawable(f"{width} by {height} is too long: from 9:16 to 2:1 can be drawn.")


def _cut(picture: Picture, aspect: float) -> Picture:
    """Cut a shape out of a square view."""
    side = len(picture)
    if aspect <= 1:
        width = round(side * aspect)
        left = (side - width) // 2
        return picture[:, left : left + width]
    height = round(side / aspect)
    top = min((side - height) // 2, round(_HEAD_ROOM * side))
    return picture[top : top + height]
