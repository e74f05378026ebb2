# ruff: noqa: RUF001 - letters of other scripts are the point
"""Kokoro's voices: the real network, loaded once."""

import os
import sys
import threading

import numpy as np
import pytest
from structlog.testing import capture_logs

from bench.loudness import loudness_lufs
from bench.pitch import pitch
from bench.questions import QUESTIONS, ending
from bench.speech_length import held_out
from service.speech.speech_length import estimate
from spoken import passages, runs_by_script
from spoken.languages import LANGUAGES
from worker.speech import SAMPLE_RATE, Speaker, SpokenPart, SynthesisFailed, UnknownVoice
from worker.speech import kokoro_weights as weights
from worker.speech.g2p.symbols import SYMBOLS
from worker.speech.kokoro import run_in_floats
from worker.speech.kokoro import speaker as who_speaks
from worker.speech.loudness import level_and_trim

MOST = 1.5
"""What is spoken to what is priced."""
FALLS_OR_HAS_TONES = {"hu", "pt", "ru", "zh"}
SHORT = {"de": "Guten Morgen, wie geht es Ihnen?", "zh": "今天天气很好。"}


@pytest.fixture(scope="module")
def graph():
    """The rewritten weights, kept where a worker of this machine keeps them."""
    return weights.float_graph(weights.cache_folder(os.environ))


@pytest.fixture(scope="module")
def natural(graph) -> Speaker:
    return Speaker(natural=graph, threads=1)


def speak(speaker: Speaker, text: str, language: str, *, voice: str | None = None, gender: str = "female"):
    chosen = speaker.choose(language=language, voice=voice, text=text, gender=gender, elderly=False)
    return list(speaker.speak(text, chosen))


def whole(parts: list[SpokenPart]) -> np.ndarray:
    return np.concatenate([part.pcm for part in parts])


def test_each_language_has_a_natural_woman_and_man_who_are_preferred_to_the_fast_ones(natural):
    for language in LANGUAGES:
        for gender in ("female", "male"):
            chosen = natural.choose(language=language, voice=None, text="", gender=gender, elderly=False)
            assert (f"{language}-{gender}-natural", "kokoro") == (chosen.name, chosen.engine)
    named = natural.choose(language=None, voice="de-male", text="", gender="female", elderly=False)
    assert named.engine == "espeak"


def test_a_voice_is_native_where_it_was_trained_and_accented_where_it_is_lent(natural):
    accents = {v.name.removesuffix("-natural"): v.accent for v in natural.voices if v.engine == "kokoro"}

    native = {name for name, accent in accents.items() if accent == "native" and "elderly" not in name}
    assert native == {
        *(f"{language}-female" for language in ("en", "es", "fr", "hi", "it", "ja", "pt", "zh")),
        *(f"{language}-male" for language in ("en", "es", "hi", "it", "ja", "pt", "zh")),
    }
    assert {"ja", "im"} == {"ja", who_speaks("fr", "male")[:2]}


def test_a_woman_and_a_man_speak_at_the_common_level_and_he_is_deeper(natural):
    for language, text in SHORT.items():
        her, him = (whole(speak(natural, text, language, gender=gender)) for gender in ("female", "male"))

        assert pitch(him) < 0.75 * pitch(her), language
        for pcm in (her, him):
            assert 1 < len(pcm) / SAMPLE_RATE < 5
            assert loudness_lufs(pcm / 32768, SAMPLE_RATE) == pytest.approx(-16, abs=1)


def seconds(speaker: Speaker, text: str, language: str, **how: str) -> float:
    return len(whole(speak(speaker, text, language, **how))) / SAMPLE_RATE


def test_the_length_of_each_sentence_is_that_of_the_fast_voice_whose_length_is_sold(natural, full):
    for language in LANGUAGES if full else ("de", "zh"):
        for text in held_out(language)[3 : 9 if full else 5]:
            natural_s, fast_s = (
                seconds(natural, text, language, voice=voice)
                for voice in (f"{language}-female-natural", f"{language}-female")
            )

            assert natural_s / fast_s == pytest.approx(1, abs=0.1), (language, text)


@pytest.mark.parametrize("text", ["OK", "…7, 7, 7?", "www.example.com", "Привет", "x y z", "12:45", "愛"])
def test_nothing_is_spoken_for_much_longer_than_its_price(natural, full, text):
    for language in LANGUAGES if full else ("de", "ja"):
        priced_s = estimate(text, language).milliseconds / 1000

        assert seconds(natural, text, language) <= MOST * priced_s, (language, text)


