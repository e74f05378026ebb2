"""Renders what `train draw` and `train morph` learn from: a speaking mouth, and what the worker has at its pose.

    python -m training pairs                # training pairs of thirteen avatars, sentences of random words
    python -m training pairs --seed 1       # more, of people who resemble them
    python -m training pairs --held-out     # whole clips of natural sentences for `score`, one avatar never trained on

At run time the network is given a frame of idle footage, the same frame with the mouth in a few fixed shapes, and
must return the same frame speaking. So that is what is rendered; the target is never part of the input. With it goes
where each of its points lies in each of the others, which only a renderer knows. Crops are a little wider than what
the network sees, so that training can shift them.

Axes: P poses, F frames, R references (the idle mouth, then the shapes), K face units.
"""

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import click
import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from faces.avatar import Avatar
from faces.emotions import EMOTIONS
from faces.geometry import Floats
from faces.looks import Look
from faces.renderer import Elsewhere, Lights, Picture, Pose, Renderer
from faces.shapes import SHAPES, SIZE, idle_face, speaking_face, units
from faces.subdivision import head
from training.cast import CAST
from training.clips import HELD_OUT, Speaker
from training.phonemes import opening

WORK = Path(__file__).parent / "work"
PAIRS = WORK / "mouths"
HELD_OUT_AVATAR = "mexican_woman"

MARGIN = 6  # pixels around what the network sees
FLOW_CELL = 3  # pixels for each of which one flow is kept

_RENDERED = SIZE + 2 * MARGIN
_SAMPLED = _RENDERED * 3 // 2  # what is rendered for them: one and a half samples a pixel each way
_HIDDEN = 0.02  # decimetres behind what is seen
_FRAMES_A_CLIP = 24
_SHARED_POSE = 6  # speaking frames at one pose
_CONTINUOUS_FRAMES = 75  # of a held-out clip: 3 s
_HELD_POSE = 5  # frames of it that share a pose, and so the references
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

Pictures = NDArray[np.uint8]


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(CAST)))
@click.option("--held-out", is_flag=True, help="Render the clips for scoring instead.")
@click.option("--per-avatar", default=120, help="Training pairs of each avatar.")
@click.option("--seed", default=0, help="0 shows the avatars themselves, others vary them; each adds files.")
def main(names: tuple[str, ...], held_out: bool, per_avatar: int, seed: int) -> None:
    """Render pairs of references and speaking mouths: of all avatars but one, or only of NAMES."""
    names = names or tuple(CAST)
    speaker = Speaker()
    renderer = Renderer(_SAMPLED, supersampling=1, shadow_size=512)
    if held_out:
        _render_held_out(renderer, speaker, names)
        return
    PAIRS.mkdir(parents=True, exist_ok=True)
    for name in names:
        if name == HELD_OUT_AVATAR:
            continue
        started = time.monotonic()
        rng = np.random.default_rng([seed, list(CAST).index(name)])
        look = _varied(CAST[name], rng) if seed else CAST[name]
        pairs = _training_pairs(MouthStudio(renderer, look), speaker, per_avatar, rng)
        np.savez(PAIRS / f"{name}-{seed}.npz", **pairs)
        each_s = (time.monotonic() - started) / per_avatar
        print(f"{name}: {per_avatar} pairs, {each_s:.3f} s each", flush=True)


class Shot(NamedTuple):
    """A mouth as filmed, and what tells where its points lie in other shots at the same pose."""

    picture: Picture  # (156, 156, 3)
    place: Elsewhere
    distance: NDArray[np.float32]  # (52, 52); 0 where nothing of the face is seen


