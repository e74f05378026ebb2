"""The skin of faces, as the shader paints it."""

import cv2
import numpy as np
import pytest

from faces.avatar import Avatar
from faces.prompts import imagine
from faces.renderer import Renderer


@pytest.fixture
def renderer():
    try:
        return Renderer(768, supersampling=2)
    except Exception:  # noqa: BLE001 - whatever a driver says
        pytest.skip("no OpenGL by EGL here")


def test_freckles_are_round(renderer):
    person = Avatar(renderer, imagine("a bald man").recipe.look, seed=4)
    pictures = []
    for freckles in (0.0, 1.0):
        person.scene.constants["freckles"] = freckles
        pictures.append(person.render().astype(int).sum(axis=2))

    darker = (pictures[0] - pictures[1] > 12).astype(np.uint8)
    outlines, _ = cv2.findContours(darker, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    spots = [cv2.minAreaRect(outline)[1] for outline in outlines if cv2.contourArea(outline) >= 6]

    assert len(spots) > 12
    assert np.median([max(sides) / min(sides) for sides in spots]) < 1.5
