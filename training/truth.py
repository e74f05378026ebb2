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

from faces.avatar import Avatar
from faces.emotions import EMOTIONS, mix
from faces.renderer import Picture, Renderer
from faces.shapes import UNITS, speaking_face
from training import footage
from training.clips import HELD_OUT, Clip, Speaker
from training.phonemes import opening
from training.shots import SIDE, TRUTH, Shot, read_shots
from worker.mel import MEL

FRAMES = 64

_RECIPE = 1  # raise it when code changes what a shot shows
_CRF = 24
_SHOTS = (
    ("european_woman", "happy", "en"),
    ("european_woman", "neutral", "nl"),
    ("african_man", "neutral", "fr"),
    ("mexican_woman", "neutral", "en"),
    ("japanese_man", "happy", "ja"),
    ("arab_woman", "neutral", "tr"),
    ("old_european_woman", "happy", "de"),
    ("mexican_man", "serious", "it"),
    ("african_woman", "happy", "es"),
    ("european_man", "serious", "en"),
    ("iranian_man", "neutral", "hi"),
    ("japanese_woman", "neutral", "ko"),
    ("colombian_woman", "happy", "pt"),
    ("old_japanese_man", "neutral", "hu"),
    ("arab_man", "serious", "ar"),
    ("mexican_woman", "serious", "zh"),
    ("old_european_woman", "serious", "ru"),
    ("iranian_man", "happy", "pl"),
    ("mexican_woman", "happy", "cs"),
)


@click.command()
def main() -> None:
    """Render the shots that are missing or out of date."""
    TRUTH.mkdir(exist_ok=True)
    known = {shot.name: shot for shot in read_shots()} if (TRUTH / "truth.json").exists() else {}
    speaker, renderer = Speaker(), Renderer(SIDE)
    for avatar, emotion, language in _SHOTS:
        name = f"{avatar}-{emotion}-{language}"
        rng = np.random.default_rng(list(name.encode()))
        sentence = str(rng.choice(HELD_OUT[language]))
        clip = speaker.held_out_clip(sentence, language, rng, neural=language == "en")
        path = TRUTH / f"{name}.mp4"
        recipe = _recipe(avatar, emotion, clip)
        if name in known and path.exists() and recipe in _comment(path):
            continue
        pictures, corners = _perform(footage.build(renderer, avatar), avatar, emotion, clip)
        footage.encode(path, pictures, recipe, crf=_CRF)
        _write_sound(path.with_suffix(".wav"), clip)
        known[name] = _describe(name, avatar, emotion, language, corners, clip)
        described = msgspec.json.encode([known[name] for name in sorted(known)])
        (TRUTH / "truth.json").write_bytes(msgspec.json.format(described, indent=0) + b"\n")
        click.echo(f"{name}: {path.stat().st_size / 1024:.0f} KiB")


def _perform(
    avatar: Avatar, name: str, emotion: str, clip: Clip
) -> tuple[list[Picture], list[tuple[int, int]]]:
    """Film the mouth speaking through the footage, there and back again; return where its squares lie as well."""
    moments = footage.moments(name, emotion)
    moments += moments[-2:0:-1]
    avatar.drop_hidden_hair()
    pictures, corners = [], []
    for frame, units in enumerate(clip.track[:FRAMES]):
        moment = moments[frame % len(moments)]
        avatar.express(mix(speaking_face(units, EMOTIONS[emotion]), moment.face), moment.gaze)
        x, y, _ = avatar.mouth_box(moment.pose)
        left, top = _even(x - SIDE / 2), _even(y - SIDE / 2)
        pictures.append(avatar.render(moment.pose, avatar.camera((left + SIDE / 2, top + SIDE / 2, SIDE))))
        corners.append((left, top))
    return pictures, corners


def _describe(
    name: str, avatar: str, emotion: str, language: str, corners: list[tuple[int, int]], clip: Clip
) -> Shot:
    units = clip.track[: len(corners)]
    return Shot(
        name=name,
        avatar=avatar,
        emotion=emotion,
        language=language,
        footage=footage.recipe(avatar, emotion),
        corners=corners,
        opening=[round(float(wide), 3) for wide in opening(units)],
        pressed=[round(float(press), 3) for press in units[:, UNITS.index("mouthPress")]],
        silent=[bool(loudest < 0.03) for loudest in np.abs(units).max(axis=1)],  # noqa: PLR2004
        phonemes=[
            (round(p.start_s, 4), p.sound) for p in clip.phonemes if p.start_s < len(units) / footage.FPS
        ],
    )


def _even(pixels: float) -> int:
    """Round, so that squares begin with whole pixels of colour as well."""
    return round(pixels / 2) * 2


def _recipe(avatar: str, emotion: str, clip: Clip) -> str:
    said = hashlib.sha256(clip.track.tobytes()).hexdigest()
    ingredients = (_RECIPE, SIDE, FRAMES, said, footage.recipe(avatar, emotion))
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
