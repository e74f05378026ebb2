# ruff: noqa: RUF001 - marks and letters of other scripts are the point
"""What is spoken of a text is one answer: the same to who prices it and who speaks it, in bounded time."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.speech.speech_length import estimate, longest, longest_at_most
from spoken import LANGUAGES, passages
from spoken.normalization import normalize
from spoken.stretches import LONGEST, stretches
from worker.speech import SAMPLE_RATE, NothingToSpeak, Speaker

LANGUAGE = st.sampled_from(LANGUAGES)
ANY = st.text(max_size=60)
LETTERS = (
    "a é ß w ж й ь ε Ω א ش أ क ् ि あ ァ ヴ ー 漢 한 ᄀ ﷺ"
    " Dr. III XIV. iPhone Mon–Fri век 年 월 vs. kg Ft \u0301 \u200d"
)
NUMBERS = (
    "№ 1º ❼ ² ½ Ⅳ ㎄ 5 50 99 007 1,234.5 12:30 2026-11-21 1/2/2026 $3.50 3€ zł 9h30 50% -5 +1(555)010-9999 10² x^2"
    " 5'11\" 1/4 5km $2T ① § ≤ 3:30pm 1.299,- 〜"
)
MARKS = ". , ; : ! ? … ( ) - – — ' \" / \\ [ ] § ¶ ™ ׀ ჻ 。 、 ！ + = % & # ° × < > 😀"
ODD = st.lists(
    st.sampled_from(
        [*f"{LETTERS} {NUMBERS} {MARKS} www.example.com a@b.de".split(), " ", " ", " ", "\n", "  "]
    ),
    max_size=40,
).map("".join)


@pytest.fixture(scope="module")
def speaker():
    return Speaker()


@settings(max_examples=1000, deadline=None)
@given(ANY | ODD, LANGUAGE)
def test_a_text_is_priced_at_nothing_exactly_when_nothing_of_it_is_spoken(text, language):
    assert (estimate(text, language).milliseconds == 0) == (not list(passages(text, language)))


@settings(max_examples=25, deadline=None)
@given(ODD, LANGUAGE)
def test_the_worker_speaks_exactly_where_there_is_a_price(speaker, text, language):
    voice = speaker.choose(language=language, voice=None, text="", gender="male", elderly=False)
    try:
        spoken = sum(len(part.pcm) for part in speaker.speak(text, voice))
    except NothingToSpeak:
        spoken = 0

    assert (spoken > 0) == (estimate(text, language).milliseconds > 0)


@settings(max_examples=1000, deadline=None)
@given(ANY | ODD, LANGUAGE)
def test_passages_follow_each_other_and_can_be_taken_up_at_each(text, language):
    spoken = list(passages(text, language))

    assert all(passage.words for passage in spoken)
    assert [passage.start for passage in spoken] == sorted(passage.start for passage in spoken)
    assert not spoken or spoken[-1].end == len(text)
    for index, passage in enumerate(spoken[:-1]):
        rest = list(passages(text[passage.end :], language))
        assert [later.words for later in spoken[index + 1 :]] == [later.words for later in rest]


@settings(max_examples=500, deadline=None)
@given(ANY | ODD, LANGUAGE)
def test_what_is_spoken_holds_nothing_that_a_voice_would_name(text, language):
    for passage in passages(text, language):
        marks = re.sub(r"[\w\s]|[^\W\d_]|[\u0300-\u1fff]", "", passage.words)
        assert set(marks) <= set(".,;:!?…、。()-–'/$€£°"), passage.words
        assert not re.search(r"[,;:!?…]{2}|[()]{3}|\s\s", passage.words), passage.words
        assert language == "ja" or not re.search(r"\d", passage.words), passage.words


@settings(max_examples=300, deadline=None)
@given(ANY | ODD)
def test_the_bound_of_the_longest_reading_holds(text):
    exact = max(estimate(text, language).milliseconds for language in LANGUAGES)

    assert exact <= longest(estimate(text, None)) + 1
    assert longest(estimate(text, None)) <= longest_at_most(estimate(text, None))


@settings(max_examples=100, deadline=None)
@given(ANY | ODD, LANGUAGE)
def test_what_does_not_vary_is_spoken_in_the_same_words_in_every_language(text, language):
    same = [passage.words for passage in passages(text, language) if not passage.varies]

    for other in LANGUAGES:
        assert same == [passage.words for passage in passages(text, other) if not passage.varies]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ODD.filter(lambda text: len(text) > 20), LANGUAGE.filter(lambda language: language != "en"))
def test_a_mixture_of_anything_is_not_spoken_for_much_longer_than_its_price(speaker, text, language):
    voice = speaker.choose(language=language, voice=None, text="", gender="female", elderly=False)
    try:
        spoken = sum(len(part.pcm) for part in speaker.speak(text, voice)) / SAMPLE_RATE * 1000
    except NothingToSpeak:
        spoken = 0

    assert spoken <= 1.5 * estimate(text, language).milliseconds


ADVERSARIAL = {
    "half an address": "www.",
    "addresses": "https://a.",
    "users": "http://a:",
    "endless user": "a.",
    "mail": "a@b.",
    "mail without host": "a@",
    "commas in an address": "www.x,",
    "telephones": "+1 (",
    "digits": "5",
    "numbers": "1,234.",
    "money": "$1,234 ",
    "money signs": "$ ",
    "dates": "1/2/",
    "marks": ".!? ",
    "dots": ". ",
    "dashes": "- – ",
    "brackets": "( ",
    "strokes": "/ ",
    "quotes": "'",
    "lines": "a\n",
    "ends": "a.\n",
    "spaces": " ",
    "endless word": "ab",
    "accents": "a\u0301",
    "vowel signs": "कि\u093f",
    "ligatures": "\ufdfa",
    "kana": "ヴァー",
    "consonants": "bß",
}


@pytest.mark.parametrize("unit", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_no_expression_ever_sees_more_than_one_stretch(unit, monkeypatch):
    """Which bounds the steps: even an expression that is quadratic takes the square of a constant for each stretch."""
    seen: list[str] = []

    def watched(text, vocabulary):
        seen.append(text)
        return normalize(text, vocabulary)

    monkeypatch.setattr("spoken.passage.normalize", watched)
    text = (unit * 5000)[:5000]

    for language in ("en", "zh"):
        list(passages(text, language))

    seen = [
        re.sub(r"(https?://|www)\S*", "", text) for text in seen
    ]  # an address is read once, from left to right
    assert max(map(len, seen)) <= LONGEST


@pytest.mark.parametrize("unit", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_a_text_of_twice_the_length_takes_twice_the_steps(unit):
    """Characters that the cut looks at, counted, not timed."""

    class Counted(str):
        __slots__ = ()
        looks = 0

        def __getitem__(self, key):
            Counted.looks += 1
            return Counted(super().__getitem__(key)) if isinstance(key, slice) else super().__getitem__(key)

    def looks(length):
        Counted.looks = 0
        list(stretches(Counted((unit * length)[:length])))
        return Counted.looks

    assert looks(8_000) <= 2.2 * looks(4_000) + 100


@pytest.mark.parametrize("unit", ["<!--", "<script>", "<br>", "<b>1"])
def test_half_open_markup_without_end_is_done_with_at_once(unit):
    """Tags weigh nothing, so that a stretch may hold any number of them; what is quadratic takes most of a minute."""
    began = time.process_time()

    list(passages((unit * 100_000)[:100_000], "en"))

    assert time.process_time() - began < 5
