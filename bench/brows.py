"""How far brows go up and heads down with the stress of speech: both read off the composed picture, it off the sound.

Stress is told anew here: by how much a moment is louder and higher than the whole text, in standard deviations. The
worker, which cannot know what comes, compares with what it heard. The mouth is left at rest, and no network runs.

    python -m bench.brows                   measures
    python -m bench.brows --natural         measures natural voices, not the fast ones
    python -m bench.brows --json            ends with one JSON object
    python -m bench.brows --strip FILE      draws a film strip: a stress and a pause, as filmed and as shown
    python -m bench.brows --nod FILE        draws another: a nod, as filmed, as shown, and the difference
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

import worker
from bench.pitch import WINDOW, frame_pitch
from bench.speech_length import held_out
from spoken.languages import LANGUAGES
from worker.accents import Accent
from worker.avatars import Avatars
from worker.compose import Eyes, Mask, Picture
from worker.encode import FPS, samples_per_frame
from worker.footage import Footage
from worker.gestures import Performer
from worker.listening import Listener
from worker.mel import MelWindow
from worker.speech import SAMPLE_RATE, Speaker
from worker.speech.kokoro_weights import cache_folder, float_graph

_SENTENCES = 2
_LATEST = 8  # frames by which brows may be late, or early
_HEIGHTS = np.arange(-1, 8, 0.25)  # pixels that are tried
_DEPTHS = np.arange(-4, 10, 0.25)
_BROWS = (
    0.24,
    0.52,
    0.75,
)  # lowest and highest above the eyes, and how far aside, in distances between the eyes
_NOSE = -0.85, -0.25, 0.3  # it moves with the head alone, as brows, lids and irises do not
_SMOOTH = np.ones(7) / 7  # frames: a syllable
_RANGE_DB = 30
_PAUSED, _END = 8, 10  # frames of silence that end a phrase, and of what is its end
_NODDED = 1.5  # pixels from which on a head is down
_FACE = ("african_woman", "neutral")
_STRESS, _PAUSE = (-4, -1, 0, 9), (-2, -1, 0, 2)  # frames from the highest brows, and from shut eyes
_SHOWN = (slice(140, 300), slice(150, 360))  # rows and columns of a frame
_NOD = range(-4, 10, 3)  # frames from where the head is lowest
_HEAD = (slice(20, 470), slice(80, 432))

Curve = NDArray[np.float64]  # (F,)


class Brows(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured over all languages.

    Attributes:
        correlation: of the height of the brows with the stress, while somebody speaks, at the best offset.
        shifted: the same a second and a half away from it, either way: what chance gives.
        offset_frames: by how much the brows are late.
        lifts_per_s: how often they go up, of speech.
        nod_correlation: as `correlation`, of how far the head is down, but for the ends of phrases.
        nod_shifted: as `shifted`.
        nod_offset_frames: by how much the head is late.
        nods_per_min: how often it goes down, of speech.
        nod_pixels: how far it goes then, on average.
    """

    correlation: float
    shifted: float
    offset_frames: int
    lifts_per_s: float
    nod_correlation: float
    nod_shifted: float
    nod_offset_frames: int
    nods_per_min: float
    nod_pixels: float


def watch_brows(footage: Footage, natural: bytes | Path | None = None) -> Brows:
    """Let a face say some sentences of each language, with the fast voices unless natural ones are given."""
    speaker = Speaker(natural=natural, threads=1)
    heights, depths, stresses = [], [], []
    for language in LANGUAGES:
        pcm = _say(speaker, language)
        brows, heads = _film(footage.walk(language), pcm)
        heights.append(brows)
        depths.append(heads)
        stresses.append(stress(pcm))
    spoken = sum(int((~np.isnan(s)).sum()) for s in stresses) / FPS
    correlation, shifted, offset = _fit(heights, stresses)
    nod_correlation, nod_shifted, nod_offset = _fit(depths, [_before_ends(curve) for curve in stresses])
    between = [np.split(head, np.flatnonzero(head <= _NODDED)) for head in depths]
    nods = [float(nod.max()) for parts in between for nod in parts if (nod > _NODDED).any()]
    return Brows(
        correlation=correlation,
        shifted=shifted,
        offset_frames=offset,
        lifts_per_s=sum(int(((h[1:] > 1) & (h[:-1] <= 1)).sum()) for h in heights) / spoken,
        nod_correlation=nod_correlation,
        nod_shifted=nod_shifted,
        nod_offset_frames=nod_offset,
        nods_per_min=60 * len(nods) / spoken,
        nod_pixels=float(np.mean(nods)),
    )


