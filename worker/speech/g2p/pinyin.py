# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""Reads Chinese: words by jieba, their pinyin by pypinyin, and that as sounds with an arrow for each tone.

The sounds are those of standard Mandarin (Duanmu, The Phonology of Standard Chinese, 2007), written as in Kokoro's
training: affricates as one letter, the tone after the vowel, the vowel of zhi and zi as ɨ.
"""

import re
import threading
import warnings
from functools import cache
from typing import Any

from worker.speech.g2p.numbers import in_chinese

_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_INITIALS = {
    "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n",
    "l": "l", "g": "k", "k": "kʰ", "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ",
    "s": "s",
}  # fmt: skip
# Vowels by what stands before them: nothing, i, u or ü.
_GLIDES = {"": "", "i": "j", "u": "w", "ü": "ɥ"}
_RHYMES = {
    "a": "a", "ai": "ai", "an": "an", "ang": "aŋ", "ao": "au", "e": "ɤ", "ei": "ei", "en": "ən", "eng": "əŋ",
    "er": "ɚ", "o": "wo", "ong": "ʊŋ", "ou": "ou", "i": "i", "in": "in", "ing": "iŋ", "u": "u", "ü": "y",
    "ün": "yn", "ê": "ɛ", "m": "m", "n": "n", "ng": "ŋ", "hm": "hm", "hng": "hŋ",
}  # fmt: skip
_AFTER_GLIDE = {"e": "e", "o": "o"}
_FRONTED = {"ian": "jɛn", "üan": "ɥɛn", "iong": "jʊŋ", "un": "wən"}
# Spellings of the same rhyme: without a consonant before it, and shortened after one.
_ALONE = {"yi": "i", "yu": "ü", "wu": "u", "y": "i", "w": "u"}
_SHORTENED = {"iu": "iou", "ui": "uei"}
_SYLLABLE = re.compile(r"([a-zêü]+)([1-5])")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]+")

_loading = threading.Lock()


def chinese(text: str) -> str:
    """Write the Chinese of a text as sounds; all else stays as it is."""
    return _HAN.sub(lambda run: _words(run[0]), in_chinese(text))


def _words(text: str) -> str:
    with _loading:
        cut, read = _reader()
    said = ("".join(syllable(pinyin) for pinyin in read(word)) for word in cut(text))
    return " ".join(said) + " "


def syllable(pinyin: str) -> str:
    """Write a syllable such as "zhuang1" as sounds; empty for what is none."""
    match = _SYLLABLE.fullmatch(pinyin)
    if match is None:
        return ""
    spelling, tone = match[1], _TONES[match[2]]
    initial = next((letters for letters in _INITIALS if spelling.startswith(letters)), "")
    if spelling in _RHYMES:
        initial = ""
    rhyme = spelling[len(initial) :]
    if not initial:
        start = next((letters for letters in _ALONE if rhyme.startswith(letters)), "")
        rhyme = _ALONE.get(start, "") + rhyme[len(start) :]
    elif initial in ("j", "q", "x"):
        rhyme = re.sub("^u", "ü", rhyme)
    if rhyme == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        sounds = "ɨ"
    else:
        sounds = _rhyme(_SHORTENED.get(rhyme, rhyme))
    coda = sounds[-1:] if sounds[-1:] in ("n", "ŋ") and len(sounds) > 1 else ""
    return _INITIALS.get(initial, "") + sounds.removesuffix(coda) + tone + coda


def _rhyme(rhyme: str) -> str:
    if rhyme in _FRONTED:
        return _FRONTED[rhyme]
    if rhyme in _RHYMES:
        return _RHYMES[rhyme]
    glide, rest = rhyme[:1], rhyme[1:]
    return _GLIDES.get(glide, "") + _AFTER_GLIDE.get(rest, _RHYMES.get(rest, ""))


@cache
def _reader() -> tuple[Any, Any]:
    """Load the dictionaries, once: a second, and some 100 MB that only who speaks Chinese needs."""
    with warnings.catch_warnings():
        # jieba's patterns are written in a way that Python has come to warn of.
        warnings.simplefilter("ignore")
        import jieba  # noqa: PLC0415 - see above
        from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - as slow

    words = jieba.Tokenizer()
    # Left to itself it would keep its dictionary in the common folder for temporary files, and believe what lies there.
    words.FREQ, words.total = words.gen_pfdict(words.get_dict_file())
    words.initialized = True

    def read(word: str) -> list[str]:
        return lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=True, errors="ignore")

    return words.cut, read
