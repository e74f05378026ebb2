"""How long the video of an order may become: what is rendered is compared with what was sold, both ways. Pure."""

import msgspec

from service.orders.order import Order
from service.orders.stage import paced
from service.orders.video import FPS
from service.speech.speech_length import estimate

MS_PER_FRAME = 1000 // FPS

LONGEST_SHARE, LONGEST_MORE_MS = 1.5, 5_000
"""How much longer than predicted a text may take. Predictions are off by a few percent, by half at worst, but a second
more is much of a short text. What takes longer is not what was sold, but a prediction that somebody deceived."""

SHORTEST_SHARE, SHORTEST_LESS_MS = 1 / 3, 1_000
"""How much shorter it may be: no voice is three times as fast as ours, so a part of the text is missing."""


class Length(msgspec.Struct, frozen=True, kw_only=True):
    """In frames.

    Attributes:
        exact: Of recorded speech it is known.
    """

    shortest: int
    longest: int

    @property
    def exact(self) -> bool:
        """Whether there is only one."""
        return self.shortest == self.longest


def length_sold(order: Order, language: str | None) -> Length:
    """Tell how long a video may be that fulfils an order.

    A recording has as many frames as its samples begin: its milliseconds were rounded up from whole samples, and a
    frame has whole milliseconds, so nothing is lost on the way. A text may be spoken in another language than it was
    priced in, whose prediction then counts as well.
    """
    if order.wish.text is None:
        frames = -(-order.wish.duration_ms // MS_PER_FRAME)
        return Length(shortest=frames, longest=frames)
    predicted = (
        order.wish.duration_ms,
        paced(estimate(order.wish.text, language).milliseconds, order.wish.stage),
    )
    return Length(
        shortest=max(1, int((min(predicted) * SHORTEST_SHARE - SHORTEST_LESS_MS) / MS_PER_FRAME)),
        longest=int((max(predicted) * LONGEST_SHARE + LONGEST_MORE_MS) / MS_PER_FRAME),
    )


def frames_of(samples: int, sample_rate: int) -> int:
    """Count the frames that speech begins: a worker fills the last one with silence."""
    return -(-samples * FPS // sample_rate)