def test_a_voice_speaks_as_long_as_it_is_told_within_what_is_natural(natural):
    def said(wanted: float) -> float:
        words = [("de", "Guten Morgen, wie geht es Ihnen?")]
        sound = natural.natural.utter(words, "de", "female", seconds=wanted)
        return len(level_and_trim(sound, SAMPLE_RATE)) / SAMPLE_RATE

    slowest, wanted, fastest = said(60), said(2), said(0.4)

    assert wanted == pytest.approx(2, abs=0.2)
    assert wanted < slowest < 4
    assert fastest < wanted


def test_speaking_resumes_bit_by_bit_as_if_it_had_never_stopped(natural):
    text = f"{SHORT['de']} Danke, gut."
    first, second = speak(natural, text, "de")

    # eSpeak NG, whose length is kept to, carries a flutter of its pitch from one utterance into the next.
    for before in ("", "Ja.", "Vielen Dank, und bis bald!"):
        speak(natural, f"{before} Gut.", "de", voice="de-female")
        (resumed,) = speak(natural, text[first.spoken :], "de")

        assert np.array_equal(second.pcm, resumed.pcm)


def test_what_was_said_before_changes_nothing_that_the_network_is_asked(natural):
    """It draws no random number; all else that decides a natural voice are its inputs, the length among them."""
    texts = [(language, held_out(language)[0]) for language in LANGUAGES]
    texts += [
        ("de", "Hi! 12:45 OK?"),
        ("ja", "Bitcoin と 東京"),
        ("ar", "3.5% من Bitcoin"),
        ("en", "Привет, world!"),
    ]
    taken = natural.natural._run
    asked = []

    def listen(inputs, _):
        asked.append({name: value.tobytes() for name, value in inputs.items()})
        return np.sin(np.arange(SAMPLE_RATE, dtype=np.float32))

    def inputs(language, text):
        asked.clear()
        speak(natural, text, language)
        return list(asked)

    natural.natural._run = listen
    try:
        first = [inputs(*text) for text in texts]
        for text, wanted in reversed(list(zip(texts, first, strict=True))):
            speak(natural, "Na, so was.", "de", voice="de-male")  # with a flutter, which eSpeak NG keeps

            assert inputs(*text) == wanted, text
    finally:
        natural.natural._run = taken


def test_what_was_said_before_changes_nothing_of_natural_and_english_voices(natural, full):
    languages = LANGUAGES if full else ("ja",)
    names = [f"{language}-female-natural" for language in languages]
    names += ["en-female", "en-male", "en-female-elderly", "en-male-elderly"]

    def said(name):
        text = {"en": "Good morning, how are you?", "ja": "おはよう。"}.get(name[:2], held_out(name[:2])[0])
        return whole(speak(natural, text, name[:2], voice=name))

    first = {name: said(name) for name in names}

    for name in reversed(names):
        assert np.array_equal(first[name], said(name)), name


def test_a_question_mark_reaches_the_network_in_each_language(natural):
    def sounds(text, language):
        (passage,) = passages(text, language)
        return natural.natural._phonemizer.phonemes(runs_by_script(passage.words, language))

    for language, question in QUESTIONS.items():
        for mark in ("?", " ?", "？", "؟", "?!"):
            assert sounds(question + mark, language).endswith("?"), (language, mark)
    assert sounds("«Правда?»", "ru").endswith("?")
    assert sounds("¿Bitcoin?", "es").endswith("?")


def test_a_question_is_heard_and_lasts_as_long_as_its_statement(natural, full):
    for language in LANGUAGES if full else ("de", "ja"):
        if language == "tr":  # whose highest syllable is before what is taken for the end
            continue
        voice = f"{language}-{'male' if language == 'de' else 'female'}-natural"
        question, statement = (
            whole(speak(natural, QUESTIONS[language] + mark, language, voice=voice)) for mark in "?."
        )
        asked, told = ending(question).highest, ending(statement).highest

        assert asked > told + (0.5 if language in FALLS_OR_HAS_TONES else 2), language
        assert len(question) == pytest.approx(len(statement), abs=0.15 * SAMPLE_RATE), language
        priced_s = estimate(f"{QUESTIONS[language]}?", language).milliseconds / 1000
        assert len(question) / SAMPLE_RATE <= MOST * priced_s, language


def test_only_what_yes_or_no_answers_is_said_with_another_pitch(natural):
    asked: list[object] = []
    say = natural.natural._say

    def listen(*how):
        asked.append(how[-1])
        return np.sin(np.arange(SAMPLE_RATE, dtype=np.float32))

    natural.natural._say = listen
    try:
        speak(natural, "Du bist da. Bist du da? Wer ist da? Ja!", "de")
    finally:
        natural.natural._say = say

    assert [melody is not None for melody in asked] == [False, True, False, False]


