"""Mel spectrograms of speech, as the lip network hears it; knows no files, sample rates or networks.

`mel_spectrogram` and `MelStream` give the same values: the first is the second, fed whole. Training must
import them from here, never write its own, because loudness is normalised in a way of our own (see
`MelConfig.loudness_ahead`): a network trained on another normalisation moves its lips too little or too much.

Axes: N samples, T mel frames (80 a second), M mel bands, F frequency bins.
"""

from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.float32]
Mel = NDArray[np.float32]


class MelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The constants of the spectrogram, in one place.

    All but the loudness are those of Wav2Lip's `hparams.py`, so that its checkpoints fit.
    """

    sample_rate: int = 16_000
    fft_samples: int = 800  # 50 ms, window and transform alike
    hop_samples: int = 200  # 12.5 ms: 80 mel frames a second
    bands: int = 80  # Slaney's scale and area normalisation
    lowest_hz: float = 55.0
    highest_hz: float = 7_600.0
    preemphasis: float = 0.97
    smallest_magnitude: float = 1e-5  # -100 dB
    reference_db: float = 20.0
    range_db: float = 100.0
    largest: float = 4.0  # values end up in [-4, 4]
    video_fps: int = 25

    # Uploads differ by 30 dB, so speech is brought to one level first. The peak of the whole file would do,
    # but a stream does not know it. The peak *heard so far* is known, and with half a second of look-ahead the
    # first word is not louder than the rest. It never falls again: a level that followed the last seconds would
    # raise the noise in a pause until the mouth moves.
    loudness_ahead: int = 40  # mel frames
    loudness_target: float = 0.9  # of full scale
    loudest_gain: float = 10.0  # 20 dB: what is quieter still is not speech


MEL = MelConfig()


class MelWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What a network hears for one video frame; the defaults are Wav2Lip's: the 200 ms that begin with it.

    Mel frames before the video frame cost no latency, those after it do.

    Attributes:
        frames: how many mel frames.
        before: how many of them come before the video frame.
    """

    frames: int = 16
    before: int = 0

    def start(self, frame_index: int) -> int:
        """Return the first mel frame of a video frame (3.2 mel frames a video frame, rounded down); may be negative."""
        return frame_index * MEL.sample_rate // (MEL.hop_samples * MEL.video_fps) - self.before

    def end(self, frame_index: int) -> int:
        """Return the mel frame after the last of a video frame."""
        return self.start(frame_index) + self.frames

    def cut(self, mel: Mel, frame_index: int, mel_start: int = 0) -> Mel:
        """Cut what is heard for one video frame.

        Before the start and past the end there is silence (-4), so the mouth closes; Wav2Lip repeats the last window
        and freezes it.

        Args:
            mel: shape (80, T).
            frame_index: video frame at 25 fps.
            mel_start: how many mel frames of the speech come before `mel`.

        Returns:
            Shape (80, M).
        """
        start = self.start(frame_index) - mel_start
        cut = mel[:, max(start, 0) : start + self.frames]
        missing = max(-start, 0)
        ends = (missing, self.frames - missing - cut.shape[1])
        return np.pad(cut, ((0, 0), ends), constant_values=-MEL.largest) if any(ends) else cut


def mel_spectrogram(pcm: Pcm) -> Mel:
    """Compute the normalised log-mel spectrogram of a whole signal.

    Args:
        pcm: float32 mono at 16 kHz in [-1, 1], shape (N,).

    Returns:
        float32 in [-4, 4], shape (80, 1 + N // 200); (80, 0) for no samples.
    """
    stream = MelStream()
    second = MEL.sample_rate
    parts = [stream.push(pcm[start : start + second]) for start in range(0, len(pcm), second)]
    return np.concatenate([*parts, stream.finish()], axis=1)


