"""Backdrops: without bands, still, and nothing else is touched."""

import cv2
import numpy as np
import pytest

from worker.backdrop import Backdrop


def picture(luma: np.ndarray) -> np.ndarray:
    return np.vstack([luma, np.full((256, 512), 128)]).astype(np.uint8)


def bands(luma: np.ndarray) -> float:
    """How far it is from smooth, at the width of bands."""
    exact = luma.astype(np.float32)
    return float(
        (cv2.GaussianBlur(exact, (0, 0), 3) - cv2.GaussianBlur(exact, (0, 0), 12))[60:-60, 60:-60].std()
    )


@pytest.fixture
def gradient() -> np.ndarray:
    """From 100 to 130: 17 pixels a level."""
    return np.tile(np.linspace(100, 130, 512), (512, 1))


def test_a_gradient_has_no_bands(gradient):
    banded = picture(np.rint(gradient))

    smoothed = Backdrop().smooth(banded)

    assert bands(smoothed[:512]) < bands(banded[:512]) / 2
    assert np.abs(smoothed[:512] - gradient)[16:-16, 16:-16].max() <= 1.5


def test_what_stands_still_is_the_same_in_every_picture(gradient):
    backdrop = Backdrop()
    noise = np.random.default_rng(0).normal(0, 0.4, (3, 512, 512))

    first, second, third = (backdrop.smooth(picture(np.rint(gradient + each))) for each in noise)

    inside = np.s_[16:-16, 16:-16]
    np.testing.assert_array_equal(first[inside], second[inside])
    np.testing.assert_array_equal(first[inside], third[inside])


def test_detail_stays_as_it_is():
    detail = picture(np.random.default_rng(0).integers(0, 255, (512, 512)))

    np.testing.assert_array_equal(Backdrop().smooth(detail), detail)


def test_a_backdrop_that_changes_is_followed(gradient):
    backdrop = Backdrop()
    backdrop.smooth(picture(np.rint(gradient)))

    later = backdrop.smooth(picture(np.rint(gradient + 20)))

    assert np.abs(later[:512] - (gradient + 20))[16:-16, 16:-16].max() <= 1.5
