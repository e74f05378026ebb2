"""Cuts a picture of one person to a size: as much of it as has that shape, around the face. Knows no files."""

import cv2
import numpy as np

from worker.import_faces import Face, Rgb

_FACE_AT = 0.42  # of the height, from above: where portraits have their face


def fit(picture: Rgb, face: Face, width: int, height: int) -> Rgb:
    """Cut a picture and scale what is left.

    Args:
        picture: RGB, (height, width, 3).
        face: In pixels of it.
        width: Of the result, in pixels.
        height: Of the result, in pixels.

    Returns:
        RGB, (height, width, 3).
    """
    has_height, has_width = picture.shape[:2]
    scale = min(has_width / width, has_height / height)
    cut_width, cut_height = min(has_width, round(width * scale)), min(has_height, round(height * scale))
    x, y = np.mean(face.points, axis=0)
    left = round(float(np.clip(x - cut_width / 2, 0, has_width - cut_width)))
    top = round(float(np.clip(y - cut_height * _FACE_AT, 0, has_height - cut_height)))
    cut = picture[top : top + cut_height, left : left + cut_width]
    smaller = cut_width >= width
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cut, (width, height), interpolation=method), np.uint8)
