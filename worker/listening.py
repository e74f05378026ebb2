"""Speech at any rate to what the network hears for each video frame, while the speech arrives."""

import numpy as np
import soxr
from numpy.typing import NDArray

from worker.accents import Accent, Accents
from worker.detecting import SpeechDetector
from worker.mel import MEL, Mel, MelStream, MelWindow

REST_FRAMES = 3
"""At either end of a video, over which the mouth leaves its rest and comes back to it."""


class Listener:
    """Turns samples into mel windows, frame by frame.

    A class because resampler and spectrogram carry state from piece to piece. It hears the speech from its very
    start, whatever frame it begins with, because the loudness is that of all that was heard.

    The first and the last frame hear silence, those beside them hear as through a door, and so do frames of uploads in
    which nobody speaks: so a video begins and ends with a mouth at rest, and music moves no lips.

    Args:
        sample_rate: of the samples.
        first_frame: of the video frames wanted.
        window: what is heard for each of them.
        uploaded: whether it may be anything but speech.
    """

    def __init__(
        self, *, sample_rate: int, first_frame: int, window: MelWindow, uploaded: bool = False
    ) -> None:
        self._resample = soxr.ResampleStream(sample_rate, MEL.sample_rate, 1, dtype="float32")
        self._stream = MelStream()
        self._accents = Accents(first_frame)
        self._mel = np.zeros((MEL.bands, 0), np.float32)
        self._mel_start = 0  # index of its first mel frame
        self._next_frame = first_frame
        self._window = window
        self._frames: int | None = None
        self._detector = SpeechDetector() if uploaded else None

    def hear(self, pcm: NDArray[np.int16]) -> None:
        """Take the next samples."""
        self._push(pcm.astype(np.float32) / np.float32(32_768), last=False)

    def end_of_speech(self, frames: int) -> None:
        """Take note that no more samples come, and how many video frames the speech has."""
        self._push(np.zeros(0, np.float32), last=True)
        self._append(self._stream.finish())
        self._accents.end(frames)
        self._frames = frames

    def cut(self, end_frame: int, frames: int) -> None:
        """Forget what is heard from a video frame on, as if there were silence.

        Args:
            end_frame: of the last frames that speech sounds in; all windows up to it must be certain.
            frames: that there will be.
        """
        kept = max(self._window.start(end_frame) + self._window.before - self._mel_start, 0)
        self._mel = self._mel[:, :kept]
        self._accents.cut(end_frame, frames)
        self._frames = frames

    def can_hear(self, end_frame: int) -> bool:
        """Tell whether all windows of the video frames before `end_frame` are certain."""
        if self._frames is not None:
            return end_frame <= self._frames
        mel_end = self._mel_start + self._mel.shape[1]
        return self._window.end(end_frame - 1) <= mel_end and self._accents.can_tell(end_frame)

    def accents(self, end_frame: int) -> list[Accent]:
        """Return what the frames up to `end_frame` are told beside the windows; to be asked for before `take`."""
        return [
            accent.weakened(self._share(frame))
            for frame, accent in enumerate(self._accents.take(end_frame), self._next_frame)
        ]

    def take(self, end_frame: int) -> NDArray[np.float32]:
        """Return the windows of the frames up to `end_frame`, (B, 1, 80, M), and forget what is before it."""
        frames = range(self._next_frame, end_frame)
        windows = [
            _muffled(self._window.cut(self._mel, frame, self._mel_start), self._share(frame))
            for frame in frames
        ]
        self._next_frame = end_frame
        if self._detector:
            self._detector.forget(end_frame)
        self._forget()
        return np.stack(windows)[:, None]

    def _share(self, frame: int) -> float:
        """Tell how much of what sounds a frame hears, 0 to 1."""
        to_end = frame if self._frames is None else min(frame, self._frames - 1 - frame)
        share = min(to_end / REST_FRAMES, 1.0)
        return min(share, self._detector.share(frame)) if self._detector else share

    def _push(self, samples: NDArray[np.float32], *, last: bool) -> None:
        resampled = self._resample.resample_chunk(samples, last=last)
        if self._detector:
            self._detector.hear(resampled)
        self._accents.hear(resampled)
        self._append(self._stream.push(resampled))

    def _append(self, mel: NDArray[np.float32]) -> None:
        self._mel = np.concatenate([self._mel, mel], axis=1)
        self._forget()

    def _forget(self) -> None:
        """Drop mel frames that no wanted window has, also those before a later first frame."""
        wanted = max(self._window.start(self._next_frame), 0)
        useless = min(wanted - self._mel_start, self._mel.shape[1])
        self._mel = self._mel[:, useless:]
        self._mel_start += useless


def _muffled(mel: Mel, share: float) -> Mel:
    """Bring what is heard nearer to silence."""
    silence = np.float32(-MEL.largest)
    return mel if share == 1 else silence + np.float32(share) * (mel - silence)
