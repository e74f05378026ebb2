"""Pictures of pages for the docs, taken by the tests that use these pages."""

from pathlib import Path

import cv2
import numpy as np

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}

_GAP = 24
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 84]


def side_by_side(shots: list[bytes], file: Path, *, height: int = 844) -> None:
    """Write screenshots (PNG) as one picture: each from its top, as high as the others.

    Args:
        shots: From left to right.
        file: JPEG.
        height: Of the picture, in pixels.
    """
    scaled = []
    for shot in shots:
        picture = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        scale = height / picture.shape[0]
        scaled += [
            cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA),
            np.full((height, _GAP, 3), 255, np.uint8),
        ]
    cv2.imwrite(str(file), np.hstack(scaled[:-1]), _QUALITY)
