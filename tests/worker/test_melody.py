# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""What is made of the pitch of a question, on a curve of one height: a voice of 200 Hz that fades at its end."""

import numpy as np
import pytest

from worker.speech.melody import asking, sung

HERTZ = 200.0
LOUD, SILENT = 8.0, -9.0
FRAMES = 4  # of 1/40 s, of each symbol
SAID = {
    "de": "bɪst duː ʦuː hˈWzə?",
    "fr": "ty ɛ a la mɛzˈɔ̃?",
    "hu": "ˈothon vɒɟ mˈɒ ˈɛʃtɛ?",
    "ja": "imasɨka?",
    "pt": "vosˈe estˈa ẽɲ kˈazə?",
    "ru": "tˈy dˈoma?",
    "tr": "bu akʃam evde misin?",
    "zh": "ni↓ ʦai↘ ʨja→ ma?",
}


def curves(phonemes: str, hertz: float = HERTZ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frames = np.full(len(phonemes) + 2, FRAMES)
    steps = 2 * frames.sum()
    pitch, loudness = np.full(steps, hertz, np.float32), np.full(steps, LOUD, np.float32)
    for silence in (slice(0, 2 * FRAMES), slice(-5 * FRAMES, None)):  # the last vowel fades in its middle
        pitch[silence], loudness[silence] = 10, SILENT
    return pitch, loudness, frames


def semitones(language: str, symbols: str | None = None) -> np.ndarray:
    """Return how high each 1/80 s of a question is beside a statement, NaN where there is no voice."""
    phonemes = symbols or SAID[language]
    melody = asking(phonemes, language, [True])
    assert melody
    pitch, _ = melody(*curves(phonemes))
    return np.where(pitch > HERTZ / 3, 12 * np.log2(pitch / HERTZ), np.nan)


def at(language: str, symbol: str) -> np.ndarray:
    """Return the same of the last symbol of a kind."""
    index = SAID[language].rindex(symbol) + 1
    return semitones(language)[2 * FRAMES * index : 2 * FRAMES * (index + 1)]


def test_a_question_goes_up_from_its_last_stressed_syllable_to_its_end():
    low, end = at("de", "W"), at("de", "ə")

    assert low.max() < 0
    assert np.nanmax(end) == pytest.approx(6, abs=0.1)
    assert (np.diff(end[~np.isnan(end)]) >= -0.01).all()


def test_french_and_japanese_raise_the_last_syllable_alone():
    assert np.nanmax(at("fr", "ɔ")) > 3
    assert np.nanmax(np.abs(at("fr", "ɛ"))) < 1
    assert np.nanmax(at("ja", "a")) > 5
    assert np.nanmax(np.abs(at("ja", "s"))) < 0.5


def test_russian_and_brazilians_are_up_where_they_stress_and_down_again_at_the_end():
    for language, stressed, last in (("ru", "o", "a"), ("pt", "a", "ə")):
        assert at(language, stressed)[-1] > 4, language
        assert np.nanmin(at(language, last)) < -2, language


def test_russian_that_stresses_its_end_stays_up():
    assert np.nanmax(semitones("ru", "tˈy idʲˈoʃ?")) > 5


def test_hungarian_is_up_on_the_last_syllable_but_one_and_turkish_before_its_particle():
    assert np.nanmax(at("hu", "ʃ")) > 3
    assert np.nanmin(at("hu", "ɛ")) < -2
    assert np.nanmax(at("tr", "e")) > 4
    assert np.nanmax(at("tr", "s")) < -2


def test_a_tone_keeps_its_shape_and_is_higher():
    phonemes = SAID["zh"]
    melody = asking(phonemes, "zh", [True])
    assert melody
    pitch, loudness, frames = curves(phonemes)
    falling = slice(2 * FRAMES * 5, 2 * FRAMES * 10)
    pitch[falling] *= np.geomspace(1.2, 0.8, falling.stop - falling.start)

    raised, _ = melody(pitch, loudness, frames)

    ratio = 12 * np.log2(raised[falling] / pitch[falling])
    assert (ratio > 0.9).all()
    assert (ratio < 3).all()
    assert (np.diff(ratio) > 0).all()


def test_the_end_of_a_question_is_heard_and_fades_before_the_silence():
    phonemes = SAID["de"]
    melody = asking(phonemes, "de", [True])
    assert melody
    pitch, loudness, frames = curves(phonemes)
    _, strong = melody(pitch, loudness, frames)

    begin = 2 * FRAMES * (phonemes.index("ə") + 1)
    end = begin + 2 * FRAMES - 5
    assert (strong[begin:end] >= LOUD - 2).all()
    assert (np.diff(strong[end : end + 6]) < 0).all()
    assert (strong[end + 6 :] == SILENT).all()


def test_nothing_changes_but_the_end_and_nothing_at_all_where_the_voice_does_not_ask():
    phonemes = f"gˈuːtən tˈɑːk. {SAID['de']}"
    melody = asking(phonemes, "de", [True])
    assert melody
    given = curves(phonemes)
    first = 2 * FRAMES * (phonemes.index("h") - 3)

    for before, after in zip(given, melody(*given), strict=False):
        assert before is not after
        assert np.array_equal(before[:first], after[:first])
    assert asking(phonemes, "de", [False]) is None
    assert asking(phonemes, "de", []) is None
    assert asking(phonemes.replace("?", "."), "de", []) is None
    chosen = [np.zeros((1, 512, 3), np.float32), given[0].reshape(1, 1, -1), given[1].reshape(1, 1, -1)]
    for same, before in zip(sung(chosen, given[2], None), chosen, strict=True):
        assert same is before


def test_of_several_questions_those_are_asked_that_are_told_to_be():
    phonemes = "vˈeːɾ? dˈuː? jˈɑː."
    melody = asking(phonemes, "de", [False, True])
    assert melody
    pitch, loudness, frames = curves(phonemes)
    asked, _ = melody(pitch, loudness, frames)

    changed = np.flatnonzero(asked != pitch) // (2 * FRAMES) - 1
    assert phonemes.index("d") - 2 <= changed.min()
    assert changed.max() <= phonemes.rindex("?")


@pytest.mark.parametrize("phonemes", ["a?", "ˈa?", "t?", "?", "a??", "mˈ?", "ˈˈaː̃?", "a b?"])
def test_no_question_is_too_short_or_too_odd(phonemes):
    for language in ("de", "hu", "ru", "tr", "zh", "ja"):
        melody = asking(phonemes, language, [True])
        if melody:
            for hertz in (HERTZ, 0.0):
                for curve in melody(*curves(phonemes, hertz)):
                    assert np.isfinite(curve).all()
