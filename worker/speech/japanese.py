"""Reads Japanese writing as kana, which is all that eSpeak NG can say; it calls every ideograph "Chinese letter".

Words and their readings come from MeCab's IPA dictionary, whose pronunciation field also knows that the particle は is
said ワ.
"""

import threading

import fugashi  # type: ignore[import-untyped]  # ships no types
import ipadic  # type: ignore[import-untyped]  # ships no types

_PRONUNCIATION = 8  # field of an IPA dictionary entry
_PARTICLE = "助詞"
_AFTER_NUMBER = {
    "月": "ガツ",
    "日": "ニチ",
    "時": "ジ",
    "分": "フン",
    "円": "エン",
    "年": "ネン",
    "人": "ニン",
}
_SYMBOLS = {
    "%": "パーセント",
    "$": "ドル",
    "€": "ユーロ",
    "£": "ポンド",
    "¥": "エン",
    "+": "プラス",
    "=": "イコール",
    "&": "アンド",
}
_VOWEL_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパァャヮ",
    "イ": "イキシチニヒミリギジヂビピィエケセテネヘメレゲゼデベペェ",  # a long e is written with i
    "ウ": "ウクスツヌフムユルグズヅブプゥュヴオコソトノホモヨロヲゴゾドボポォョ",  # a long o with u
}
_LENGTHENED = {kana: vowel for vowel, row in _VOWEL_ROWS.items() for kana in row}


class JapaneseReader:
    """The loaded dictionary.

    Safe to use from several threads. Make one and keep it: a tagger never gives its 10 MB back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a tagger holds the words of its last sentence
        self._tagger = fugashi.GenericTagger(ipadic.MECAB_ARGS)

    def read(self, text: str) -> str:
        """Write a text in kana, with a space between phrases. What has no reading stays as it is."""
        with self._lock:
            tokens = [(token.surface, token.feature) for token in self._tagger(text)]
        words: list[str] = []
        for surface, feature in tokens:
            after_number = bool(words) and words[-1].strip()[-1:].isdigit()
            if after_number and surface in _AFTER_NUMBER:
                reading = _AFTER_NUMBER[surface]
            elif surface in _SYMBOLS:
                reading = _SYMBOLS[surface]
            elif len(feature) > _PRONUNCIATION and not surface.isascii():
                reading = feature[_PRONUNCIATION]
            else:
                reading = surface if len(surface) == 1 or surface.isascii() else self._spell(surface)
            words.append(_lengthen(reading) + (" " if feature[0] == _PARTICLE else ""))
        return "".join(words)

    def _spell(self, word: str) -> str:
        """Read a word that the dictionary lacks letter by letter: most ideographs have a reading alone."""
        return "".join(self.read(letter) for letter in word)


def _lengthen(reading: str) -> str:
    """Write each long mark as the vowel that it lengthens: eSpeak NG passes over the mark."""
    letters: list[str] = []
    for letter in reading:
        letters.append(_LENGTHENED.get(letters[-1], "") if letter == "ー" and letters else letter)
    return "".join(letters)