def test_a_question_resumes_bit_by_bit(natural):
    text = "Gut. Bist du da?"
    first, second = speak(natural, text, "de")
    (resumed,) = speak(natural, text[first.spoken :], "de")

    assert np.array_equal(second.pcm, resumed.pcm)


def test_openvino_says_a_sentence_in_the_same_time_and_nearly_the_same_wave(natural, graph):
    openvino = pytest.importorskip("worker.speech.kokoro_openvino")
    taken = natural.natural._run  # where the processor has it, OpenVINO's
    asked = []

    def listen(inputs, melody):
        asked.append((inputs, melody))
        return taken(inputs, melody)

    natural.natural._run = listen
    try:
        speak(natural, SHORT["de"], "de")
    finally:
        natural.natural._run = taken
    if openvino.multiplies_in_bfloat16():
        coarse, exact = taken, run_in_floats(graph, 1)
    else:
        coarse, exact = openvino.OpenVinoGraph(graph, threads=1).run, taken
    said, wanted = coarse(*asked[0]), exact(*asked[0])

    assert said.shape == wanted.shape
    assert np.mean((said - wanted) ** 2) < 0.02 * np.mean(wanted**2)


def test_openvino_tells_nobody_that_it_was_imported():
    pytest.importorskip("worker.speech.kokoro_openvino")

    assert sys.modules["openvino_telemetry"] is None


def test_words_of_another_script_are_said_by_the_same_voice_in_one_breath(natural):
    asked: list[str] = []
    say = natural.natural._say

    def listen(phonemes, *how):
        asked.append(phonemes)
        return say(phonemes, *how)

    natural.natural._say = listen
    try:
        speak(natural, "我喜欢 Bitcoin。", "zh")
    finally:
        del natural.natural._say

    (phonemes,) = asked
    assert "ɕi↓xwa→n" in phonemes
    assert "bˈɪtkˌYn" in phonemes


def test_what_kokoro_fails_at_is_said_by_the_fast_voice_to_the_end(natural):
    def fail(*_):
        raise SynthesisFailed("no memory")

    text = f"{SHORT['de']} Danke."
    natural.natural._say = fail
    try:
        with capture_logs() as logs:
            parts = speak(natural, text, "de")
    finally:
        del natural.natural._say

    fast = speak(natural, text, "de", voice="de-female")
    assert [part.spoken for part in fast] == [part.spoken for part in parts]
    assert abs(len(whole(fast)) - len(whole(parts))) < 0.1 * SAMPLE_RATE
    assert [(entry["voice"], entry["reason"]) for entry in logs] == [("de-female-natural", "no memory")]


def test_a_worker_without_natural_voices_stands_in_for_one_that_another_began_with():
    fast = Speaker()

    chosen = fast.choose(language=None, voice="pl-male-natural", text="", gender="female", elderly=False)

    assert chosen.name == "pl-male"
    assert "pl-male-natural" not in {voice.name for voice in fast.voices}
    with pytest.raises(UnknownVoice):
        fast.choose(language=None, voice="xx-male-natural", text="", gender="female", elderly=False)


@pytest.mark.parametrize(
    "text", ["5" * 12, "a" + "\u0301" * 300, "😀a😀", "100% [x](/y/)", "สวัสดี Ελλάδα", "ㅋㅋㅋ", "1"]
)
def test_no_text_crashes_a_natural_voice_or_stays_silent(natural, text):
    parts = speak(natural, text, "ko")

    assert len(text) == parts[-1].spoken
    assert np.abs(whole(parts).astype(int)).max() > 3000


def test_an_utterance_that_is_too_long_for_the_network_is_cut_and_said_whole(natural):
    asked: list[str] = []

    def listen(phonemes, *_):
        asked.append(phonemes)
        return np.ones(10, np.float32)

    natural.natural._say = listen
    try:
        natural.natural.utter([("de", "Ein langer Satz geht weiter, " * 40)], "de", "female", seconds=60)
    finally:
        del natural.natural._say

    assert len(asked) > 1
    assert max(map(len, asked)) <= 509
    assert set("".join(asked)) <= SYMBOLS.keys()


def test_several_renders_may_speak_at_once(natural):
    said: dict[int, np.ndarray] = {}

    def say(number: int) -> None:
        said[number] = whole(speak(natural, SHORT["de"], "de"))

    threads = [threading.Thread(target=say, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert np.array_equal(said[0], said[1])
