"""Where speech is stressed, asks and pauses. The speech is planted: syllables of known pitch, loudness and place."""

import numpy as np
import pytest

from worker.accents import Accents
from worker.listening import Listener
from worker.mel import MelWindow

RATE = 16_000
SYLLABLE, GAP = 0.16, 0.04  # seconds
FRAMES_EACH = 5


def syllables(*, pitches, levels):
    """Say one syllable after another: a tone with harmonics that swells and fades."""
    parts = []
    for pitch, level in zip(pitches, levels, strict=True):
        t = np.arange(int(SYLLABLE * RATE)) / RATE
        tone = sum(np.sin(2 * np.pi * k * pitch * t) / k for k in (1, 2, 3))
        parts += [0.2 * level * tone * np.sin(np.pi * t / SYLLABLE) ** 0.5, np.zeros(int(GAP * RATE))]
    return np.concatenate(parts).astype(np.float32)


def quiet(seconds):
    return np.zeros(int(seconds * RATE), np.float32)


def monotonous(count=16, **changed):
    pitches, levels = np.full(count, 120.0), np.ones(count)
    for index in changed.get("at", ()):
        pitches[index], levels[index] = 160.0, 2.0
    return syllables(pitches=pitches, levels=levels)


def hear(speech, *, piece=None, first_frame=0):
    frames = len(speech) // (RATE // 25)
    accents, told, end = Accents(first_frame), [], 0
    for start in range(0, len(speech), piece or len(speech)):
        accents.hear(speech[start : start + (piece or len(speech))])
        while accents.can_tell(end + 4):
            end += 4
            told += accents.take(end)
    accents.end(frames)
    return told + accents.take(frames)


def brows(told):
    return np.array([accent.brows for accent in told])


def test_silence_and_speech_without_stress_keep_the_brows_at_rest():
    assert not brows(hear(quiet(3))).any()
    assert not brows(hear(monotonous())).any()


def test_a_stressed_syllable_raises_them_and_they_sink_again():
    lifted = brows(hear(np.concatenate([monotonous(at=[8]), quiet(1)])))

    middle = 8 * FRAMES_EACH + 2
    assert lifted[middle - 1 : middle + 4].max() > 0.6
    assert not lifted[: middle - 6].any()
    assert not lifted[middle + 20 :].any()
    assert np.abs(np.diff(lifted)).max() < 0.55  # nothing pops


def test_a_voice_that_rises_at_its_end_has_asked_and_one_that_falls_has_not():
    asking = np.append(np.full(14, 120.0), [150.0, 175.0])
    stating = np.append(np.full(14, 120.0), [105.0, 95.0])
    end = 16 * FRAMES_EACH

    asked, stated = (
        brows(hear(np.concatenate([syllables(pitches=pitches, levels=np.ones(16)), quiet(1.5)])))
        for pitches in (asking, stating)
    )

    assert (asked[end - 1 : end + 6] > 0.9).all()
    assert not asked[end + 30 :].any()
    assert not stated[end - 1 :].any()


def nods(told):
    """The frames in which a head is lowest, with how low it is."""
    down = np.array([0.0, *(accent.nod for accent in told), 0.0])
    lowest = (down[1:-1] > down[:-2]) & (down[1:-1] >= down[2:])
    return {int(frame): float(down[frame + 1]) for frame in np.flatnonzero(lowest)}


def test_silence_and_speech_without_stress_have_no_nod():
    assert not nods(hear(quiet(3)))
    assert not nods(hear(monotonous()))  # the video ends with it: the head would not be up again


def test_a_nod_follows_the_strongest_stress_of_a_phrase():
    pitches, levels = np.full(28, 120.0), np.ones(28)
    for index, stress in ((6, 0.5), (12, 1.0), (18, 0.6)):
        pitches[index], levels[index] = 120 + 40 * stress, 1 + stress
    told = hear(syllables(pitches=pitches, levels=levels))

    found = nods(told)
    strongest = 12 * FRAMES_EACH + 2
    deepest = max(found, key=found.get)
    assert abs(deepest - strongest) <= 2
    assert not [frame for frame in found if strongest + 3 < frame < strongest + 50]  # the weaker one after it
    down = np.array([accent.nod for accent in told])
    assert np.abs(np.diff(down, n=2)).max() < 0.35  # nothing pops


