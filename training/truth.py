"""Renders what `bench/lipsync.py` measures against: held-out speech, and the mouths that truly say it.

    python -m training truth                # whatever is missing or older than its footage

Each shot is the footage of one avatar with its mouth speaking: same pose, same light, pixel on pixel the square around
the mouth of the 512 pixel frame. Every language is heard and every avatar seen at least once.
"""

import hashlib
from pathlib import Path

import av
import click
import msgspec
import numpy as np

from training import footage
from training.cast import EMOTIONS, mix
from training.clips import HELD_OUT, Clip, Speaker
from training.phonemes import UNITS, opening
from training.renderer import Picture, Renderer
from training.shapes import speaking_face
from training.shots import SIDE, TRUTH, Shot
from worker.mel import MEL

FRAMES = 64

_RECIPE = 1  # raise it when code changes what a shot shows
_CRF = 20
_SHOTS = (
    ("african_man", "neutral", "fr"),
    ("african_woman", "happy", "es"),
    ("arab_man", "serious", "ar"),
    ("arab_woman", "neutral", "tr"),
    ("colombian_woman", "happy", "pt"),
    ("european_man", "serious", "en"),
    ("european_woman", "neutral", "nl"),
    ("european_woman", "happy", "en"),
    ("iranian_man", "neutral", "hi"),
    ("iranian_man", "happy", "pl"),
    ("japanese_man", "happy", "ja"),
    ("japanese_woman", "neutral", "ko"),
    ("mexican_man", "serious", "it"),
    ("mexican_woman", "neutral", "en"),
    ("mexican_woman", "happy", "cs"),
    ("mexican_woman", "serious", "zh"),
    ("old_european_woman", "happy", "de"),
    ("old_european_woman", "serious", "ru"),
    ("old_japanese_man", "neutral", "hu"),
)


@click.command()
def main() -> None:
    """Render the shots that are missing or out of date."""
    TRUTH.mkdir(exist_ok=True)
    speaker, renderer = Speaker(), Renderer(SIDE)
    shots = []
    for number, (avatar, emotion, language) in enumerate(_SHOTS):
        rng = np.random.default_rng([98, number])
        sentences = HELD_OUT[language]
        clip = speaker.held_out_clip(
            sentences[number % len(sentences)], language, rng, neural=language == "en"
        )
        shot = _describe(avatar, emotion, language, clip)
        shots.append(shot)
        path = TRUTH / f"{shot.name}.mp4"
        recipe = _recipe(shot)
        if path.exists() and recipe in _comment(path):
            continue
        footage.encode(path, _perform(renderer, shot, clip), recipe, crf=_CRF)
        _write_sound(path.with_suffix(".wav"), clip)
        click.echo(f"{shot.name}: {path.stat().st_size / 1024:.0f} KiB")
    (TRUTH / "truth.json").write_bytes(msgspec.json.format(msgspec.json.encode(shots), indent=0) + b"\n")


def _describe(avatar: str, emotion: str, language: str, clip: Clip) -> Shot:
    units = clip.track[:FRAMES]
    film = footage.AVATARS / avatar / f"{emotion}.mp4"
    boxes = [footage.read_pack(film.parent).emotions[emotion].boxes[index] for index in _indices(len(units))]
    return Shot(
        name=f"{avatar}-{emotion}-{language}",
        avatar=avatar,
        emotion=emotion,
        language=language,
        footage=hashlib.sha256(film.read_bytes()).hexdigest()[:16],
        corners=[(_even(x - SIDE / 2), _even(y - SIDE / 2)) for x, y, _ in boxes],
        opening=[round(float(wide), 3) for wide in opening(units)],
        pressed=[round(float(press), 3) for press in units[:, UNITS.index("mouthPress")]],
        silent=[bool(loudest < 0.03) for loudest in np.abs(units).max(axis=1)],  # noqa: PLR2004
        phonemes=[
            (round(p.start_s, 4), p.sound) for p in clip.phonemes if p.start_s < len(units) / footage.FPS
        ],
    )


def _perform(renderer: Renderer, shot: Shot, clip: Clip) -> list[Picture]:
    avatar = footage.build(renderer, shot.avatar)
    moments = footage.moments(shot.avatar, shot.emotion)
    pictures = []
    for frame, index in enumerate(_indices(len(shot.corners))):
        face = mix(speaking_face(clip.track[frame], EMOTIONS[shot.emotion]), moments[index].face)
        avatar.express(face, moments[index].gaze)
        left, top = shot.corners[frame]
        camera = avatar.camera((left + SIDE / 2, top + SIDE / 2, SIDE))
        pictures.append(avatar.render(moments[index].pose, camera))
    return pictures


def _indices(frames: int) -> list[int]:
    """Say which frame of the footage, there and back again, is seen in each frame of the video."""
    there_and_back = [*range(footage.FRAMES), *range(footage.FRAMES - 2, 0, -1)]
    return [there_and_back[frame % len(there_and_back)] for frame in range(frames)]


def _even(pixels: float) -> int:
    """Round, so that squares begin with whole pixels of colour as well."""
    return round(pixels / 2) * 2


def _recipe(shot: Shot) -> str:
    ingredients = (_RECIPE, shot, footage.recipe(shot.avatar, shot.emotion))
    return hashlib.sha256(msgspec.json.encode(ingredients)).hexdigest()[:16]


def _comment(path: Path) -> str:
    with av.open(str(path)) as container:
        return container.metadata.get("comment", "")


def _write_sound(path: Path, clip: Clip) -> None:
    """Write the sound at a quarter of its size: G.722 is made for 16 kHz."""
    samples = clip.pcm[: FRAMES * MEL.sample_rate // footage.FPS]
    pcm = np.clip(np.rint(samples * 32767), -32768, 32767).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("g722", rate=MEL.sample_rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = MEL.sample_rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
