"""Videos that a player can show."""

import numpy as np
import pytest

from worker.encode import Encoder, header

SEGMENT_FRAMES = 12
SEGMENTS = 12


@pytest.fixture(scope="module")
def film():
    """Segments of a film: bytes that a player can show."""
    frames = SEGMENTS * SEGMENT_FRAMES
    encoder = Encoder(sample_rate=24_000)
    encoder.hear(np.zeros(frames * 960, np.int16))
    encoder.end_of_speech()
    shown = [encoder.show(np.full((768, 512), frame % 200, np.uint8)) for frame in range(frames)]
    segments = [b""] * SEGMENTS
    for each in [*shown, encoder.finish()]:
        if each is not None:
            segments[each.first_frame // SEGMENT_FRAMES] += each.data
    return segments


@pytest.fixture
def actor(worker, film):
    """A worker whose videos are real ones."""
    worker.segments = SEGMENTS
    worker._init = lambda: header(24_000)
    worker._segment = lambda n: film[n]
    return worker
