"""How well lips fit speech that was never trained on, in the composed picture at 512 x 512.

    python -m bench.lipsync                 tables by avatar, emotion and language
    python -m bench.lipsync --json          ends with one JSON object
    python -m bench.lipsync --pictures DIR  draws strips: a shot's frames, and sounds with their mouths

The worker's own listening, network and composing run on the speech of `bench/truth`, whose films show the same people
at the same poses with the mouth that truly says it. How far a mouth is open is read off the pictures, ours and true
alike, along the lines in which the true mouth of the shot changes. Human speech has no truth: there the opening is
compared with the loudness, and with what the words ask for, on recordings that are fetched and never shipped.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

import click
import msgspec
import numpy as np

import worker
from bench.brows import face, watch_brows
from bench.motion import repeat_s
from bench.mouths import (
    Curve,
    Seen,
    Squares,
    Worker,
    closures,
    difference,
    fit_probe,
    flicker,
    hits,
    psnr,
    sharpness,
    ssim,
)
from bench.recordings import hear_humans
from bench.strips import draw_strips
from bench.uploads import hear_uploads
from bench.words import hear_words
from training.phonemes import FPS
from training.shots import read_shots

ASSETS = Path(worker.__file__).parent / "assets"

_SHIFT = FPS // 2
_FARTHEST = 8  # frames that picture and sound are shifted to find the best offset


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of some shots, each the mean over them.

    Attributes:
        mouth_l1: mean absolute difference from the true mouth, of 1.
        mouth_l1_idle: the same if the mouth stayed at rest.
        mouth_l1_still: the same with the one true mouth of the shot that fits it best.
        psnr: in dB.
        psnr_idle: the same if the mouth stayed at rest.
        ssim: structural similarity of the mouths.
        sharpness: variance of the Laplacian of mouths that speak, as a ratio to the truth.
        flicker: how abruptly mouths change from frame to frame, as a ratio to the truth.
        opening_correlation: of the opening seen in our pictures with that seen in the true ones.
        opening_correlation_shifted: the same half a second away, either way.
        opening_correlation_rig: of the opening seen in our pictures with what the rig was told.
        closures_hit: share of /m b p/ at which our lips close.
        closures_hit_truth: the same in the true pictures, which tells how sure the measure is.
        silence_motion: how far the mouth is from rest in silence, as a ratio to speech.
        offset_frames: by how much the picture is late where it fits the truth best.
    """

    mouth_l1: float
    mouth_l1_idle: float
    mouth_l1_still: float
    psnr: float
    psnr_idle: float
    ssim: float
    sharpness: float
    flicker: float
    opening_correlation: float
    opening_correlation_shifted: float
    opening_correlation_rig: float
    closures_hit: float
    closures_hit_truth: float
    silence_motion: float
    offset_frames: int


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one shot before anything is averaged."""

    numbers: dict[str, float]
    lags: Curve  # correlation of the opening at each lag
    hits: list[bool]
    true_hits: list[bool]


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Folder for strips of pictures.")
@click.option("--humans/--no-humans", default=True, help="Fetch recordings of people.")
def main(*, as_json: bool, pictures: Path | None, humans: bool) -> None:
    """Measure and print."""
    lips = Worker(ASSETS)
    seen = []
    for shot in read_shots():
        click.echo(f"{shot.name}", err=True)
        seen.append(lips.see(shot))
    if pictures:
        draw_strips(pictures, seen)
        return
    measured = [measure(one) for one in seen]
    everything = summarise(measured)
    tables: dict[str, dict[str, Scores]] = {}
    groups: dict[str, Callable[[Seen], str]] = {
        "avatar": lambda one: one.shot.avatar,
        "emotion": lambda one: one.shot.emotion,
        "language": lambda one: one.shot.language,
    }
    for group, name_of in groups.items():
        names = sorted({name_of(one) for one in seen})
        tables[group] = {
            name: summarise([m for m, one in zip(measured, seen, strict=True) if name_of(one) == name])
            for name in names
        }
        click.echo(f"\n{_HEADING.format(group)}")
        for name in names:
            click.echo(_line(name, tables[group][name]))
    human = hear_humans(lips, seen) if humans else None
    words = hear_words(lips, seen) if humans else None
    uploads = hear_uploads(lips)
    click.echo("\nuploads: motion of noises, of that of speech; and what speech keeps of its own")
    for group_of in (uploads.motions, uploads.kept):
        click.echo("  ".join(f"{name} {value:.3f}" for name, value in group_of.items()))
    brows = watch_brows(face(ASSETS))
    told = msgspec.structs.asdict(everything) | {
        "music_motion": uploads.music_motion,
        "speech_kept": uploads.speech_kept,
        "repeat_s": repeat_s(ASSETS),
        "brow_stress_correlation": brows.correlation,
        "brow_stress_correlation_shifted": brows.shifted,
        "nod_stress_correlation": brows.nod_correlation,
        "nod_stress_correlation_shifted": brows.nod_shifted,
        "human_opening_correlation": human and human.loudness,
        "human_low_to_high_vowels": human and human.low_to_high,
        "human_words_opening_correlation": words and words.opening,
        "human_words_closures_hit": words and words.closures,
    }
    click.echo()
    for name, value in told.items():
        click.echo(f"{name:28} {value if value is None else round(value, 4)}")
    if humans and human is None:
        click.echo("No recordings of people: apt-get could not fetch them. See bench/recordings.py.")
    if humans and words is None:
        click.echo("Words of people were not looked for: that needs uv sync --group listening, and apt-get.")
    if as_json:
        click.echo(msgspec.json.encode(told | {f"by_{group}": of for group, of in tables.items()}))


def measure(seen: Seen) -> Measured:
    """Measure one shot."""
    shot, ours, truth, idle = seen
    probe = fit_probe(truth, idle, shot.opening)
    opened, true = probe(ours, idle), probe(truth, idle)
    rig = np.array(shot.opening)
    silent = np.array(shot.silent)
    speaking = rig > np.median(rig[~silent])
    moved = difference(ours, idle)
    lags = np.array([_correlation_at(opened, true, lag) for lag in range(-_FARTHEST, _FARTHEST + 1)])
    closed = closures(shot.phonemes, shot.pressed)
    numbers = {
        "mouth_l1": difference(ours, truth).mean(),
        "mouth_l1_idle": difference(idle, truth).mean(),
        "mouth_l1_still": _best_still(truth),
        "psnr": psnr(ours, truth),
        "psnr_idle": psnr(idle, truth),
        "ssim": ssim(ours, truth),
        "sharpness": sharpness(ours[speaking]).mean() / sharpness(truth[speaking]).mean(),
        "flicker": flicker(ours) / flicker(truth),
        "opening_correlation": _correlation_at(opened, true, 0),
        "opening_correlation_shifted": fmean(_correlation_at(opened, true, lag) for lag in (-_SHIFT, _SHIFT)),
        "opening_correlation_rig": _correlation_at(opened, rig, 0),
        "silence_motion": moved[silent].mean() / max(moved[~silent].mean(), 1e-6) if silent.any() else np.nan,
    }
    return Measured(
        numbers={name: float(number) for name, number in numbers.items()},
        lags=lags,
        hits=hits(opened, closed, true, ~silent),
        true_hits=hits(true, closed, true, ~silent),
    )


def summarise(measured: Sequence[Measured]) -> Scores:
    """Average shots; closures count each, whatever the shot."""
    ours = [hit for one in measured for hit in one.hits]
    truth = [hit for one in measured for hit in one.true_hits]
    return Scores(
        **{name: _mean([one.numbers[name] for one in measured]) for name in measured[0].numbers},
        closures_hit=_mean(ours),
        closures_hit_truth=_mean(truth),
        offset_frames=int(np.argmax(np.mean([one.lags for one in measured], axis=0))) - _FARTHEST,
    )


def _mean(values: Sequence[float]) -> float:
    """Average what is known, which JSON will call null where nothing is."""
    known = [value for value in values if not np.isnan(value)]
    return fmean(known) if known else float("nan")


def _best_still(truth: Squares) -> float:
    """Return the difference from the truth of that one of every fourth of its mouths which is nearest to all."""
    return float(min(difference(truth[k : k + 1], truth).mean() for k in range(0, len(truth), 4)))


def _correlation_at(a: Curve, b: Curve, lag: int) -> float:
    """Correlate a, `lag` frames late, with b."""
    if lag > 0:
        a, b = a[lag:], b[:-lag]
    elif lag < 0:
        a, b = a[:lag], b[-lag:]
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


_COLUMNS = {
    "mouth_l1": "L1",
    "mouth_l1_idle": "of idle",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "sharpness": "sharp",
    "flicker": "flicker",
    "opening_correlation": "opening",
    "opening_correlation_shifted": "shifted",
    "closures_hit": "closed",
    "silence_motion": "silence",
    "offset_frames": "offset",
}
_HEADING = f"{{:20}}{''.join(f'{title:>9}' for title in _COLUMNS.values())}"


def _line(name: str, scores: Scores) -> str:
    return f"{name:20}" + "".join(f"{getattr(scores, column):9.3f}" for column in _COLUMNS)


if __name__ == "__main__":
    main()
