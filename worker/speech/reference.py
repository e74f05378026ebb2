"""A recording of whoever a voice is to sound like, for engines that take one with each text."""

import base64
import io
import wave
from pathlib import Path

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.speech.errors import BadVoices
from worker.speech.port import SAMPLE_RATE

LEAST_S, MOST_S = 2, 30
"""How long it is: less tells little of a voice, and more is sent and heard with each sentence."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, and what is said in it.

    Attributes:
        samples: float32 mono at `SAMPLE_RATE` in [-1, 1], (N,).
        words: what is said; empty where nobody wrote it down.
    """

    samples: NDArray[np.float32]
    words: str = ""

    def data_url(self) -> str:
        """Return the recording as a WAV in a `data:` URL."""
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(SAMPLE_RATE)
            sound.writeframes(np.rint(32767 * np.clip(self.samples, -1, 1)).astype("<i2").tobytes())
        return f"data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}"


def read_reference(path: Path, words: str) -> Reference:
    """Read a recording of any format.

    Raises:
        BadVoices: it cannot be read, or is too short or too long.
    """
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    try:
        with av.open(path) as file:
            frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
            frames += resampler.resample(None)
    except (av.FFmpegError, IndexError, OSError) as exc:
        raise BadVoices(f"{path} cannot be read as a recording: {exc}") from exc
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames] or [np.empty(0, np.float32)])
    seconds = len(samples) / SAMPLE_RATE
    if not LEAST_S <= seconds <= MOST_S:
        raise BadVoices(f"{path} lasts {seconds:.1f} s; a sample of a voice has {LEAST_S} to {MOST_S} s.")
    return Reference(samples=np.asarray(samples, np.float32), words=words)
