"""How well lips fit speech that was never trained on, in the composed picture at 512 x 512.

    python -m bench.lipsync                 tables by avatar, emotion and language
    python -m bench.lipsync --json          ends with one JSON object
    python -m bench.lipsync --pictures DIR  draws strips: a shot's frames, and sounds with their mouths

The worker's own listening, network and composing run on the speech of `bench/truth`, whose films show the same people
at the same poses with the mouth that truly says it. How far a mouth is open is read off the pictures, ours and true
alike, along the lines in which the true mouth of the shot changes. Human speech has no truth: there the opening is
compared with the loudness, on recordings that are fetched and never shipped.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

import click
import msgspec
import numpy as np

import worker
from bench.mouths import Curve, Seen, Squares, Worker, difference, fit_probe, flicker, psnr, sharpness, ssim
from bench.recordings import hear_humans
from bench.strips import draw_strips
from training.phonemes import CLOSURES, FPS
from training.shots import read_shots

ASSETS = Path(worker.__file__).parent / "assets"

_SHIFT = FPS // 2
_FARTHEST = 8  # frames that picture and sound are shifted to find the best offset
_CLOSED = 1 / 3  # of the way from a true closure to the median of true speech
_PRESSED = 0.4  # from here on the rig's lips touch


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
    told = msgspec.structs.asdict(everything) | {
        "human_opening_correlation": human and human.loudness,
        "human_low_to_high_vowels": human and human.low_to_high,
    }
    click.echo()
    for name, value in told.items():
        click.echo(f"{name:28} {value if value is None else round(value, 4)}")
    if humans and human is None:
        click.echo("No recordings of people: apt-get could not fetch them. See bench/recordings.py.")
    if as_json:
        by = {
            group: {name: msgspec.structs.asdict(s) for name, s in of.items()} for group, of in tables.items()
        }
        click.echo(json.dumps(told | {f"by_{group}": of for group, of in by.items()}))


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
    closed = _closures(seen)
    limit = (
        np.mean(true[closed]) + _CLOSED * (np.median(true[~silent]) - np.mean(true[closed])) if closed else 0
    )
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
        hits=[bool(opened[max(0, frame - 1) : frame + 2].min() <= limit) for frame in closed],
        true_hits=[bool(true[max(0, frame - 1) : frame + 2].min() <= limit) for frame in closed],
    )


def summarise(measured: Sequence[Measured]) -> Scores:
    """Average shots; closures count each, whatever the shot."""
    hits = [hit for one in measured for hit in one.hits]
    true_hits = [hit for one in measured for hit in one.true_hits]
    return Scores(
        **{name: float(np.nanmean([one.numbers[name] for one in measured])) for name in measured[0].numbers},
        closures_hit=float(np.mean(hits)) if hits else float("nan"),
        closures_hit_truth=float(np.mean(true_hits)) if hits else float("nan"),
        offset_frames=int(np.argmax(np.mean([one.lags for one in measured], axis=0))) - _FARTHEST,
    )


def _closures(seen: Seen) -> list[int]:
    """Return the frame of each /m b p/ in which the rig's lips press hardest, where they do."""
    shot = seen.shot
    pressed = np.array(shot.pressed)
    frames = []
    for (start_s, sound), (end_s, _) in zip(shot.phonemes, shot.phonemes[1:], strict=False):
        if sound.strip("ˈˌ")[:1] in CLOSURES:
            first, last = max(0, int(start_s * FPS) - 2), min(len(pressed), int(end_s * FPS) + 2)
            frame = first + int(np.argmax(pressed[first:last])) if first < last else 0
            if pressed[frame] > _PRESSED and frame not in frames:
                frames.append(frame)
    return frames


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
