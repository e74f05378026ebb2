"""From speech to fragments in two steps, with the network between them: what it needs for a GOP, what becomes of it."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.accents import Accent
from worker.canvas import Behind, Canvas
from worker.captions import Captions
from worker.compose import IdleFrame
from worker.encode import PLAIN_SIZE, Encoder, Pcm, Segment, gop_end, samples_per_frame
from worker.errors import MalformedRequest
from worker.footage import Footage
from worker.gestures import Performer
from worker.listening import Listener
from worker.model import Graph
from worker.stage import Stage


class Gop(msgspec.Struct, frozen=True, kw_only=True):
    """What is heard during the frames of one GOP."""

    first_frame: int
    mel: NDArray[np.float32]  # (B, 1, 80, M)
    accents: list[Accent]  # B


class RenderPass:
    """One pass of a video: what was heard so far, and the film so far.

    A class because listener and encoder carry state from GOP to GOP. Not safe to use from two threads at once.

    Args:
        footage: of the avatar.
        sample_rate: of the speech.
        first_frame: where to start filming; the speech is heard from its start all the same.
        graph: what to know of the network that draws.
        uploaded: whether the speech was sent, and may be anything else.
        stage: what the pictures are put onto; None leaves them as they are.
        behind: the picture or film that it names.
        captions: what is read in them; None writes nothing.
    """

    def __init__(
        self,
        footage: Footage,
        sample_rate: int,
        first_frame: int,
        graph: Graph,
        *,
        uploaded: bool = False,
        stage: Stage | None = None,
        behind: Behind | None = None,
        captions: Captions | None = None,
    ) -> None:
        self._footage = footage
        self._performer = Performer(footage, graph.mask)
        self._samples_per_frame = samples_per_frame(sample_rate)
        self._listener = Listener(
            sample_rate=sample_rate, first_frame=first_frame, window=graph.mel, uploaded=uploaded
        )
        size = PLAIN_SIZE if stage is None else (stage.width, stage.height)
        self._canvas = None if stage is None else Canvas(stage, footage, behind)
        self._encoder = Encoder(sample_rate=sample_rate, first_frame=first_frame, size=size)
        self._captions = captions
        self._samples = 0
        self._next_frame = first_frame
        self.frames = 0  # of the whole video, once the speech has ended

    def hear(self, pcm: Pcm) -> None:
        """Take the next samples."""
        self._samples += len(pcm)
        self._listener.hear(pcm)
        self._encoder.hear(pcm)

    def end_of_speech(self) -> None:
        """Take note that no more samples come.

        Raises:
            MalformedRequest: the speech ends before the frame to start with.
        """
        assert self._samples % self._samples_per_frame == 0
        self.frames = self._samples // self._samples_per_frame
        if self._next_frame > self.frames:
            raise MalformedRequest(
                f"first_frame is {self._next_frame}, but the speech ends with frame {self.frames - 1}."
            )
        self._listener.end_of_speech(self.frames)
        self._encoder.end_of_speech()

    def next_gop(self) -> Gop | None:
        """Return the next GOP when all of it can be heard."""
        first, end = self._next_frame, gop_end(self._next_frame)
        if self.frames:
            end = min(end, self.frames)
        if first == end or not self._listener.can_hear(end):
            return None
        self._next_frame = end
        accents = self._listener.accents(end)
        return Gop(first_frame=first, mel=self._listener.take(end), accents=accents)

    def faces(self, gop: Gop) -> list[IdleFrame]:
        """Return the footage to draw a GOP's mouths onto."""
        return self._footage.faces(range(gop.first_frame, gop.first_frame + len(gop.mel)))

    def encode(self, gop: Gop, mouths: NDArray[np.uint8]) -> Segment:
        """Compose and encode the frames of a GOP."""
        segment = None
        for frame, (mouth, accent) in enumerate(zip(mouths, gop.accents, strict=True), gop.first_frame):
            picture, tilt = self._performer.show_tilted(frame, mouth, accent)
            if self._canvas is not None:
                picture = self._canvas.show(picture, frame, tilt)
            if self._captions is not None:
                picture = self._captions.show(picture, frame)
            segment = self._encoder.show(picture)
        segment = segment or self._encoder.finish()
        assert segment
        return segment
