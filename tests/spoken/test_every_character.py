"""No character is a way to be spoken to for longer than was paid for, whatever the language.

Real voices speak the assigned characters of the basic plane and of those of emoji, signs and mathematical letters:
alone, doubled, in a sentence, and repeated in a word, in words and in lines. Characters that the normalization cannot
tell apart are spoken once, and a part of the ideographs and syllables stands for all. Of the rest each language takes
each character that was found to be dear in it, a third of those that were so elsewhere, of the marks, signs, digits and
letters of ASCII, and one in 240 of all others, the same ones each time; English, whose neural voice is slower, takes a
sixth of that. `--full` takes them all.
"""

import unicodedata
import zlib
from collections import OrderedDict

import numpy as np
import pytest

from bench.speech_length import held_out
from service.speech.speech_length import estimate
from spoken import LANGUAGES, passages
from spoken.characters import BECOMES, SIGNED
from worker.speech import SAMPLE_RATE, NothingToSpeak, Speaker, loudness

PLANES = [*range(0x10000), *range(0x1D400, 0x1D800), *range(0x1F000, 0x1FB00)]
SAMPLED = [*range(0x3400, 0xA000), *range(0xAC00, 0xD7A4)]
"""Ideographs and syllables."""
ONE_IN = 997
MOST = 1.5
"""What is spoken to what is priced."""
DEAR_IN = {
    "ar": "ؽ⒑ﵤﶖﶩﶪﶮﶾﴀﳷﱚآ㍻ﬃ⒈", "de": "Ⅻ⑫⒉⒑⒓㉒㍚㍮㎈", "en": "ĲĳǉⅢ㎮", "hi": "⒑㎡㎥",
    "hu": "㎝", "ja": "ぞ蓮ぜ⑩⑻",
    "ko": "㉷㎉℃℉㎡㎥쪄", "nl": "㏊칩㍳", "pl": "㏊", "pt": "㎹", "ru": "ﬃ㎡㎥",
    "zh": "⅕",
}  # fmt: skip
"""Once spoken for longer than priced, by language: words alone, and again and again."""
DEAR = frozenset("և㍴㌹㏖ﰼ﷼ﷱ㎼㎫ⅪⅫﬔؽ㎉ড়㏊ਫ਼喝恵ⅳ㉷ؽﶖඣﵤয়ⅧػĲŲÎぞwIi⒑㌪㏌㎬粠")
"""Once spoken for longer than priced in some other language: units, ligatures, letters whose names are long."""
REMEMBERED, REMEMBERED_S = 1500, 10
"""Utterances, and how long each is at most: some 200 MB."""
OFTEN = 40


def kinds():
    """Return a character of each kind that the normalization tells apart."""
    found: dict[tuple[str, str], str] = {}
    for code in PLANES:
        character = chr(code)
        if unicodedata.category(character) in {"Cn", "Co", "Cs"} or (code in sampled and code % ONE_IN):
            continue
        becomes = unicodedata.normalize("NFKC", character.translate(SIGNED)).translate(BECOMES)
        # Where stretches end is told from the character itself.
        ends = character.isspace() or unicodedata.category(character)[0] == "P"
        found.setdefault((becomes, character if ends else ""), character)
    return found


sampled = set(SAMPLED)
KINDS = kinds()


def texts(character, language):
    """Yield a text for each way to write it."""
    sentence = held_out(language)[0]
    middle = len(sentence) // 2
    yield character
    yield character * 2
    yield f"{sentence[:middle]} {character} {sentence[middle:]}"
    yield "Hi. " + character * OFTEN
    yield "Hi. " + f"{character} " * 12
    yield f"{character}\n" * 12


def one_in(becomes, character, language):
    """Tell of how many kinds one is taken."""
    if character in DEAR_IN.get(language, ""):
        return 1
    if character in DEAR:
        return 3
    simple = len(becomes) == 1 and (becomes.isascii() or not becomes.isalpha())
    said = any(part.isalnum() for part in becomes)
    return (6 if language == "en" else 1) * (3 if simple or not said else 240)


@pytest.fixture(scope="module")
def speaker():
    """The real voices, which remember what they have said; loudness changes no length and takes half of the time."""
    said: OrderedDict[tuple[str, str, str], np.ndarray] = OrderedDict()  # what was said last is at the end
    patch = pytest.MonkeyPatch()
    say = Speaker._say_run

    def remembered(self, words, language, voice, *how, **more):
        key = (words, language, voice.name)
        if key in said:
            said.move_to_end(key)
            return said[key]
        samples = say(self, words, language, voice, *how, **more)
        if len(samples) < REMEMBERED_S * SAMPLE_RATE:
            said[key] = samples
            if len(said) > REMEMBERED:
                said.popitem(last=False)
        return samples

    patch.setattr(Speaker, "_say_run", remembered)
    patch.setattr(loudness, "_gain", lambda samples, sample_rate: 1.0)
    patch.setattr(loudness, "true_peaks", np.zeros_like)
    yield Speaker()
    patch.undo()


def spoken_ms(speaker, text, language):
    voice = speaker.choose(language=language, voice=None, text="", gender="female", elderly=False)
    try:
        return sum(len(part.pcm) for part in speaker.speak(text, voice)) / SAMPLE_RATE * 1000
    except NothingToSpeak:
        return 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_character_is_spoken_for_much_longer_than_its_price(speaker, language, full):
    wrong, heard = [], set()

    for (becomes, _), character in KINDS.items():
        if not full and zlib.crc32(f"{becomes}{language}".encode()) % one_in(becomes, character, language):
            continue
        for text in texts(character, language):
            words = tuple(passage.words for passage in passages(text, language))
            if words in heard:
                continue
            heard.add(words)
            spoken, priced = spoken_ms(speaker, text, language), estimate(text, language).milliseconds
            if spoken > MOST * priced or (spoken == 0) != (priced == 0):
                wrong.append(f"U+{ord(character):04X} {text[:20]!r}: {spoken:.0f} ms for {priced} ms")

    assert heard
    assert not wrong, "\n".join(wrong)
