"""Renders what `train draw` learns from: the idle and the speaking mouth of one person at the same pose.

    python -m training pairs                # training pairs of thirteen avatars, sentences of random words
    python -m training pairs --held-out     # whole clips of natural sentences for `score`, one avatar never trained on

At run time the network is given a frame of idle footage and must return the same frame speaking, so that is what a
pair is; the target is never part of the input. Crops are rendered directly, a little wider than the network's 96
pixels so that training can shift them.

Axes: F frames, K face units.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import click
import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from training.avatar import Avatar
from training.cast import CAST, EMOTIONS
from training.clips import HELD_OUT, Speaker
from training.geometry import Floats
from training.phonemes import opening
from training.renderer import Lights, Picture, Pose, Renderer
from training.subdivision import head

WORK = Path(__file__).parent / "work"
HELD_OUT_AVATAR = "mexican_woman"

_CROP = 96
_RENDERED = 104  # pixels of a crop with its margin
_SAMPLED = 156  # what is rendered for them: one and a half samples a pixel each way
_FRAMES_A_CLIP = 24
_SHARED_IDLE = 3  # speaking frames at one pose
_CONTINUOUS_FRAMES = 75  # of a held-out clip: 3 s
_HELD_POSE = 5  # frames of it that share a pose, and so an idle picture
_HELD_OUT_SHOTS = (
    ("european_woman", "neutral", "en", False),
    ("african_man", "neutral", "fr", False),
    ("japanese_man", "happy", "ja", False),
    ("iranian_man", "serious", "ar", False),
    ("old_european_woman", "happy", "de", False),
    ("european_man", "serious", "en", True),
    (HELD_OUT_AVATAR, "neutral", "en", True),
    (HELD_OUT_AVATAR, "happy", "es", False),
    (HELD_OUT_AVATAR, "serious", "zh", False),
)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([name for name in CAST if name != HELD_OUT_AVATAR]))
@click.option("--held-out", is_flag=True, help="Render the clips for scoring instead.")
@click.option("--per-avatar", default=340, help="Training pairs of each avatar.")
@click.option("--seed", default=0, help="Another seed adds to what is there.")
def main(names: tuple[str, ...], held_out: bool, per_avatar: int, seed: int) -> None:
    """Render pairs of idle and speaking mouths: of all avatars but one, or only of NAMES."""
    speaker = Speaker()
    renderer = Renderer(_SAMPLED, supersampling=1, shadow_size=512)
    if held_out:
        _render_held_out(renderer, speaker)
        return
    folder = WORK / "pairs"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or [name for name in CAST if name != HELD_OUT_AVATAR]:
        started = time.monotonic()
        rng = np.random.default_rng([seed, list(CAST).index(name)])
        pairs = _training_pairs(MouthStudio(renderer, name), speaker, per_avatar, rng)
        np.savez(folder / f"{name}-{seed}.npz", **pairs)
        each_s = (time.monotonic() - started) / per_avatar
        print(f"{name}: {per_avatar} pairs, {each_s:.3f} s each", flush=True)


class MouthStudio:
    """An avatar of which only the mouth is filmed, and only what is seen there is drawn."""

    def __init__(self, renderer: Renderer, name: str) -> None:
        look = CAST[name]
        if look.hair:  # a tenth of the strands, wider, still frame the chin and throw a shadow
            hair = msgspec.structs.replace(look.hair, count=look.hair.count // 10, width=look.hair.width * 3)
            look = msgspec.structs.replace(look, hair=hair)
        self._avatar = Avatar(renderer, look, seed=list(CAST).index(name))
        for part, mesh in self._avatar.scene.meshes.items():
            if "eye" in part or "lash" in part:
                mesh.drawn.vertices = 0
        self._cull_skin()

    def light(self, rng: np.random.Generator) -> None:
        """Move the key light a little."""
        lights = Lights()
        lights.directions[0] += rng.normal(0, 0.1, 3)
        self._avatar.scene.lights = lights

    def film(self, coefficients: Mapping[str, float], pose: Pose) -> Picture:
        """Return the mouth's square, RGB uint8 of shape (104, 104, 3)."""
        self._avatar.express(coefficients)
        x, y, side = self._avatar.mouth_box(pose)
        picture = self._avatar.render(pose, self._avatar.camera((x, y, side * _RENDERED / _CROP)))
        return cv2.resize(picture, (_RENDERED, _RENDERED), interpolation=cv2.INTER_AREA)

    def _cull_skin(self) -> None:
        """Draw only the skin around the mouth, which halves the time of a picture."""
        x, y, z = head().canonical.T
        near = (np.abs(x) < 0.95) & (y > 5.5) & (y < 7.35) & (z > -0.1)  # noqa: PLR2004 - canonical places
        corners = head().corner_triangles
        kept = corners[near[head().corner_points][corners].all(axis=1)]
        mesh = self._avatar.scene.meshes["skin"]
        for array in (mesh.drawn, mesh.depth):
            array.index_buffer.write(np.ascontiguousarray(kept, "i4").tobytes())
            array.vertices = kept.size


