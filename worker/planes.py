"""Pictures as they are encoded: yuv420p, BT.709, limited range, the three planes under each other. Pure."""

from collections.abc import Iterator

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (1.5 × height, width)
Rgb = NDArray[np.uint8]  # (height, width, 3), full range
Whole = NDArray[np.float32]  # Y, U and V at full size: (height, width, 3)


def planes(picture: Picture) -> Iterator[NDArray[np.uint8]]:
    """Yield Y, U and V of a picture as views, which may be written to."""
    width = picture.shape[1]
    height = len(picture) * 2 // 3
    yield picture[:height]
    colours = picture[height:].reshape(2, height // 2, width // 2)
    yield colours[0]
    yield colours[1]


def to_yuv(rgb: Rgb) -> Picture:
    """Turn a picture of full range into what is encoded."""
    frame = VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    return np.asarray(frame.to_ndarray(), np.uint8)


def whole(picture: Picture) -> Whole:
    """Return a picture as one array, the colours at full size."""
    luma, *colours = planes(picture)
    size = luma.shape[::-1]
    full = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in colours]
    return np.asarray(np.dstack([luma, *full]), np.float32)


def parted(pixels: Whole) -> Picture:
    """Return a picture of an array of Y, U and V at full size, rounded."""
    height, width = pixels.shape[:2]
    picture = np.empty((height * 3 // 2, width), np.uint8)
    for number, plane in enumerate(planes(picture)):
        scaled = cv2.resize(pixels[..., number], plane.shape[::-1], interpolation=cv2.INTER_AREA)
        plane[:] = np.clip(np.rint(scaled), 0, 255)
    return picture