def test_a_nod_goes_down_in_a_sixth_of_a_second_and_comes_up_more_slowly():
    told = hear(np.concatenate([monotonous(20, at=[8]), quiet(0.2)]))

    [lowest, *_] = nods(told)
    ages = [accent.nod_age for accent in told]
    assert ages[lowest] == 4
    assert ages[lowest - 4 : lowest + 11] == [0, *range(1, 14), 0]


def test_a_statement_ends_with_a_nod_and_a_question_with_a_lifted_head():
    asking = np.append(np.full(14, 120.0), [150.0, 175.0])
    stating = np.append(np.full(14, 120.0), [105.0, 95.0])
    end = 16 * FRAMES_EACH

    asked, stated = (
        hear(np.concatenate([syllables(pitches=pitches, levels=np.ones(16)), quiet(1.5)]))
        for pitches in (asking, stating)
    )

    assert max(nods(asked), default=0) < end - FRAMES_EACH
    assert min(accent.asks for accent in asked[end - 1 : end + 6]) > 0.9
    assert not asked[-1].asks
    assert [abs(frame - end) <= 2 for frame in nods(stated)] == [True]
    assert not any(accent.asks for accent in stated)


def test_after_a_comma_nobody_nods_as_at_an_end():
    told = hear(np.concatenate([monotonous(), quiet(0.28), monotonous()]))

    assert not nods(told)


def test_a_pause_is_told_with_its_age_and_how_long_it_lasts():
    told = hear(np.concatenate([quiet(0.4), monotonous(5), quiet(0.8), monotonous(5)]))

    paused = [accent.paused for accent in told]
    assert not any(paused[:30])  # nothing has been said, or somebody speaks
    start = paused.index(1)
    length = max(paused)
    assert 18 <= length <= 22
    assert paused[start : start + length] == list(range(1, length + 1))
    assert not paused[start + length]
    assert [accent.pause_left for accent in told[start + length - 4 : start + length]] == [3, 2, 1, 0]


@pytest.mark.parametrize("piece", [700, 16_000, 50_001])
def test_neither_pieces_nor_the_first_frame_change_what_is_told(piece):
    speech = np.concatenate([monotonous(at=[4, 11]), quiet(0.6), monotonous(at=[7])])
    whole = hear(speech)

    assert hear(speech, piece=piece) == whole
    assert hear(speech, piece=piece, first_frame=60) == whole[60:]


def test_a_stretch_that_is_cut_ends_with_brows_and_head_at_rest_and_without_a_jump():
    speech = np.concatenate([monotonous(at=[8]), monotonous()])
    listener = Listener(sample_rate=RATE, first_frame=0, window=MelWindow())
    listener.hear((speech * 32_767).astype(np.int16))
    end = 8 * FRAMES_EACH + 4
    told = listener.accents(end)
    listener.take(end)

    listener.cut(end + 2, end + 12)
    told += listener.accents(end + 12)

    lifted, down = brows(told), np.array([accent.nod for accent in told])
    for moved in (lifted, down):
        assert moved.max() > 0.6
        assert moved[-1] == 0
        assert np.abs(np.diff(moved)).max() < 0.55


def test_what_nobody_says_moves_neither_brow_nor_head():
    rng = np.random.default_rng(0)
    beats = np.concatenate([np.append(rng.normal(0, 0.3, 1600), np.zeros(6400)) for _ in range(10)])
    listener = Listener(sample_rate=RATE, first_frame=0, window=MelWindow(), uploaded=True)
    listener.hear((np.clip(beats, -1, 1) * 32_767).astype(np.int16))
    frames = len(beats) // 640
    listener.end_of_speech(frames)

    told = listener.accents(frames)
    assert not brows(told).any()
    assert not nods(told)
