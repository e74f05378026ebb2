"""Reads Japanese writing as kana, which is all that eSpeak NG can say; it calls every ideograph "Chinese letter".

Words and their readings come from MeCab's IPA dictionary, whose pronunciation field also knows that the particle は is
said ワ.
"""

import re
import threading

import fugashi  # type: ignore[import-untyped]  # ships no types
import ipadic  # type: ignore[import-untyped]  # ships no types

from spoken.verbalizers.ja import PEOPLE

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
_DIGITS = ("", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
_HUNDREDS = {3: "サンビャク", 6: "ロッピャク", 8: "ハッピャク"}
_THOUSANDS = {3: "サンゼン", 8: "ハッセン"}
_MYRIADS = ("", "マン", "オク", "チョウ")
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?")
_LONGEST_NUMBER = 16  # digits; longer ones are read one by one
_COUNTED = {  # numbers that change with what they count
    "人": {1: "ヒトリ", 2: "フタリ", 4: "ヨニン"},
    "つ": {
        1: "ヒトツ", 2: "フタツ", 3: "ミッツ", 4: "ヨッツ", 5: "イツツ", 6: "ムッツ", 7: "ナナツ", 8: "ヤッツ",
        9: "ココノツ",
    },
    "日": {
        1: "ツイタチ", 2: "フツカ", 3: "ミッカ", 4: "ヨッカ", 5: "イツカ", 6: "ムイカ", 7: "ナノカ", 8: "ヨウカ",
        9: "ココノカ", 10: "トオカ", 14: "ジュウヨッカ", 20: "ハツカ", 24: "ニジュウヨッカ",
    },
    "月": {4: "シガツ", 7: "シチガツ", 9: "クガツ"},
    "時": {4: "ヨジ", 7: "シチジ", 9: "クジ", 19: "ジュウクジ"},
    "分": {1: "イップン", 3: "サンプン", 4: "ヨンプン", 6: "ロップン", 8: "ハップン", 10: "ジュップン"},
    "歳": {1: "イッサイ", 8: "ハッサイ", 10: "ジュッサイ", 20: "ハタチ"},
    "個": {1: "イッコ", 6: "ロッコ", 8: "ハッコ", 10: "ジュッコ"},
    "回": {1: "イッカイ", 6: "ロッカイ", 8: "ハッカイ", 10: "ジュッカイ"},
}  # fmt: skip
_COUNTED_NUMBER = re.compile(rf"(?<![\d.,])(\d{{1,2}})([{''.join(_COUNTED)}])(?!間)")
_PEOPLE = {"一": "ヒトリ", "二": "フタリ"}
_TENS_OF_MINUTES = re.compile(r"([2-5])0分")
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
_AGAIN = "々"
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
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

    def read(self, text: str, *, lengthened: bool = True) -> str:
        """Write a text in kana, with a space between phrases. What has no reading stays as it is.

        Args:
            text: any.
            lengthened: with a vowel for each long mark.
        """
        text = PEOPLE.sub(lambda match: _PEOPLE[match[1]], text)
        text = _COUNTED_NUMBER.sub(lambda match: _COUNTED[match[2]].get(int(match[1]), match[0]), text)
        text = _TENS_OF_MINUTES.sub(lambda match: f"{_DIGITS[int(match[1])]}ジュップン", text)
        with self._lock:
            tokens = [(token.surface, token.feature) for token in self._tagger(text)]
        words: list[str] = []
        for surface, feature in tokens:
            after_number = bool(words) and words[-1].strip()[-1:].isdigit()
            if surface == _AGAIN:  # a word that the dictionary lacks
                reading = words[-1].strip() if words else ""
            elif after_number and surface in _AFTER_NUMBER:
                reading = _AFTER_NUMBER[surface]
            elif surface in _SYMBOLS:
                reading = _SYMBOLS[surface]
            elif len(feature) > _PRONUNCIATION and not surface.isascii():
                reading = feature[_PRONUNCIATION]
            else:
                reading = surface if len(surface) == 1 or surface.isascii() else self._spell(surface)
            words.append(
                (_lengthen(reading) if lengthened else reading) + (" " if feature[0] == _PARTICLE else "")
            )
        # An ideograph without a reading would be called "Chinese letter".
        return _NUMBER.sub(_number, _IDEOGRAPH.sub("", "".join(words)))

    def _spell(self, word: str) -> str:
        """Read a word that the dictionary lacks letter by letter: most ideographs have a reading alone."""
        readings: list[str] = []
        for letter in word:
            readings.append(readings[-1] if letter == _AGAIN and readings else self.read(letter))
        return "".join(readings)


def _number(match: re.Match[str]) -> str:
    whole, fraction = match[1].replace(",", ""), match[2]
    said = _one_by_one(whole) if whole.startswith("0") or len(whole) > _LONGEST_NUMBER else _whole(whole)
    return f"{said}テン{_one_by_one(fraction)}" if fraction else said


def _one_by_one(digits: str) -> str:
    return " ".join(_DIGITS[int(digit)] or "ゼロ" for digit in digits)


def _whole(digits: str) -> str:
    groups = [int(digits[max(0, end - 4) : end]) for end in range(len(digits), 0, -4)]
    said = [_group(group) + myriad for group, myriad in zip(groups, _MYRIADS, strict=False) if group]
    return " ".join(reversed(said))


def _group(number: int) -> str:
    """Read 1 to 9999."""
    thousands, hundreds, tens = number // 1000, number // 100 % 10, number // 10 % 10
    said = ""
    if thousands:
        said += _THOUSANDS.get(thousands) or (_DIGITS[thousands] if thousands > 1 else "") + "セン"
    if hundreds:
        said += _HUNDREDS.get(hundreds) or (_DIGITS[hundreds] if hundreds > 1 else "") + "ヒャク"
    if tens:
        said += (_DIGITS[tens] if tens > 1 else "") + "ジュウ"
    return said + _DIGITS[number % 10]


def _lengthen(reading: str) -> str:
    """Write each long mark as the vowel that it lengthens: eSpeak NG passes over the mark."""
    letters: list[str] = []
    for letter in reading:
        letters.append(_LENGTHENED.get(letters[-1], "") if letter == "ー" and letters else letter)
    return "".join(letters)
