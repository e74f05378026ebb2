"""Speech between two rests: what is heard of it so far, and the sound that goes with each frame. Knows no words.

Its frames are counted from its own start, which is `LEAD` frames before its first sound, so that the mouth opens in
time. It ends at rest: with silence until nothing of the speech is within the network's hearing.
"""

import numpy as np
from numpy.typing import NDArray

from worker.accents import Accent
from worker.encode import Pcm
from worker.listening import Listener
from worker.live.film import FRAME_SAMPLES, LEAD, SEGMENT_FRAMES
from worker.live.records import SAMPLE_RATE
from worker.mel import MEL, MelWindow

HALF = SEGMENT_FRAMES // 2  # of a segment, for which less of a word has to be heard
_FADE = SAMPLE_RATE // 100  # samples; a sound that is cut in its middle would click


class Stretch:
    """A class because the listener carries state. Not safe to use from two threads at once.

    Args:
        utterance: what it belongs to.
        window: what the network hears of a frame.
        hurried: whether it may begin, and go on, with half a segment, where its sound comes in small pieces.
    """

    def __init__(self, utterance: str, window: MelWindow, *, hurried: bool) -> None:
        self.utterance: str | None = utterance
        self._hurried = hurried
        self._listener = Listener(sample_rate=SAMPLE_RATE, first_frame=0, window=window)
        self._listener.hear(np.zeros(LEAD * FRAME_SAMPLES, np.int16))
        # Frames after the last sound whose windows still have some of it, and one for the edges of the spectrum.
        self._closing = 1 - (-window.before * MEL.hop_samples * MEL.video_fps // MEL.sample_rate)
        self._sound: list[Pcm] = []  # from the sample that the next frame takes
        self._sound_samples = 0
        self._rest_samples = 0  # of silence that it ends with so far
        self._heard = 0  # samples in all
        self.shown = 0  # frames
        self.frames: int | None = None  # once it has ended

    @property
    def samples_ahead(self) -> int:
        """How much sound waits to be shown."""
        return self._sound_samples

    @property
    def samples(self) -> int:
        """How much speech it has, silence at its ends included; once it was cut, how much was shown."""
        return self._heard

    @property
    def over(self) -> bool:
        """Whether all of it was shown."""
        return self.frames is not None and self.shown >= self.frames

    def hear(self, pcm: Pcm) -> None:
        """Take the next samples."""
        assert self.frames is None
        if not len(pcm):
            return
        self._hurried &= len(pcm) <= HALF * FRAME_SAMPLES  # larger pieces come too seldom
        self._keep(pcm)
        sounding = np.flatnonzero(pcm)
        rest = len(pcm) - 1 - int(sounding[-1]) if len(sounding) else self._rest_samples + len(pcm)
        self._rest_samples = rest
        self._heard += len(pcm)
        self._listener.hear(pcm)

    def end(self) -> None:
        """Take note that no more comes."""
        sounding = max(self._heard - self._rest_samples, 0)
        closed = LEAD - (-sounding // FRAME_SAMPLES) + self._closing
        spoken = -(-self._heard // FRAME_SAMPLES)
        self._end_with(max(closed, spoken, self.shown))

    def cut(self) -> None:
        """End it now: its mouth closes, and what was not shown yet is forgotten.

        What was given to the sound is heard all the same, `LEAD` frames of it.
        """
        if self.frames is not None and self.shown + self._closing >= self.frames:
            return  # it closes already
        sound = np.concatenate([*self._sound, np.zeros(_FADE, np.int16)])[:_FADE]
        fade = np.linspace(1, 0, _FADE, dtype=np.float32)
        self._sound, self._sound_samples = [], 0
        self._heard = min(self._heard, self.shown * FRAME_SAMPLES)
        self._keep(np.rint(sound * fade).astype(np.int16))
        self._end_with(self.shown + LEAD + self._closing, heard=self.shown + LEAD)

    def _end_with(self, frames: int, heard: int | None = None) -> None:
        """Settle its length, in whole segments."""
        self.frames = self.shown - (-(frames - self.shown) // SEGMENT_FRAMES) * SEGMENT_FRAMES
        if heard is None:
            self._listener.end_of_speech(self.frames)
        else:
            self._listener.cut(heard, self.frames)

    def certain(self) -> int:
        """Return how many frames its next segment has; 0: it is not certain yet."""
        sizes = (SEGMENT_FRAMES, HALF) if self._hurried else (SEGMENT_FRAMES,)
        return next((each for each in sizes if self._can_show(each)), 0)

    def take(self) -> tuple[NDArray[np.float32], list[Accent], Pcm]:
        """Return what the network hears in the frames of the next segment, (B, 1, 80, M), their accents and sound.

        The sound is that which is heard `LEAD` frames later.
        """
        frames = self.certain()
        self.shown += frames
        accents = self._listener.accents(self.shown)
        mel = self._listener.take(self.shown)
        samples = frames * FRAME_SAMPLES
        waiting = np.concatenate([*self._sound, np.zeros(0, np.int16)])
        pcm, rest = waiting[:samples], waiting[samples:]
        self._sound, self._sound_samples = [rest], len(rest)
        return mel, accents, np.pad(pcm, (0, samples - len(pcm)))

    def _can_show(self, frames: int) -> bool:
        return not self.over and self._listener.can_hear(self.shown + frames)

    def _keep(self, pcm: Pcm) -> None:
        self._sound.append(pcm)
        self._sound_samples += len(pcm)
