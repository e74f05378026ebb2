# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""Writes kana as sounds: each kana is a consonant of its row and a vowel of its column, with few exceptions."""

_VOWELS = "aiɯeo"
_ROWS = {
    "アイウエオ": "", "カキクケコ": "k", "ガギグゲゴ": "ɡ", "サシスセソ": "s", "ザジズゼゾ": "ʣ",
    "タチツテト": "t", "ダヂヅデド": "d", "ナニヌネノ": "n", "ハヒフヘホ": "h", "バビブベボ": "b",
    "パピプペポ": "p", "マミムメモ": "m", "ラリルレロ": "ɾ",
}  # fmt: skip
_SOUNDS = {
    kana: consonant + vowel
    for row, consonant in _ROWS.items()
    for kana, vowel in zip(row, _VOWELS, strict=True)
}
_SOUNDS |= {
    "シ": "ɕi", "ス": "sɨ", "ジ": "ʥi", "ズ": "zɨ", "チ": "ʨi", "ツ": "ʦɨ", "ヂ": "ʥi", "ヅ": "zɨ", "ニ": "ɲi",
    "ヒ": "çi", "フ": "ɸɯ", "キ": "kʲi", "ギ": "ɡʲi", "ビ": "bʲi", "ピ": "pʲi", "ミ": "mʲi", "リ": "ɾʲi",
    "ヴ": "vɯ", "ヤ": "ja", "ユ": "jɯ", "ヨ": "jo", "ワ": "βa", "ヲ": "o", "ヰ": "i", "ヱ": "e", "ヵ": "ka",
    "ヶ": "ke",
}  # fmt: skip
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "ɯ", "ェ": "e", "ォ": "o", "ャ": "a", "ュ": "ɨ", "ョ": "o", "ヮ": "a"}
_PALATAL = frozenset("ʲɕʥʨɲçj")  # end of a consonant that has its y in itself
_NASAL_BEFORE = {"m": "mpb", "ŋ": "kɡ", "ɲ": "ɲʨʥ", "n": "ntdɾzʣʦ"}
_MORAIC, _STOP, _LONG = "ン", "ッ", "ー"
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}


def kana(text: str) -> str:
    """Write the kana of a text as sounds; all else stays as it is."""
    text = text.translate(_TO_KATAKANA).replace("ュウ", "ュー").replace("ョウ", "ョー")
    said = ""
    for index, letter in enumerate(text):
        if letter == _MORAIC:
            said += _nasal(text[index + 1 : index + 2])
        elif letter == _STOP:
            said += "ʔ"
        elif letter == _LONG:
            said += "ː"
        elif letter in _SMALL:
            said = _glided(said, letter)
        else:
            said += _SOUNDS.get(letter, letter)
    return said


def _glided(said: str, small: str) -> str:
    """Put a small kana after what was said: キャ, ファ, ティ; it takes the vowel's place."""
    if not said or said[-1] not in "aiɯɨeou":
        return said + _SMALL[small].replace("ɨ", "ɯ")
    consonant, vowel = said[:-1], said[-1]
    if not consonant or not consonant[-1].isalpha() or consonant[-1] in "aiɯɨeou":  # ウィ, イェ
        return consonant + {"ɯ": "β", "i": "j"}.get(vowel, vowel) + _SMALL[small]
    if (small in "ャュョ" and consonant[-1] not in _PALATAL) or (small == "ィ" and consonant[-1] in "tdvɸ"):
        consonant += "ʲ"
    elif consonant[-1] in "kɡ" and vowel == "ɯ":
        consonant += "ᵝ"
    if small == "ゥ":
        return consonant + "ɯ"
    return consonant + _SMALL[small]


def _nasal(following: str) -> str:
    sound = _SOUNDS.get(following, " ")[0]
    return next((nasal for nasal, before in _NASAL_BEFORE.items() if sound in before), "ɴ")