class MouthStudio:
    """A person of whom only the mouth is filmed, and only what is seen there is drawn."""

    def __init__(self, renderer: Renderer, look: Look) -> None:
        self._renderer = renderer
        # A fifth of the strands, wider, still make a beard, frame the chin and throw a shadow.
        self._avatar = Avatar(renderer, look, hair_density=0.2)
        for part, mesh in self._avatar.scene.meshes.items():
            if "eye" in part or "lash" in part:
                mesh.drawn.vertices = 0
        self._cull_skin()

    def light(self, rng: np.random.Generator) -> None:
        """Move the key light a little."""
        lights = Lights()
        lights.directions[0] += rng.normal(0, 0.1, 3)
        self._avatar.scene.lights = lights

    def film(self, coefficients: Mapping[str, float], pose: Pose) -> Shot:
        """Film the mouth's square with its margin."""
        self._avatar.express(coefficients)
        x, y, side = self._avatar.mouth_box(pose)
        camera = self._avatar.camera((x, y, side * _RENDERED / SIZE))
        picture = self._avatar.render(pose, camera)
        place = Elsewhere(camera, pose, self._avatar.shape())
        traced = self._trace(place)
        picture = cv2.resize(picture, (_RENDERED, _RENDERED), interpolation=cv2.INTER_AREA)
        return Shot(picture, place, traced[..., 2])

    def flow(self, other: Shot) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Say where the points filmed last lie in another shot at the same pose.

        Returns:
            How far right and down, in halves of the network's square, (2, 52, 52); and whether they are seen there.

        """
        traced = self._trace(other.place)
        size = len(traced)
        place = (traced[..., :2] + 1) * (size / 2) - 0.5  # pixels
        seen = cv2.remap(other.distance, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        covered = traced[..., 3] > 0
        flow = (place - np.stack(np.meshgrid(*[np.arange(size)] * 2), -1)) * (2 * FLOW_CELL / SIZE)
        flow[~covered] = 0  # clothes and background
        visible = ~covered | (traced[..., 2] < seen + _HIDDEN)
        return flow.transpose(2, 0, 1).astype(np.float32), visible

    def _trace(self, there: Elsewhere) -> NDArray[np.float32]:
        size = _RENDERED // FLOW_CELL
        return self._renderer.trace(self._avatar.scene, there.camera, there.pose, there, size)

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


def film_references(studio: MouthStudio, emotion: Mapping[str, float], pose: Pose) -> list[Shot]:
    """Film the idle mouth, then the shapes."""
    shapes = [speaking_face(units(shape), emotion) for shape in SHAPES]
    return [studio.film(face, pose) for face in (idle_face(emotion), *shapes)]


def _training_pairs(
    studio: MouthStudio, speaker: Speaker, count: int, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    references, poses, speaking, spoken, flows, visible = [], [], [], [], [], []
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
            if i % _SHARED_POSE == 0:
                pose = _random_pose(rng)
                shots = film_references(studio, emotion, pose)
                references.append([shot.picture for shot in shots])
            said = track[frame] * rng.uniform(0.8, 1.25)
            speaking.append(studio.film(speaking_face(said, emotion), pose).picture)
            found = [studio.flow(shot) for shot in shots]
            flows.append([flow for flow, _ in found])
            visible.append([seen for _, seen in found])
            poses.append(len(references) - 1)
            spoken.append(said)
        clip += 1
    return {
        "references": np.array(references),  # (P, R, 156, 156, 3)
        "pose": np.array(poses),  # (F,)
        "speaking": np.array(speaking),  # (F, 156, 156, 3)
        "units": np.array(spoken, np.float32),  # (F, K)
        "flow": np.array(flows, np.float16),  # (F, R, 2, 52, 52)
        "visible": np.array(visible),  # (F, R, 52, 52)
    }


def _varied(look: Look, rng: np.random.Generator) -> Look:
    """Make somebody who resembles a person: other proportions and colours."""
    person = look.phenotype
    age = float(np.clip(person.old + rng.uniform(-0.1, 0.2), 0, 1))
    race = tuple(float(part) for part in np.array(person.race) + rng.uniform(0, 0.35, 3))
    weight = float(np.clip(person.weight + rng.uniform(-0.15, 0.2), 0, 1))
    shade = rng.uniform(0.75, 1.12) * rng.uniform(0.95, 1.05, 3)
    return msgspec.structs.replace(
        look,
        phenotype=msgspec.structs.replace(person, old=age, race=race, weight=weight),
        skin=_shaded(look.skin, shade),
        lips=_shaded(look.lips, shade * rng.uniform(0.9, 1.1, 3)),
        lip_gloss=float(rng.uniform(0.1, 0.8)),
    )


def _shaded(colour: str, shade: Floats) -> str:
    channels = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) * shade
    return "#" + "".join(f"{int(channel):02x}" for channel in channels.clip(0, 255))


def _render_held_out(renderer: Renderer, speaker: Speaker, names: Collection[str]) -> None:
    folder = WORK / "held-out-mouths"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, emotion, language, neural) in enumerate(_HELD_OUT_SHOTS):
        if name not in names:
            continue
        rng = np.random.default_rng([99, number])
        studio = MouthStudio(renderer, CAST[name])
        clip = speaker.held_out_clip(HELD_OUT[language][0], language, rng, neural=neural)
        frames = range(min(_CONTINUOUS_FRAMES, len(clip.track)))
        face = EMOTIONS[emotion]
        references, speaking = [], []
        for frame in frames:
            if frame % _HELD_POSE == 0:
                pose = _drifting_pose(frame)
                references.append([_seen(shot) for shot in film_references(studio, face, pose)])
            speaking.append(_seen(studio.film(speaking_face(clip.track[frame], face), pose)))
        np.savez(
            folder / f"{name}-{emotion}-{language}{'-neural' if neural else ''}.npz",
            references=np.array(references),
            pose=np.arange(len(frames)) // _HELD_POSE,
            speaking=np.array(speaking),
            units=clip.track[: len(frames)],
            pcm=clip.pcm,
        )
        print(f"{name} {emotion} {language}: {len(frames)} frames", flush=True)


def _seen(shot: Shot) -> Pictures:
    """Cut the margin off."""
    return shot.picture[MARGIN:-MARGIN, MARGIN:-MARGIN]


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
