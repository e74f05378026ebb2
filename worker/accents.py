"""Where speech is stressed, asks and pauses, for each video frame while it arrives; knows no words and no pictures.

Whoever speaks raises the brows on some syllables that are louder and higher than those around them, and keeps them up
at the end of a question, where the voice rises. They nod on the strongest of the syllables and where a statement ends,
and lift the head as they ask. All this is heard here, as people hear it in a language that they do not know. What a
frame is told depends on the speech from its very start to `AHEAD` frames after it, and on nothing else: neither on the
pieces in which it comes nor on the frame that is asked for first.
"""

from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.mel import MEL

AHEAD = 15
"""Frames of speech after a frame that have to be heard: 0.6 s, which the network waits for all the same."""

_FRAME = MEL.sample_rate // MEL.video_fps  # samples
_WINDOW = 1024  # samples around the middle of a frame: two periods of 31 Hz
_REACH = (_WINDOW - _FRAME) // 2  # samples of it to either side of the frame
_LAGS = slice(MEL.sample_rate // 420, MEL.sample_rate // 70)  # voices are between 70 and 420 Hz
_VOICED = 0.45  # correlation with what was a period ago
_QUIETEST_DB, _RANGE_DB = (
    -50.0,
    30.0,
)  # of full scale, and below the loudest so far; what is quieter is silence

_PAST, _NEAR = 50, 6  # frames before and after one with which it is compared
_FEWEST = 8  # of them that speak
_LEVEL_DB, _PITCH = 4.0, 1.5  # the least spread of loudness and pitch, in dB and semitones
_FARTHEST = 2.5  # spreads; what is more is a mistake of hearing
_SMOOTH = np.array([1, 2, 3, 2, 1]) / 9

_STRESS = 0.45  # spreads above what is around it, from here on a syllable is stressed
_STRONG = 1.4  # and from here on as much as can be
_PEAK = 4  # frames to either side over which it stands out
_APART = 14  # frames from one to the next; brows that follow every stress twitch
_WEAKEST = 0.4  # how far brows go up for the weakest
_RISE, _HOLD, _FALL = 4, 3, 10  # frames; they are up at the peak

_SILENT = 4  # frames of silence that end a phrase; a closed /k/ is shorter
_TAIL, _BODY = 3, 15  # voiced frames of a phrase: its end, and as many as tell how high it was
_QUESTION = 2.5  # semitones by which a question's end is higher than most of what came before
_QUESTION_RISE = 6  # frames before the end
_QUESTION_HOLD = 12

_NODDED = 0.5  # spreads: weaker stresses move no head
_NODS_APART = 20  # frames from one to the next that is no deeper; who nods to each beat conducts
_SLIGHTEST = 0.65  # how far the head goes down for the weakest
_STATED = 10  # frames of silence that end a statement; after a comma there are fewer
_LEAST_SAID, _END_APART = 25, 35  # frames of a phrase, and since the nod before, for one at its end
_AT_END = 0.75  # how far down the head goes there


class Accent(msgspec.Struct, frozen=True, kw_only=True):
    """What a video frame is told.

    Attributes:
        brows: how far they are raised, 0 to 1.
        nod: how far the head is down, 0 to 1.
        nod_age: frames for which it nods, this one included; 0 while it does not.
        asks: how far the head is lifted, 0 to 1.
        paused: frames for which the speech has paused, this one included; 0 while somebody speaks, and before.
        pause_left: frames after this one for which it still does, of which no more than `AHEAD` are known.
    """

    brows: float = 0.0
    nod: float = 0.0
    nod_age: int = 0
    asks: float = 0.0
    paused: int = 0
    pause_left: int = 0

    def weakened(self, share: float) -> "Accent":
        """Return the same with brows and head moved by a share."""
        if share == 1:
            return self
        brows, nod, asks = (share * whole for whole in (self.brows, self.nod, self.asks))
        return msgspec.structs.replace(self, brows=brows, nod=nod, asks=asks)


AT_REST = Accent()


class _Lift(msgspec.Struct, frozen=True):
    """Brows that go up and down, or a head down and up: how far, and in which frames they are there."""

    height: float
    up: int
    hold: int

    def at(self, frame: int) -> float:
        """Return how far they have gone."""
        rising = _eased((frame - self.up + _RISE) / _RISE)
        return self.height * min(rising, 1 - _eased((frame - self.up - self.hold) / _FALL))


class Accents:
    """Listens to speech from its start; a class because it remembers what it heard.

    Args:
        first_frame: of those that are wanted.
    """

    def __init__(self, first_frame: int = 0) -> None:
        self._first_wanted = first_frame
        self._next = 0  # frame to be told
        self._waiting = np.zeros(_REACH, np.float32)  # from `_REACH` samples before the frame heard next
        self._heard = 0  # frames
        self._end: int | None = None  # frames from here on are silent
        # Of the frames from `_start` on: level in dB, pitch in semitones (NaN without voice), whether somebody speaks.
        self._start = 0
        self._levels: list[float] = []
        self._pitches: list[float] = []
        self._speaks: list[bool] = []
        self._stresses: list[float] = []  # these need `_NEAR` frames more
        self._loudest = _QUIETEST_DB
        self._lifts: list[_Lift] = []
        self._questions: list[_Lift] = []
        self._last_peak = -_APART
        self._nod = _Lift(0.0, -_NODS_APART, 0)  # the last one
        self._strongest = 0.0  # stress of this phrase
        self._said = 0  # frames of it
        self._has_spoken = False
        self._paused = 0

    def hear(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples, 16 kHz mono in [-1, 1]."""
        waiting = np.concatenate([self._waiting, samples])
        while len(waiting) >= _WINDOW:
            self._listen(waiting[:_WINDOW])
            waiting = waiting[_FRAME:]
        self._waiting = waiting

    def end(self, frames: int) -> None:
        """Take note that no more samples come, and of how many frames there will be."""
        missing = max(0, frames + AHEAD - self._heard)
        self._hear_silence_after(self._heard + missing)
        self._end = frames

    def cut(self, end_frame: int, frames: int) -> None:
        """Forget what was heard from a frame on, as if there were silence; what the brows began they go on with."""
        kept = max(end_frame, self._next) - self._start
        for heard in (self._levels, self._pitches, self._speaks):
            del heard[kept:]
        del self._stresses[max(kept - _NEAR, 0) :]
        self._waiting = np.zeros(_REACH, np.float32)
        self._heard = self._start + len(self._levels)
        self.end(frames)

    def can_tell(self, end_frame: int) -> bool:
        """Tell whether all frames before one are certain."""
        return end_frame + AHEAD <= self._heard

    def take(self, end_frame: int) -> list[Accent]:
        """Return what the wanted frames before one are told, which must be certain."""
        told = [(frame, self._tell(frame)) for frame in range(self._next, end_frame)]
        self._next = max(self._next, end_frame)
        self._forget()
        return [accent for frame, accent in told if frame >= self._first_wanted]

    def _hear_silence_after(self, end_frame: int) -> None:
        self.hear(np.zeros(max(0, (end_frame - self._heard) * _FRAME + 2 * _REACH), np.float32))

    def _listen(self, window: NDArray[np.float32]) -> None:
        """Hear one frame: (1024,) around its middle."""
        windowed = window * _hann()
        level = 10 * np.log10(float(np.mean(windowed**2)) + 1e-12)
        self._loudest = max(self._loudest, level)
        speaks = level > max(_QUIETEST_DB, self._loudest - _RANGE_DB)
        self._levels.append(level)
        self._speaks.append(speaks)
        self._pitches.append(_pitch(windowed) if speaks else np.nan)
        self._heard += 1
        frame = self._heard - 1 - _NEAR
        if frame >= self._start:
            self._stresses.append(self._stress(frame))

    def _stress(self, frame: int) -> float:
        """Tell by how many spreads a frame is louder and higher than the speech around it."""
        at = frame - self._start
        if not self._speaks[at]:
            return 0.0
        around = slice(max(at - _PAST, 0), at + _NEAR + 1)
        speaks = np.array(self._speaks[around])
        if speaks.sum() < _FEWEST:
            return 0.0
        levels, pitches = np.array(self._levels[around])[speaks], np.array(self._pitches[around])[speaks]
        louder = (self._levels[at] - levels.mean()) / max(levels.std(), _LEVEL_DB)
        voiced = pitches[~np.isnan(pitches)]
        higher = 0.0
        if len(voiced) >= _FEWEST and not np.isnan(self._pitches[at]):
            higher = (self._pitches[at] - np.median(voiced)) / max(voiced.std(), _PITCH)
        return float(np.clip([louder, higher], -_FARTHEST, _FARTHEST).mean())

    def _tell(self, frame: int) -> Accent:
        self._look_for_peak(frame + _RISE - 1)
        self._look_for_question(frame + _QUESTION_RISE)
        self._look_for_end(frame + _RISE - 1)
        self._lifts, self._questions = (_left(lifts, frame) for lifts in (self._lifts, self._questions))
        brows, asks = (
            max((lift.at(frame) for lift in lifts), default=0.0) for lifts in (self._lifts, self._questions)
        )
        nod = self._nod.at(frame)
        speaks = self._speaks_at(frame)
        # A closed /k/ is no pause.
        silent = not speaks and (
            self._paused > 0 or not any(map(self._speaks_at, range(frame, frame + _SILENT)))
        )
        self._has_spoken |= speaks
        self._paused = self._paused + 1 if silent and self._has_spoken else 0
        return Accent(
            brows=brows,
            nod=nod,
            nod_age=frame - self._nod.up + _RISE if nod else 0,
            asks=asks,
            paused=self._paused,
            pause_left=self._silence(frame) if self._paused else 0,
        )

    def _silence(self, frame: int) -> int:
        """Return for how many frames after one nobody speaks."""
        for ahead in range(1, AHEAD + 1):
            if self._speaks_at(frame + ahead) or frame + ahead == self._end:
                return ahead - 1
        return AHEAD

    def _look_for_peak(self, frame: int) -> None:
        smooth = [self._smooth_stress(frame + offset) for offset in range(-_PEAK, _PEAK + 1)]
        here = smooth[_PEAK]
        if here < _STRESS or here < max(smooth) or frame - self._last_peak < _APART:
            return
        self._last_peak = frame
        strength = min((here - _STRESS) / (_STRONG - _STRESS), 1)
        self._lifts.append(_Lift(_WEAKEST + (1 - _WEAKEST) * strength, frame, _HOLD))
        if here > max(self._strongest, _NODDED):
            self._strongest = here
            depth = _SLIGHTEST + (1 - _SLIGHTEST) * strength
            self._begin_nod(depth, frame, _RISE + _FALL if depth > self._nod.height else _NODS_APART)

    def _look_for_question(self, last: int) -> None:
        """Find out whether a phrase ends with a frame, and higher than it was."""
        if not self._speaks_at(last) or any(map(self._speaks_at, range(last + 1, last + 1 + _SILENT))):
            return
        first = max(last - _PAST, self._start)
        pitches = np.array([self._pitch_at(frame) for frame in range(first, last + 1)])
        voiced = pitches[~np.isnan(pitches)]
        if len(voiced) < _BODY:
            return
        before, end = voiced[-_BODY:-_TAIL], np.median(voiced[-_TAIL:])
        if end - np.percentile(before, 25) > _QUESTION and end > np.median(before):
            up = last - _QUESTION_RISE + _RISE
            asked = _Lift(1.0, up, last - up + _QUESTION_HOLD)
            self._lifts.append(asked)
            self._questions.append(asked)

    def _look_for_end(self, last: int) -> None:
        """Find out whether a phrase ends with a frame, and whether it stated anything."""
        speaks = self._speaks_at(last)
        self._said += speaks
        silence = next((ahead for ahead in range(_STATED) if self._speaks_at(last + 1 + ahead)), _STATED)
        if not speaks or silence < _SILENT:
            return
        if silence == _STATED and self._said >= _LEAST_SAID and not self._questions:
            self._begin_nod(_AT_END, last, _END_APART)
        self._strongest, self._said = 0.0, 0

    def _begin_nod(self, depth: float, lowest: int, apart: int) -> None:
        """Nod, unless there was a nod lately, or the head would not be up again before the end."""
        late = self._end is not None and lowest + _FALL > self._end
        if not late and lowest - self._nod.up >= apart:
            self._nod = _Lift(depth, lowest, 0)

    def _speaks_at(self, frame: int) -> bool:
        return self._start <= frame < self._heard and self._speaks[frame - self._start]

    def _pitch_at(self, frame: int) -> float:
        return self._pitches[frame - self._start]

    def _smooth_stress(self, frame: int) -> float:
        around = range(frame - 2, frame + 3)
        at = [index - self._start for index in around]
        return float(
            sum(
                part * (self._stresses[k] if 0 <= k < len(self._stresses) else 0)
                for part, k in zip(_SMOOTH, at, strict=True)
            )
        )

    def _forget(self) -> None:
        """Drop what nothing looks at any more."""
        useless = max(self._next - 2 * _PAST - self._start, 0)
        for heard in (self._levels, self._pitches, self._speaks, self._stresses):
            del heard[:useless]
        self._start += useless


def _left(lifts: list[_Lift], frame: int) -> list[_Lift]:
    """Return those that are not over at a frame."""
    return [lift for lift in lifts if frame < lift.up + lift.hold + _FALL]


def _pitch(windowed: NDArray[np.float32]) -> float:
    """Return the pitch in semitones above 1 Hz; NaN where there is no voice."""
    spectrum = np.fft.rfft(windowed, 2 * _WINDOW)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: _LAGS.stop] / _hann_correlation()
    lag = _LAGS.start + int(correlation[_LAGS].argmax())
    if correlation[lag] < _VOICED * correlation[0]:
        return float("nan")
    return float(12 * np.log2(MEL.sample_rate / lag))


def _eased(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


@cache
def _hann() -> NDArray[np.float32]:
    return np.hanning(_WINDOW).astype(np.float32)


@cache
def _hann_correlation() -> NDArray[np.float64]:
    """Return how much of a wave the window leaves to be compared at each lag."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(_hann(), 2 * _WINDOW)) ** 2)[: _LAGS.stop]
    return np.asarray(correlation / correlation[0], np.float64)