def _fit(curves: Sequence[Curve], stresses: Sequence[Curve]) -> tuple[float, float, int]:
    """Correlate curves with stresses: at the offset that fits best, a second and a half from it, and that offset."""
    pairs = list(zip(curves, stresses, strict=True))
    at = {
        lag: float(np.mean([_correlation(*pair, lag) for pair in pairs]))
        for lag in range(-_LATEST, _LATEST + 1)
    }
    best = max(at, key=lambda lag: at[lag])
    far = round(1.5 * FPS)
    shifted = [_correlation(*pair, best + lag) for pair in pairs for lag in (-far, far)]
    return at[best], float(np.mean(shifted)), best


def stress(pcm: NDArray[np.int16]) -> Curve:
    """Tell by how many standard deviations each frame is louder and higher than the text; NaN where nobody speaks."""
    step = samples_per_frame(SAMPLE_RATE)
    padded = np.pad(pcm, (WINDOW - step, 0)).astype(np.float64)
    frames = [padded[start : start + WINDOW] for start in range(0, len(pcm), step)]
    levels = np.array([20 * np.log10(frame.std() + 1) for frame in frames])
    speaks = levels > levels.max() - _RANGE_DB
    found = [frame_pitch(frame) for frame in frames]
    pitches = np.array([np.nan if hertz is None else np.log2(hertz) for hertz in found])
    voiced = speaks & ~np.isnan(pitches)
    louder = (levels - levels[speaks].mean()) / levels[speaks].std()
    higher = np.where(voiced, (pitches - np.median(pitches[voiced])) / pitches[voiced].std(), 0)
    both = np.where(speaks, np.clip(louder, -2.5, 2.5) + np.clip(higher, -2.5, 2.5), 0)
    return np.where(speaks, np.convolve(both, _SMOOTH, "same"), np.nan)


def _before_ends(stresses: Curve) -> Curve:
    """Leave out the ends of phrases: they are nodded at for being ends."""
    speaks = ~np.isnan(stresses)
    left = stresses.copy()
    for last in np.flatnonzero(speaks):
        if not speaks[last + 1 : last + 1 + _PAUSED].any():
            left[max(last + 1 - _END, 0) : last + 1] = np.nan
    return left


def _say(speaker: Speaker, language: str) -> NDArray[np.int16]:
    """Say some sentences, to whole frames of samples."""
    text = " ".join(held_out(language)[:_SENTENCES])
    voice = speaker.choose(language=language, voice=None, text=text, gender="female", elderly=False)
    pcm = np.concatenate([part.pcm for part in speaker.speak(text, voice)])
    return np.pad(pcm, (0, -len(pcm) % samples_per_frame(SAMPLE_RATE)))


def _hear(pcm: NDArray[np.int16]) -> list[Accent]:
    frames = len(pcm) // samples_per_frame(SAMPLE_RATE)
    listener = Listener(sample_rate=SAMPLE_RATE, first_frame=0, window=MelWindow())
    for start in range(0, len(pcm), SAMPLE_RATE):
        listener.hear(pcm[start : start + SAMPLE_RATE])
    listener.end_of_speech(frames)
    return listener.accents(frames)


def _film(footage: Footage, pcm: NDArray[np.int16]) -> tuple[Curve, Curve]:
    """Film a text; return how many pixels brows are up and the head is down from where they were filmed.

    Brows are looked at while the head is still, since it takes them along.
    """
    performer = Performer(footage, Mask())
    heights, depths = [], []
    for frame, accent in enumerate(_hear(pcm)):
        idle = footage.frame(frame)
        assert idle.eyes is not None
        still = performer.show(frame, idle.references[0], _still(accent))
        heights.append(0.0 if still is idle.picture else height(still, idle.picture, idle.eyes))
        shown = performer.show(frame, idle.references[0], accent)
        tilted = performer.tilt(frame, accent)
        depths.append(depth(shown, idle.picture, idle.eyes) if tilted else 0.0)
    return np.array(heights), np.array(depths)


def _still(accent: Accent) -> Accent:
    return msgspec.structs.replace(accent, nod=0.0, nod_age=0, asks=0.0)


def height(shown: Picture, filmed: Picture, eyes: Eyes) -> float:
    """Find by how many pixels brows were moved up."""
    return _moved_up(shown, filmed, eyes, _BROWS, _HEIGHTS)


def depth(shown: Picture, filmed: Picture, eyes: Eyes) -> float:
    """Find by how many pixels a nose was moved down."""
    return -_moved_up(shown, filmed, eyes, _NOSE, -_DEPTHS)


