import json
import time

import pytest

from bench.speech_length import SENTENCES, calibration, held_out
from service.catalogue.built_in import LANGUAGES
from service.speech.speech_length import FEATURES, estimate, longest, longest_at_most, warm_up
from spoken.languages import detect_language

MOST_MS = 300_000
WORST_CASES = {
    "digits": "5" * 5000,
    "numbers": "12 " * 1666,
    "emoji": "😀" * 5000,
    "addresses": "https://www.example.com/a/b?c=d " * 156,
    "half an address": "www." * 1250,
    "mail": "a@" * 2500,
    "dotted": "a." * 2500,
    "endless word": "abcdefg" * 714,
    "ideographs": "天" * 5000,
    "accents": "a" + "\u0301" * 4999,
    "marks": ".,!?" * 1250,
    "lines": "\n" * 5000,
    "scripts": "aяあ天한अع" * 714,
    "sums": "$1,234.50 " * 500,
    "dates": "1/2/2024 3. 4. " * 333,
    "telephones": "+1 (555) 010-9999 " * 277,
    "versions": "1.2.3 " * 833,
    "times": "9:30-10.15 Uhr " * 333,
    "colons": "a:" * 2500,
    "tags": "<a b" * 1250,
    "currency": "$ " * 2500,
    "numbers in words": "z. B. 3 der 7 Kisten um 9 Uhr, " * 97,
    "laughter": "haha" * 1250,
}


@pytest.mark.parametrize("text", WORST_CASES.values(), ids=WORST_CASES)
def test_no_text_takes_long_to_estimate(text):
    warm_up()

    started = time.process_time()
    speech = estimate(text, None)
    if speech.milliseconds <= MOST_MS:  # as a quote does, which refuses it otherwise
        longest(speech, enough=MOST_MS)

    assert time.process_time() - started < 0.5  # 17 languages normalize it, on a busy machine


@pytest.mark.parametrize("text", WORST_CASES.values(), ids=WORST_CASES)
@pytest.mark.parametrize("language", ["de", "ja"])
def test_no_text_takes_the_square_of_its_length(text, language):
    short, long = text[: len(text) // 8], text
    times = [
        (taken(lambda: estimate(short, language)), taken(lambda: estimate(long, language))) for _ in range(5)
    ]
    least_short, least_long = (min(each) for each in zip(*times, strict=True))

    # A square would be 64 times: there is room for a machine that is busy with other things.
    assert least_long < 24 * least_short + 0.005


def taken(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def test_the_longest_reading_is_no_shorter_than_any_reading():
    for text in ("Hello, world! 1984", "天気がいい", "5" * 50, "https://example.com"):
        assert max(estimate(text, language).milliseconds for language in LANGUAGES) == longest(
            estimate(text, None)
        )


@pytest.mark.parametrize("text", [*WORST_CASES.values(), "Hello, world! 1984", "天気がいい。", "Привет!"])
def test_the_bound_of_the_longest_reading_holds(text):
    assert longest(estimate(text, None)) <= longest_at_most(estimate(text, None))


@pytest.mark.parametrize("text", ["Hello, world. " * 300, "天気がいい。" * 300, "Привет! " * 300])
def test_the_bound_of_the_longest_reading_is_not_far_from_it_where_all_languages_say_the_same(text):
    assert longest_at_most(estimate(text, None)) <= 2.5 * longest(estimate(text, None))


def test_a_text_with_nothing_to_speak_takes_no_time():
    for text in ("", " \n", "😀🎉", "?!…", "$$$", "ᚠᚢ"):
        assert (estimate(text, "en").milliseconds, longest(estimate(text, None))) == (0, 0), text


@pytest.mark.parametrize("text", ["a", "1", "ß", "天", "😀a"])
def test_a_text_with_anything_to_speak_takes_some_time(text):
    for language in LANGUAGES:
        assert estimate(text, language).milliseconds > 0


def test_a_named_language_is_taken_and_a_missing_one_told_from_the_text():
    assert estimate("Good morning.", "de").language == "de"
    assert estimate("Good morning, how are you today?", None).language == "en"


def test_an_address_is_priced_as_its_host():
    short = estimate("See www.example.com now.", "en")
    long = estimate("See https://www.example.com/" + "path/" * 100 + " now.", "en")

    assert short.milliseconds == long.milliseconds


def test_every_digit_of_a_long_number_is_priced():
    hundred, thousand = (estimate("5" * digits, "fr").milliseconds for digits in (100, 1000))

    assert 9 < thousand / hundred < 11


def test_emoji_cost_nothing():
    assert estimate("Hello there.", "en").milliseconds == estimate("Hello 😀🎉 there.", "en").milliseconds


def test_more_words_never_take_less_time():
    for language in LANGUAGES:
        sentence = held_out(language)[-1]
        assert (
            estimate(sentence, language).milliseconds
            < estimate(f"{sentence} {sentence}", language).milliseconds
        )


def test_chinese_is_sold_by_how_long_each_ideograph_is_read():
    def sold_ms(text, language="zh"):
        return estimate(text, language).milliseconds

    assert sold_ms("他狂书") - sold_ms("他的书") > 100  # kuáng and the neutral de
    assert sold_ms("他姓上") - sold_ms("他姓大") > 50
    assert sold_ms("他狂书", "ja") == sold_ms("他的书", "ja")


def test_languages_are_told_apart():
    sentences = [
        (language, text) for language in LANGUAGES for text in (*calibration(language), *held_out(language))
    ]

    wrong = [text for language, text in sentences if detect_language(text) != language]

    assert len(wrong) <= 0.01 * len(sentences), wrong


def test_a_text_without_letters_counts_as_english():
    assert [detect_language(text) for text in ("", "1984", "😀 !")] == ["en", "en", "en"]


def test_the_weights_name_every_language_and_feature():
    table = json.loads((SENTENCES.parents[1] / "service" / "speech" / "speech_length.json").read_text())

    assert sorted(LANGUAGES) == sorted(table)
    assert all(list(FEATURES) == list(weights) for weights in table.values())
    assert all(weight >= 0 for weights in table.values() for weight in weights.values())


def test_letters_that_voices_only_name_are_not_spoken_and_not_sold():
    named = estimate("ӀӠҞ ԀԂԄԆ ѠѢѤ ڀڒښۃ ᄓᄔᅟ ❦§¶™ Good morning.", "en").milliseconds

    assert named < 2.5 * estimate("Good morning.", "en").milliseconds


def test_letters_with_accents_that_no_voice_knows_cost_as_much_as_without():
    accented, plain = "Xin chào các bạn, trời rất đẹp", "Xin chào các ban, trời rat đep".replace("ờ", "o")

    assert estimate(accented, "en") == estimate(plain, "en")


def test_words_without_vowels_are_sold_by_the_names_of_their_letters():
    spelled, read = estimate("wbw wdw wfw wgw whw", "en"), estimate("waw wow wiw wew wuw", "en")

    assert spelled.milliseconds > 1.5 * read.milliseconds
