"""How far brows go up with the stress of speech: the first read off the composed picture, the second off the sound.

Stress is told anew here: by how much a moment is louder and higher than the whole text, in standard deviations. The
worker, which cannot know what comes, compares with what it heard. The mouth is left at rest, and no network runs.

    python -m bench.brows                   measures
    python -m bench.brows --json            ends with one JSON object
    python -m bench.brows --strip FILE      draws a film strip: a stress and a pause, as filmed and as shown
"""

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
from worker.compose import Mask, Picture
from worker.encode import FPS, samples_per_frame
from worker.footage import Footage
from worker.gestures import Performer
from worker.listening import Listener
from worker.mel import MelWindow
from worker.speech import SAMPLE_RATE, Speaker

_SENTENCES = 2
_LATEST = 8  # frames by which brows may be late, or early
_HEIGHTS = np.arange(-1, 8, 0.25)  # pixels that are tried
_BROWS = (
    0.24,
    0.52,
    0.75,
)  # lowest and highest above the eyes, and how far aside, in distances between the eyes
_SMOOTH = np.ones(7) / 7  # frames: a syllable
_RANGE_DB = 30
_FACE = ("african_woman", "neutral")
_STRESS, _PAUSE = (-4, -1, 0, 9), (-2, -1, 0, 2)  # frames from the highest brows, and from shut eyes
_SHOWN = (slice(140, 300), slice(150, 360))  # rows and columns of a frame

Curve = NDArray[np.float64]  # (F,)


class Brows(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured over all languages.

    Attributes:
        correlation: of the height of the brows with the stress, while somebody speaks, at the best offset.
        shifted: the same a second and a half away from it, either way: what chance gives.
        offset_frames: by how much the brows are late.
        lifts_per_s: how often they go up, of speech.
    """

    correlation: float
    shifted: float
    offset_frames: int
    lifts_per_s: float


def watch_brows(footage: Footage) -> Brows:
    """Let a face say some sentences of each language, with the fast voices."""
    speaker = Speaker()
    heights, stresses = [], []
    for language in LANGUAGES:
        pcm = _say(speaker, language)
        heights.append(_heights(footage.walk(language), pcm))
        stresses.append(stress(pcm))
    at = {
        lag: float(np.mean([_correlation(h, s, lag) for h, s in zip(heights, stresses, strict=True)]))
        for lag in range(-_LATEST, _LATEST + 1)
    }
    best = max(at, key=lambda lag: at[lag])
    far = round(1.5 * FPS)
    shifted = [
        _correlation(h, s, best + lag) for h, s in zip(heights, stresses, strict=True) for lag in (-far, far)
    ]
    ups = sum(int(((h[1:] > 1) & (h[:-1] <= 1)).sum()) for h in heights)
    spoken = sum(int((~np.isnan(s)).sum()) for s in stresses)
    return Brows(
        correlation=at[best],
        shifted=float(np.mean(shifted)),
        offset_frames=best,
        lifts_per_s=ups / spoken * FPS,
    )


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


def _heights(footage: Footage, pcm: NDArray[np.int16]) -> Curve:
    """Film a text, and return how many pixels the brows are above where they were filmed."""
    performer = Performer(footage, Mask())
    heights = []
    for frame, accent in enumerate(_hear(pcm)):
        idle = footage.frame(frame)
        assert idle.eyes is not None
        shown = performer.show(frame, idle.references[0], accent)
        heights.append(0.0 if shown is idle.picture else height(shown, idle.picture, idle.eyes))
    return np.array(heights)


def height(
    shown: NDArray[np.uint8], filmed: NDArray[np.uint8], eyes: tuple[float, float, float, float]
) -> float:
    """Find by how many pixels brows were moved up: the shift at which both pictures are most alike."""
    apart, x, y = eyes[2] - eyes[0], (eyes[0] + eyes[2]) / 2, (eyes[1] + eyes[3]) / 2
    low, high, aside = (round(length * apart) for length in _BROWS)
    rows, columns = slice(int(y) - high, int(y) - low), slice(int(x) - aside, int(x) + aside)
    target = shown[rows, columns].astype(np.float32)
    more = 10  # rows to either side, from which brows may come
    source = filmed[rows.start - more : rows.stop + more, columns]
    costs = []
    for up in _HEIGHTS:
        way = np.array([[1, 0, 0], [0, 1, -up]])
        moved = cv2.warpAffine(source, way, source.shape[::-1])[more:-more]
        costs.append(float(np.abs(moved - target).mean()))
    return float(_HEIGHTS[int(np.argmin(costs))])


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


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--strip", type=click.Path(path_type=Path), help="Picture to write instead.")
def main(*, as_json: bool, strip: Path | None) -> None:
    """Measure and print, or draw."""
    footage = face(Path(worker.__file__).parent / "assets")
    if strip:
        cv2.imwrite(str(strip), draw_strip(footage.walk("strip")))
        return
    brows = watch_brows(footage)
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
