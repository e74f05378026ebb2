"""From units to faces: what holds for every emotion."""

import numpy as np
import pytest

from faces.emotions import EMOTIONS
from faces.shapes import SHAPES, UNITS, idle_face, speaking_face, units


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_face_that_says_nothing_is_the_idle_face(emotion):
    silent = np.zeros(len(UNITS), np.float32)

    said = speaking_face(silent, EMOTIONS[emotion])

    assert {name: amount for name, amount in said.items() if amount} == pytest.approx(
        idle_face(EMOTIONS[emotion])
    )


def test_the_shapes_are_apart_from_each_other_and_from_the_idle_mouth():
    shapes = np.array([np.zeros(len(UNITS)), *(units(shape) for shape in SHAPES)])

    distances = np.linalg.norm(shapes[:, None] - shapes, axis=2)

    assert distances[~np.eye(len(shapes), dtype=bool)].min() > 0.4


def test_a_smile_gives_way_to_lips_that_press():
    smiling, pressing = EMOTIONS["happy"], units({"mouthPress": 0.55})

    assert speaking_face(pressing, smiling)["mouthSmile"] < 0.7 * smiling["mouthSmile"]
