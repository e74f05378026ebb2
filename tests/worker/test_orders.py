"""How long an order is expected to be."""

import pytest

from worker.avatars import Pack
from worker.orders import Order, frames_to_render
from worker.records import RenderRequest
from worker.speech import Voice

PACK = Pack(name="ann", label="Ann", gender="female", elderly=False, emotions={})
VOICE = Voice(name="en-female", language="en", gender="female", engine="hibari")


@pytest.mark.parametrize(
    ("fields", "pcm_s", "frames"),
    [
        ({}, 4, 100),
        ({"first_frame": 60}, 4, 40),
        ({"text": "x" * 140}, 0, 250),
        ({"text": "x" * 140, "spoken": 70, "first_frame": 24}, 5, 226),
        ({"first_frame": 100}, 4, 0),
    ],
)
def test_what_is_left_to_render_is_estimated_from_sound_and_text(fields, pcm_s, frames):
    rate = 24_000 if "text" in fields else 16_000
    request = RenderRequest(order="1", avatar="ann", emotion="neutral", sample_rate=rate, **fields)
    order = Order(request=request, pack=PACK, voice=VOICE if request.text else None)

    assert frames_to_render(order, pcm_s * rate * 2) == frames
