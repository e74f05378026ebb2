"""How somebody drawn is filmed: an idle half loop for an emotion, and the mouth in a few fixed shapes beside it.

Frames come as pictures; whoever films writes them down.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import cv2
import numpy as np

from faces.avatar import SIZE as FRAME
from faces.avatar import Avatar, Box
from faces.emotions import EMOTIONS, expression, mix
from faces.looks import Look
from faces.motion import POSTURES, Moment, half_loop
from faces.renderer import Camera, Elsewhere, Picture, Pose, Renderer
from faces.shapes import SHAPES, SIZE, speaking_face, units

FRAMES = 52
"""Of half a loop; played forwards and backwards: 102 frames, 4.1 s at 25 a second."""

MOUTH_HAIR = 0.25
"""Of the mouths' films: only the shadow of hair is needed. A beard must be the one in the footage."""

_DRAWN_EVERY = 13  # frames; those between are moved to where the head is, which takes an eighth of the time
_FINE = 432  # those are drawn at least so large, so that moving them blurs nothing
_HASTE = 4.0  # how quickly one drawn frame takes over from the last

Eyes = tuple[float, float, float, float]
Square = Callable[[Box, int, int], Box]


def moments(seed: int, emotion: str) -> list[Moment]:
    """Say how somebody moves in an emotion's clip, frame by frame."""
    rng = np.random.default_rng([seed, list(EMOTIONS).index(emotion)])
    return half_loop(FRAMES, POSTURES[emotion], rng)


def film_idle(avatar: Avatar, look: Look, seed: int, emotion: str) -> Iterator[tuple[Picture, Box, Eyes]]:
    """Draw the frames of an idle half loop, each with the mouth's square and the eyes in it."""
    avatar.drop_hidden_hair()
    face = expression(look, emotion)
    for moment in moments(seed, emotion):
        avatar.express(mix(face, moment.face), moment.gaze)
        yield avatar.render(moment.pose), avatar.mouth_box(moment.pose), avatar.eyes(moment.pose)


def tile(frame: int) -> int:
    """Return the side in pixels of a mouth's tile beside a film of so many lines: an even number."""
    return 2 * -(-SIZE * frame // (2 * FRAME))


def mouth_side(frame: int) -> int:
    """Return the side in pixels of the renderer that draws the mouths beside a film of so many lines."""
    side = tile(frame)
    return side * max(2, -(-_FINE // side))


def mouth_renderer(frame: int) -> Renderer:
    """Open the renderer that `film_mouths` needs; the person is to be built in it."""
    return Renderer(mouth_side(frame), supersampling=1)


def mouth_hair(look: Look) -> float:
    """Return how dense the hair of somebody has to be whose mouths alone are filmed."""
    return 1.0 if look.beard else MOUTH_HAIR


def film_mouths(
    renderer: Renderer, avatar: Avatar, seed: int, emotion: str, square: Square
) -> Iterator[Picture]:
    """Draw for each frame of the idle half loop the mouth in all shapes, side by side.

    Args:
        renderer: one of `mouth_renderer`.
        avatar: built in that renderer.
        seed: as of the footage.
        emotion: of the footage.
        square: says which pixels of a frame are filmed, of the mouth's box, the tile's size and the frame's.
    """
    faces = [speaking_face(units(shape), EMOTIONS[emotion]) for shape in SHAPES]
    poses = [moment.pose for moment in moments(seed, emotion)]
    size = tile(avatar.frame)
    cameras = [avatar.camera(square(avatar.mouth_box(pose), size, avatar.frame)) for pose in poses]
    drawn = sorted({*range(0, len(poses), _DRAWN_EVERY), len(poses) - 1})
    tiles = np.zeros((len(poses), len(faces), size, size, 3), np.uint8)
    for k, face in enumerate(faces):
        avatar.express(face)
        fine = {frame: avatar.render(poses[frame], cameras[frame]) for frame in drawn}
        for frame, picture in fine.items():
            tiles[frame, k] = _shrunk(picture, size)
        for before, after in pairwise(drawn):
            for frame in range(before + 1, after):
                # Mostly the nearer one, since two pictures of a beard never blend sharply.
                share = np.clip(0.5 + _HASTE * ((frame - before) / (after - before) - 0.5), 0, 1)
                here = poses[frame], cameras[frame]
                blended = np.zeros((size, size, 3))
                for other, part in ((before, 1 - share), (after, share)):
                    if part:
                        there = poses[other], cameras[other]
                        moved = _carry(renderer, avatar, fine[other], here, there)
                        blended += part * _shrunk(moved, size)
                tiles[frame, k] = np.rint(blended)
    for row in tiles:
        yield np.concatenate(list(row), axis=1)


def _carry(
    renderer: Renderer,
    avatar: Avatar,
    picture: Picture,
    here: tuple[Pose, Camera],
    there: tuple[Pose, Camera],
) -> Picture:
    """Move each point of a picture taken `there` to where the head's movement brings it."""
    place = Elsewhere(there[1], there[0], avatar.shape())
    size = len(picture)
    traced = cv2.resize(
        renderer.trace(avatar.scene, here[1], here[0], place, tile(avatar.frame) // 2), (size, size)
    )
    axis = np.arange(size, dtype=np.float32)
    still = np.stack(np.meshgrid(axis, axis), -1)
    moved = (traced[..., :2] + 1) * (size / 2) - 0.5
    # Clothes and what lies behind the head stay; a point at the edge of the face is half of both.
    source = np.where(traced[..., 3:] > 0.999, moved, still)  # noqa: PLR2004
    x, y = np.ascontiguousarray(source[..., 0]), np.ascontiguousarray(source[..., 1])
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _shrunk(picture: Picture, size: int) -> Picture:
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