class MelStream:
    """Computes the spectrogram of a signal that arrives in pieces.

    A class because it carries the overlap between them. It holds back about half a second (`loudness_ahead`)
    until `finish`. Memory is that of the pieces.
    """

    def __init__(self) -> None:
        self._last_sample = np.float32(0)  # for the pre-emphasis across pieces
        self._signal = np.zeros(0, np.float32)  # pre-emphasised, from sample `_signal_start`
        self._signal_start = 0
        self._unmeasured = np.zeros(0, np.float32)  # less than a hop, not yet in `_peaks`
        self._peak = np.float32(0)
        self._peaks = np.zeros(0, np.float32)  # loudest so far, after each hop from `_next_frame` on
        self._next_frame = 0

    def push(self, pcm: Pcm) -> Mel:
        """Take the next samples, of any number.

        Returns:
            The mel frames that are certain now, shape (80, 0 or more).
        """
        self._append(pcm)
        self._measure(pcm)
        return self._frames(len(self._peaks) - MEL.loudness_ahead)

    def finish(self) -> Mel:
        """Return the mel frames held back; nothing can be pushed afterwards."""
        samples = self._signal_start + len(self._signal)
        if samples == 0:
            return np.zeros((MEL.bands, 0), np.float32)
        half = MEL.fft_samples // 2
        self._start_with_reflection()
        self._signal = np.pad(self._signal, (0, half), mode="reflect")
        if len(self._unmeasured):
            self._measure(np.zeros(MEL.hop_samples - len(self._unmeasured), np.float32))
        count = 1 + samples // MEL.hop_samples - self._next_frame
        self._peaks = np.append(self._peaks, np.full(count + MEL.loudness_ahead, self._peak))
        return self._frames(count)

    def _append(self, pcm: Pcm) -> None:
        if len(pcm) == 0:
            return
        previous = np.concatenate([[self._last_sample], pcm[:-1]])
        emphasised = (pcm - MEL.preemphasis * previous).astype(np.float32)
        self._last_sample = pcm[-1]
        self._signal = np.concatenate([self._signal, emphasised])

    def _measure(self, pcm: Pcm) -> None:
        pcm = np.concatenate([self._unmeasured, pcm])
        whole = len(pcm) // MEL.hop_samples * MEL.hop_samples
        self._unmeasured = pcm[whole:]
        if whole:
            peaks = np.abs(pcm[:whole]).reshape(-1, MEL.hop_samples).max(axis=1)
            peaks = np.maximum(np.maximum.accumulate(peaks), self._peak)
            self._peak = peaks[-1]
            self._peaks = np.concatenate([self._peaks, peaks])

    def _start_with_reflection(self) -> None:
        """Put the half window before the first sample, once; librosa's `center=True` with reflection."""
        if self._signal_start == 0:
            self._signal = np.pad(self._signal, (MEL.fft_samples // 2, 0), mode="reflect")
            self._signal_start = -MEL.fft_samples // 2

    def _frames(self, count: int) -> Mel:
        """Take `count` frames off the signal."""
        if count <= 0:
            return np.zeros((MEL.bands, 0), np.float32)
        self._start_with_reflection()
        used = count * MEL.hop_samples
        frames = np.lib.stride_tricks.sliding_window_view(
            self._signal[: used - MEL.hop_samples + MEL.fft_samples], MEL.fft_samples
        )[:: MEL.hop_samples]  # (T, 800)
        magnitudes = np.abs(np.fft.rfft(frames * _hann(), axis=1)) @ mel_basis().T  # (T, M)
        levels = self._peaks[MEL.loudness_ahead : MEL.loudness_ahead + count]
        mel = _log(magnitudes * _gain(levels)[:, None])
        self._signal = self._signal[used:]
        self._signal_start += used
        self._peaks = self._peaks[count:]
        self._next_frame += count
        return np.ascontiguousarray(mel.T, np.float32)  # (M, T)


def reference_mel_spectrogram(pcm: Pcm) -> Mel:
    """Compute `mel_spectrogram` slowly and plainly, one frame at a time in float64, as its test's measure."""
    half = MEL.fft_samples // 2
    signal = pcm.astype(np.float64)
    emphasised = signal.copy()
    emphasised[1:] -= MEL.preemphasis * signal[:-1]
    padded = np.pad(emphasised, half, mode="reflect")
    columns = []
    for t in range(1 + len(pcm) // MEL.hop_samples):
        frame = padded[t * MEL.hop_samples :][: MEL.fft_samples] * _hann()
        heard = signal[: (t + MEL.loudness_ahead + 1) * MEL.hop_samples]
        columns.append(_log(mel_basis() @ np.abs(np.fft.rfft(frame)) * _gain(np.abs(heard).max())))
    return np.stack(columns, axis=1).astype(np.float32)


def _gain(level: Any) -> Any:
    """Return what brings a level (a number or an array of them) to the target."""
    return MEL.loudness_target / np.maximum(level, MEL.loudness_target / MEL.loudest_gain)


def _log(magnitudes: NDArray[Any]) -> NDArray[Any]:
    decibels = 20 * np.log10(np.maximum(MEL.smallest_magnitude, magnitudes)) - MEL.reference_db
    scaled = 2 * MEL.largest * (decibels + MEL.range_db) / MEL.range_db - MEL.largest
    return np.asarray(np.clip(scaled, -MEL.largest, MEL.largest))


@cache
def _hann() -> Pcm:
    """Return the periodic Hann window, shape (800,)."""
    return np.hanning(MEL.fft_samples + 1)[:-1].astype(np.float32)


@cache
def mel_basis() -> NDArray[np.float32]:
    """Return Slaney's triangles over the frequency bins, each of area one; shape (80, 401)."""
    bins = np.linspace(0, MEL.sample_rate / 2, MEL.fft_samples // 2 + 1)
    lowest, highest = _hz_to_mel(np.array([MEL.lowest_hz, MEL.highest_hz]))
    edges = _mel_to_hz(np.linspace(lowest, highest, MEL.bands + 2))
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


# Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, 27 steps for each factor of 6.4 above.
_LINEAR_HZ = 200 / 3
_BREAK_HZ = 1_000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ, above)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp((np.maximum(mel, _BREAK_MEL) - _BREAK_MEL) * _LOG_STEP)
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ, above)