def _training_pairs(
    studio: MouthStudio, speaker: Speaker, count: int, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    idle, speaking, spoken = [], [], []
    emotions = list(EMOTIONS)
    clip = 0
    while len(speaking) < count:
        emotion_name = emotions[clip % len(emotions)]
        strength = 1.0 if emotion_name == "neutral" else rng.uniform(0.6, 1.1)
        emotion = {name: amount * strength for name, amount in EMOTIONS[emotion_name].items()}
        track = speaker.training_clip(rng).track
        # The drawing hears nothing, so that frames need no order; mouths that move are what it must learn.
        interest = 0.1 + opening(track) + np.abs(track[:, 2:]).max(axis=1)
        wanted = min(_FRAMES_A_CLIP, count - len(speaking), len(track))
        frames = rng.choice(len(track), wanted, replace=False, p=interest / interest.sum())
        studio.light(rng)
        for i, frame in enumerate(frames):
            if i % _SHARED_IDLE == 0:
                pose = _random_pose(rng)
                picture = studio.film(idle_face(emotion), pose)
            units = track[frame] * rng.uniform(0.8, 1.25)
            idle.append(picture)
            speaking.append(studio.film(speaking_face(units, emotion), pose))
            spoken.append(units)
        clip += 1
    return {"idle": np.array(idle), "speaking": np.array(speaking), "units": np.array(spoken, np.float32)}


def _render_held_out(renderer: Renderer, speaker: Speaker) -> None:
    folder = WORK / "held-out"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, emotion, language, neural) in enumerate(_HELD_OUT_SHOTS):
        rng = np.random.default_rng([99, number])
        studio = MouthStudio(renderer, name)
        clip = speaker.held_out_clip(HELD_OUT[language][0], language, rng, neural=neural)
        frames = range(min(_CONTINUOUS_FRAMES, len(clip.track)))
        poses = [_drifting_pose(frame // _HELD_POSE * _HELD_POSE) for frame in frames]
        face = EMOTIONS[emotion]
        idle = [studio.film(idle_face(face), pose) for pose in poses[::_HELD_POSE]]
        np.savez(
            folder / f"{name}-{emotion}-{language}{'-neural' if neural else ''}.npz",
            idle=np.repeat(idle, _HELD_POSE, axis=0)[: len(frames)],
            speaking=np.array([studio.film(speaking_face(clip.track[i], face), poses[i]) for i in frames]),
            units=clip.track[: len(frames)],
            mel=clip.mel,
        )
        print(f"{name} {emotion} {language}: {len(frames)} frames", flush=True)


def _random_pose(rng: np.random.Generator) -> Pose:
    """Hold the head as the footage does, and a little beyond."""
    angles: Floats = rng.normal(0, (0.035, 0.07, 0.03))
    shift: Floats = rng.normal(0, (0.02, 0.016, 0))
    return Pose(tuple(angles), tuple(shift))


def _drifting_pose(frame: int) -> Pose:
    turn = 2 * np.pi * frame / 60
    return Pose((0.02 * np.sin(turn), 0.05 * np.sin(0.7 * turn + 1), 0.015 * np.cos(turn)))


if __name__ == "__main__":
    main()
