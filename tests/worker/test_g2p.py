# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""Words to sounds, by the rules of each language."""

import pytest

from bench.speech_length import held_out
from spoken import passages, runs_by_script
from spoken.languages import LANGUAGES
from worker.speech import Espeak
from worker.speech.english import EnglishVoice
from worker.speech.g2p import SYMBOLS, Phonemizer
from worker.speech.g2p.arabic import ArabicReader, sounds
from worker.speech.g2p.hangul import hangul
from worker.speech.g2p.ipa import kokoro_phonemes
from worker.speech.g2p.kana import kana
from worker.speech.g2p.numbers import in_chinese, in_korean
from worker.speech.g2p.pinyin import chinese, syllable
from worker.speech.japanese import JapaneseReader
from worker.speech.speaker import ESPEAK_LANGUAGE


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer(
        english=EnglishVoice().phonemes,
        japanese=JapaneseReader(),
        arabic=ArabicReader().read,
        espeak=Espeak(),
        espeak_languages=ESPEAK_LANGUAGE,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_written_in_known_symbols_with_its_marks(phonemizer, language):
    for text in held_out(language):
        (passage, *_) = passages(text, language)

        phonemes = phonemizer.phonemes(runs_by_script(passage.words, language))

        assert set(phonemes) <= SYMBOLS.keys()
        assert phonemes[-1] in ".!?,;:" or passage.words[-1].isalnum(), phonemes
        assert len(phonemes) > len(passage.words) / 3


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("좋다", "ʨotʰa"), ("좋아", "ʨoa"), ("않는", "annɨn"), ("입학", "ipʰak"), ("못해", "motʰɛ"),
        ("굳이", "kuʥi"), ("같이", "kaʨʰi"), ("닫히다", "taʨʰida"), ("음악", "ɨmak"), ("없어", "ɔpsɔ"),
        ("읽어", "ilɡɔ"), ("국물", "kuŋmul"), ("합니다", "hamnida"), ("독립", "toŋnip"), ("신라", "ɕilla"),
        ("의사", "ɨisa"), ("값이", "kapɕi"),
    ],
)  # fmt: skip
def test_letters_of_hangul_that_meet_change_each_other(word, sounds):
    assert hangul(word) == sounds


@pytest.mark.parametrize(
    ("vowelled", "said"),
    [
        ("الشَّمْسُ", "aʃːams"), ("وَالشَّمْسُ", "waʃːams"), ("الْقَمَرُ", "alkamar"), ("بِالْبَيْتِ", "bilbajt"),
        ("قَالَ", "kaːl"), ("كَبِيرٌ", "kabiːr"), ("شُكْرًا", "ʃukran"), ("عَادَةً", "aːdatan"), ("سَاعَةٍ", "saːa"),
        ("تَعْمَلُ", "taːmal"), ("اللَّهُ", "alːah"), ("آخَرُ", "aːxar"), ("الِاجْتِمَاعُ", "aliʤtimaː"), ("اكْتُبْ", "iktub"),
        ("جِدًّا", "ʤidːan"),
    ],
)  # fmt: skip
def test_arabic_is_said_with_its_vowels_and_without_its_cases(vowelled, said):
    assert sounds(vowelled) == said


def test_the_vowels_of_arabic_are_found_and_its_marks_stay(phonemizer):
    assert phonemizer.phonemes([("ar", "يلعب الأطفال، في الحديقة!")]) == "jalab alatfaːl, fiː alhadiːka!"


@pytest.mark.parametrize(
    ("pinyin", "sounds"),
    [
        ("zhuang1", "ꭧwa→ŋ"), ("yuan2", "ɥɛ↗n"), ("ju3", "ʨy↓"), ("qiong2", "ʨʰjʊ↗ŋ"), ("liu4", "ljou↘"),
        ("gui4", "kwei↘"), ("lun2", "lwə↗n"), ("wo3", "wo↓"), ("er4", "ɚ↘"), ("shi4", "ʂɨ↘"), ("zi5", "ʦɨ"),
        ("nü3", "ny↓"), ("ni3", "ni↓"), ("weng1", "wə→ŋ"), ("123", ""),
    ],
)  # fmt: skip
def test_a_syllable_of_pinyin_is_sounds_with_an_arrow_for_its_tone(pinyin, sounds):
    assert syllable(pinyin) == sounds


def test_chinese_characters_are_read_by_the_word_that_they_stand_in():
    assert chinese("银行").strip() == "i↗nxa↗ŋ"
    assert chinese("旅行").strip() == "ly↓ɕi↗ŋ"


def test_kana_are_read_with_their_small_ones_and_their_nasal():
    assert kana("きゃく") == "kʲakɯ"
    assert kana("シンブン") == "ɕimbɯɴ"
    assert kana("パーティー") == "paːtʲiː"
    assert kana("ガッコウ") == "ɡaʔkoɯ"
    assert kana("ゲンキ") == "ɡeŋkʲi"


def test_numbers_are_read_in_chinese_and_korean():
    assert (
        in_chinese("10 105 10050 1234567 3.5 2024年")
        == "十 一百零五 一万零五十 一百二十三万四千五百六十七 三点五 二零二四年"
    )
    assert in_korean("3시 5분, 12개, 20살, 10000원") == "세시 오분, 열두개, 스무살, 만원"


def test_a_dot_inside_a_sound_is_no_end_of_a_sentence():
    assert kokoro_phonemes("lˈʌr.kˌaː", "hi") == "lˈʌɽkˌaː"
    assert kokoro_phonemes("ʔarrˈa.d^ʒul", "ar") == "arrˈaʤul"


def test_sounds_that_the_voices_never_learnt_are_written_as_the_nearest():
    assert kokoro_phonemes("ɟˈaːbel", "cs") == "djˈaːbel"
    assert kokoro_phonemes("kɯzɯɫ", "tr") == "kɨzɨl"
    assert kokoro_phonemes("bɔ̃ʒˈuʁ", "fr") == "bɔ̃ʒˈuʁ"
    assert kokoro_phonemes("nˈa^ɪn t^sˈaɪt", "de") == "nˈIn ʦˈaɪt"


def test_pauses_are_where_the_text_has_its_marks(phonemizer):
    assert phonemizer.phonemes([("de", "Ja, gut! Um 9 Uhr?")]) == "jˈɑː, ɡˈuːt! ʊm nˈɔøn ˈuːɾ?"
    assert phonemizer.phonemes([("zh", "好，好。")]) == "xau↓, xau↓."