def _moved_up(
    shown: Picture, filmed: Picture, eyes: Eyes, where: tuple[float, float, float], tried: Curve
) -> float:
    """Find the shift at which a part of both pictures is most alike."""
    apart, x, y = eyes[2] - eyes[0], (eyes[0] + eyes[2]) / 2, (eyes[1] + eyes[3]) / 2
    low, high, aside = (round(length * apart) for length in where)
    rows, columns = slice(int(y) - high, int(y) - low), slice(int(x) - aside, int(x) + aside)
    target = shown[rows, columns].astype(np.float32)
    more = 12  # rows to either side, from which it may come
    source = filmed[rows.start - more : rows.stop + more, columns]
    costs = []
    for up in tried:
        way = np.array([[1, 0, 0], [0, 1, -up]])
        moved = cv2.warpAffine(source, way, source.shape[::-1])[more:-more]
        costs.append(float(np.abs(moved - target).mean()))
    return float(tried[int(np.argmin(costs))])


def _correlation(heights: Curve, stresses: Curve, lag: int) -> float:
    """Correlate heights, `lag` frames late, with the stress."""
    moved = np.roll(heights, -lag)
    speaks = ~np.isnan(stresses)
    speaks[: max(-lag, 0)] = speaks[len(speaks) - max(lag, 0) :] = False
    a, b = moved[speaks], stresses[speaks]
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def draw_strip(footage: Footage) -> NDArray[np.uint8]:
    """Lay frames side by side, BGR: some of a stress and of a pause, as filmed above as shown."""
    accents = _hear(_say(Speaker(), "en"))
    performer = Performer(footage, Mask())
    shown = [
        performer.show(frame, footage.frame(frame).references[0], accent)
        for frame, accent in enumerate(accents)
    ]
    brows = np.array([accent.brows for accent in accents])
    up = int(brows.argmax())
    changed = [
        float(cv2.absdiff(picture, footage.frame(frame).picture).mean()) if accents[frame].paused else 0.0
        for frame, picture in enumerate(shown)
    ]
    shut = int(np.argmax(changed))
    frames = [up + way for way in _STRESS] + [shut + way for way in _PAUSE]
    rows = ([footage.frame(frame).picture for frame in frames], [shown[frame] for frame in frames])
    return np.concatenate([np.concatenate([_upper_face(p) for p in row], axis=1) for row in rows])


def _upper_face(picture: Picture) -> NDArray[np.uint8]:
    bgr = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
    return np.asarray(bgr[_SHOWN], np.uint8)


def draw_nod(footage: Footage) -> NDArray[np.uint8]:
    """Lay some frames of a deep nod side by side, BGR: as filmed, as shown, and twice the difference."""
    accents = _hear(_say(Speaker(), "en"))
    performer = Performer(footage, Mask())
    depths = [
        depth(
            performer.show(frame, footage.frame(frame).references[0], accent),
            footage.frame(frame).picture,
            footage.frame(frame).eyes or (0, 0, 0, 0),
        )
        if performer.tilt(frame, accent)
        else 0.0
        for frame, accent in enumerate(accents)
    ]
    lowest = int(np.argmax(depths))
    columns = []
    for frame in (lowest + way for way in _NOD):
        idle, accent = footage.frame(frame), accents[frame]
        pair = (
            performer.show(frame, idle.references[0], _still(accent)),
            performer.show(frame, idle.references[0], accent),
        )
        before, after = (cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)[_HEAD] for picture in pair)
        change = np.clip(128 + 2 * (after.astype(int) - before), 0, 255).astype(np.uint8)
        columns.append(np.concatenate([before, after, change]))
    return np.asarray(
        cv2.resize(np.concatenate(columns, axis=1), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        np.uint8,
    )


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--natural", is_flag=True, help="Measure natural voices.")
@click.option("--strip", type=click.Path(path_type=Path), help="Picture to write instead.")
@click.option("--nod", type=click.Path(path_type=Path), help="Picture of a nod to write instead.")
def main(*, as_json: bool, natural: bool, strip: Path | None, nod: Path | None) -> None:
    """Measure and print, or draw."""
    footage = face(Path(worker.__file__).parent / "assets")
    for path, draw in ((strip, draw_strip), (nod, draw_nod)):
        if path:
            cv2.imwrite(str(path), draw(footage.walk("strip")))
    if strip or nod:
        return
    brows = watch_brows(footage, float_graph(cache_folder(os.environ)) if natural else None)
    for name, value in msgspec.structs.asdict(brows).items():
        click.echo(f"{name:16} {value:.3f}")
    if as_json:
        click.echo(msgspec.json.encode(brows))


def face(assets: Path) -> Footage:
    """Open the footage that is watched."""
    avatars = Avatars(assets / "avatars", memory_bytes=256_000_000)
    return avatars.footage(avatars.find(*_FACE), _FACE[1])


if __name__ == "__main__":
    main()
