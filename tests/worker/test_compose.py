"""The blend: nothing changes in silence, little changes elsewhere, and colours are those of the network."""

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from worker.compose import CROP, IdleFrame, Mask, compose, crop

BOX = (250.5, 330.25, 135.0)


def yuv(rgb: np.ndarray) -> np.ndarray:
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    return frame.reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    ).to_ndarray()


@pytest.fixture(params=[CROP, 144])
def idle(request):
    row, column = np.mgrid[0:512, 0:512]
    rgb = np.stack([120 + row // 8, 90 + column // 8, 60 + (row + column) // 16], axis=-1).astype(np.uint8)
    return IdleFrame(picture=yuv(rgb), references=crop(rgb, BOX, request.param)[None], box=BOX)


def changed(idle, by) -> np.ndarray:
    """The idle mouth, brighter by so much of full scale."""
    return np.clip(np.rint(idle.references[0] + 255 * by), 0, 255).astype(np.uint8)


def rectangle(idle, rows, columns) -> tuple[slice, slice]:
    """A rectangle given in 96ths of the square."""
    scale = idle.references.shape[1] / CROP
    return slice(*(round(row * scale) for row in rows)), slice(*(round(column * scale) for column in columns))


def test_a_crop_of_a_ramp_has_the_values_at_its_pixels():
    column = np.tile(np.arange(512, dtype=np.float32) / 3, (512, 1))
    rgb = np.repeat(column[..., None], 3, axis=2).astype(np.uint8)

    cut = crop(rgb, (200.0, 300.0, 96.0))

    np.testing.assert_allclose(cut.astype(int), rgb[252:348, 152:248].astype(int), atol=1)


def test_an_idle_mouth_leaves_the_very_frame(idle):
    assert compose(idle, idle.references[0].copy(), Mask()) is idle.picture


def test_a_difference_below_the_threshold_is_none(idle):
    assert compose(idle, changed(idle, 0.01), Mask()) is idle.picture


def test_only_the_neighbourhood_of_the_difference_changes(idle):
    mouth = idle.references[0].copy()
    mouth[rectangle(idle, (55, 65), (40, 60))] = 0
    before = idle.picture.copy()

    picture = compose(idle, mouth, Mask())

    touched = np.argwhere(picture[:512] != idle.picture[:512])
    top, left = touched.min(axis=0)
    bottom, right = touched.max(axis=0)
    scale = 135 / CROP
    corner_x, corner_y = BOX[0] - 135 / 2, BOX[1] - 135 / 2
    assert corner_y + (55 - 12) * scale < top < corner_y + 55 * scale
    assert corner_y + 65 * scale < bottom < corner_y + (65 + 12) * scale
    assert corner_x + (40 - 12) * scale < left < corner_x + 40 * scale
    assert corner_x + 60 * scale < right < corner_x + (60 + 12) * scale
    np.testing.assert_array_equal(idle.picture, before)


def test_detail_finer_than_the_network_sees_stays_where_little_changes_and_goes_where_much_does(idle):
    grain = np.random.default_rng(4).integers(-12, 13, (512, 512)).astype(np.int16)
    grainy = idle.picture.copy()
    grainy[:512] = np.clip(idle.picture[:512] + grain, 16, 235)
    frame = IdleFrame(picture=grainy, references=idle.references, box=BOX)
    x, y = int(BOX[0]), int(BOX[1])
    middle = (slice(y - 10, y + 10), slice(x - 10, x + 10))

    def kept(change):
        picture = compose(frame, changed(idle, change), Mask())
        return np.corrcoef(picture[middle].ravel(), grain[middle].ravel())[0, 1]

    assert kept(0.06) > 0.9
    assert abs(kept(0.4)) < 0.3


def test_the_border_of_the_square_never_changes(idle):
    picture = compose(idle, np.full_like(idle.references[0], 255), Mask())

    touched = np.argwhere(picture[:512] != idle.picture[:512])
    assert (touched.min(axis=0) > (BOX[1] - 67, BOX[0] - 67)).all()
    assert (touched.max(axis=0) < (BOX[1] + 67, BOX[0] + 67)).all()


@pytest.mark.parametrize("colour", [(255, 0, 0), (30, 200, 90), (10, 20, 250), (255, 255, 255)])
def test_colours_are_those_that_the_encoder_would_have_made(idle, colour):
    mouth = np.full_like(idle.references[0], colour)
    expected = yuv(np.full((512, 512, 3), colour, np.uint8))

    picture = compose(idle, mouth, Mask())

    x, y = int(BOX[0]), int(BOX[1])
    assert abs(int(picture[y, x]) - int(expected[y, x])) <= 2
    for plane in (512, 640):
        rows = slice(plane, plane + 128)
        at = (y // 2, x // 2)
        blended, made = picture[rows].reshape(256, 256)[at], expected[rows].reshape(256, 256)[at]
        assert abs(int(blended) - int(made)) <= 2


@pytest.mark.parametrize("side", [284.0, 300.0, 420.0])
def test_a_crop_of_many_lines_is_the_mean_of_what_it_covers(side):
    stripes = np.zeros((1080, 1080, 3), np.uint8)
    stripes[:, ::2] = 200

    cut = crop(stripes, (540.0, 700.0, side))[4:-4, 4:-4]

    assert np.abs(cut.mean() - 100) < 1
    assert np.abs(cut - 100.0).max() < 50  # of a pixel of three stripes


def test_a_mouth_is_where_its_crop_was(idle):
    """Cropping a composed mark gives the mark back at the same pixels."""
    mouth = np.zeros_like(idle.references[0])
    mouth[rectangle(idle, (40, 48), (60, 70))] = 255

    picture = compose(
        idle, mouth, Mask(threshold=-1, full=-0.5, cover_threshold=-1, cover_full=-0.5, feather=1)
    )

    rgb = np.repeat(picture[:512, :, None], 3, axis=2)
    again = crop(rgb, BOX)[..., 0].astype(float) - 16
    row, column = np.mgrid[0:CROP, 0:CROP]
    bright = again[10:-10, 10:-10]
    centre = [np.average(axis[10:-10, 10:-10], weights=bright.clip(100) - 100) for axis in (row, column)]
    assert centre == pytest.approx([43.5, 64.5], abs=0.1)


def test_a_mouth_of_the_frames_own_pixels_arrives_as_sharp_as_it_is():
    grain = np.random.default_rng(5).integers(60, 200, (512, 512, 1), np.uint8).repeat(3, axis=2)
    smooth = np.full((512, 512, 3), 128, np.uint8)
    cut = np.s_[200:344, 180:324]
    idle = IdleFrame(picture=yuv(smooth), references=smooth[cut][None], box=(252.0, 272.0, 144.0))

    picture = compose(idle, grain[cut], Mask(threshold=-1, full=-0.5, feather=1))

    inner = np.s_[204:340, 184:320]
    np.testing.assert_allclose(picture[inner].astype(int), yuv(grain)[inner].astype(int), atol=1)


def test_a_box_over_the_border_of_the_frame_is_cut_off(idle):
    outside = IdleFrame(picture=idle.picture, references=idle.references, box=(500.0, 490.0, 135.0))

    picture = compose(outside, np.full_like(idle.references[0], 255), Mask())

    assert picture.shape == (768, 512)
    assert picture[490, 500] > 200
