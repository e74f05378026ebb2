"""What the lip-sync bench says about mouths of which the answer is known: drawn ones, without any worker."""

import numpy as np
import pytest

from bench.lipsync import measure, summarise
from bench.mouths import Seen
from training.shots import SIDE, Shot

FRAMES = 72


def gape(opening):
    """A face with a dark mouth as high as it is open: (F, 160, 160, 3)."""
    rows = np.abs(np.arange(SIDE) - 86)[None, :, None]
    columns = np.abs(np.arange(SIDE) - 80)[None, None, :]
    inside = np.clip(25 * np.asarray(opening)[:, None, None] - rows + 0.5, 0, 1) * (columns < 20)
    grain = np.random.default_rng(0).normal(0, 0.01, (SIDE, SIDE))
    return np.repeat((0.7 + grain - 0.5 * inside)[..., None], 3, axis=-1).astype(np.float32)


def shot(seed):
    """A shot that opens and closes: a pause, then a closure every eighth frame."""
    rng = np.random.default_rng(seed)
    opening = np.interp(
        np.arange(FRAMES), np.arange(0, FRAMES + 4, 4), rng.uniform(0.3, 0.8, FRAMES // 4 + 1)
    )
    opening[:10] = 0
    closures = list(range(16, FRAMES - 4, 8))
    opening[closures] = 0.02
    return Shot(
        name=f"drawn-{seed}",
        avatar="drawn",
        emotion="neutral",
        language="en",
        footage="",
        corners=[(0, 0)] * FRAMES,
        opening=opening.tolist(),
        pressed=[0.55 if frame in closures else 0.0 for frame in range(FRAMES)],
        silent=[frame < 10 for frame in range(FRAMES)],
        phonemes=[
            (0.0, ""),
            *((c / 25 + part / 20, s) for c in closures for part, s in enumerate("pa")),
            (2.88, ""),
        ],
    )


@pytest.fixture
def score():
    shots = [shot(seed) for seed in range(2)]
    idle = gape(np.zeros(FRAMES))

    def of(say):
        """Score what `say` makes of each shot's opening."""
        seen = [Seen(one, gape(say(np.array(one.opening))), gape(one.opening), idle) for one in shots]
        return summarise([measure(one) for one in seen])

    return of


def test_the_truth_is_right(score):
    scores = score(lambda opening: opening)

    assert scores.mouth_l1 == 0
    assert scores.ssim == pytest.approx(1)
    assert scores.sharpness == pytest.approx(1)
    assert scores.opening_correlation == pytest.approx(1)
    assert scores.opening_correlation_rig > 0.97
    assert abs(scores.opening_correlation_shifted) < 0.3
    assert scores.closures_hit == 1
    assert scores.silence_motion == 0
    assert scores.offset_frames == 0


def test_lips_that_tremble_are_told_from_lips_that_move(score):
    trembling = score(lambda opening: opening + np.resize([0.1, -0.1], FRAMES))

    assert score(lambda opening: opening).flicker == pytest.approx(1)
    assert trembling.flicker > 1.5


def test_lips_that_come_late_are_told_by_how_much(score):
    scores = score(lambda opening: np.roll(opening, 3))

    assert scores.offset_frames == 3
    assert scores.opening_correlation < 0.7
    assert scores.closures_hit < 0.5


def test_lips_that_never_close_are_told(score):
    scores = score(lambda opening: np.where(opening > 0, np.maximum(opening, 0.3), 0))

    assert scores.closures_hit == 0
    assert scores.closures_hit_truth == 1


def test_lips_that_stay_at_rest_are_no_better_than_rest(score):
    scores = score(np.zeros_like)

    assert scores.mouth_l1 == pytest.approx(scores.mouth_l1_idle)
    assert scores.psnr == pytest.approx(scores.psnr_idle)
    assert scores.sharpness < 0.8
