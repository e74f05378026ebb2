# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""Reads Hangul by the rules of the standard pronunciation of Korean (표준 발음법).

A syllable is taken apart into its three letters; then letters that meet change each other, in the order in which the
functions stand here; what they have become is written as sounds.
"""

import re

from worker.speech.g2p.numbers import in_korean

_FIRST = 0xAC00
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_SILENT = "ㅇ"  # at the start of a syllable; at its end it is ng

_WITH_H = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_TENSE = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}
_TWO = {  # finals of two letters
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ",
    "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
_AT_THE_END = {  # what is heard of a final where no vowel follows
    "ㄲ": "ㄱ", "ㅋ": "ㄱ", "ㄳ": "ㄱ", "ㄺ": "ㄱ", "ㅅ": "ㄷ", "ㅆ": "ㄷ", "ㅈ": "ㄷ", "ㅊ": "ㄷ", "ㅌ": "ㄷ",
    "ㅎ": "ㄷ", "ㅍ": "ㅂ", "ㅄ": "ㅂ", "ㄿ": "ㅂ", "ㄼ": "ㄹ", "ㄽ": "ㄹ", "ㄾ": "ㄹ", "ㅀ": "ㄹ", "ㄻ": "ㅁ",
    "ㄵ": "ㄴ", "ㄶ": "ㄴ",
}  # fmt: skip

# Kokoro's Japanese voices read these; a plain consonant is voiced between voiced sounds.
_CONSONANTS = {
    "ㄱ": "k", "ㄲ": "k", "ㄴ": "n", "ㄷ": "t", "ㄸ": "t", "ㄹ": "ɾ", "ㅁ": "m", "ㅂ": "p", "ㅃ": "p", "ㅅ": "s",
    "ㅆ": "s", "ㅇ": "", "ㅈ": "ʨ", "ㅉ": "ʨ", "ㅊ": "ʨʰ", "ㅋ": "kʰ", "ㅌ": "tʰ", "ㅍ": "pʰ", "ㅎ": "h",
}  # fmt: skip
_VOICED = {"ㄱ": "ɡ", "ㄷ": "d", "ㅂ": "b", "ㅈ": "ʥ"}
_CODAS = {"ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ŋ", " ": ""}
_SOUNDS = {
    "ㅏ": "a", "ㅐ": "ɛ", "ㅑ": "ja", "ㅒ": "jɛ", "ㅓ": "ɔ", "ㅔ": "e", "ㅕ": "jɔ", "ㅖ": "je", "ㅗ": "o",
    "ㅘ": "wa", "ㅙ": "wɛ", "ㅚ": "we", "ㅛ": "jo", "ㅜ": "u", "ㅝ": "wɔ", "ㅞ": "we", "ㅟ": "wi", "ㅠ": "ju",
    "ㅡ": "ɨ", "ㅢ": "ɨi", "ㅣ": "i",
}  # fmt: skip
_WORD = re.compile("[가-힣]+")
_LETTER = re.compile("[ㄱ-ㅣ]")

_Syllable = list[str]  # initial, vowel, final; a space where there is none


def hangul(text: str) -> str:
    """Write the Hangul of a text as sounds; all else stays as it is."""
    text = _WORD.sub(lambda word: _word(word[0]), in_korean(text))
    return _LETTER.sub(lambda letter: _SOUNDS.get(letter[0]) or _CONSONANTS.get(letter[0], "") + "ɨ", text)


def _word(word: str) -> str:
    syllables = [_apart(syllable) for syllable in word]
    for before, after in zip(syllables, [*syllables[1:], None], strict=True):
        if after:
            _meet_h(before, after)
            _palatalize(before, after)
            _carry_over(before, after)
        before[2] = _AT_THE_END.get(before[2], before[2])
        if after:
            _tense(before, after)
            _nasalize(before, after)
            _liquefy(before, after)
    return "".join(
        _sounds(syllable, before[2] if before else None)
        for before, syllable in zip([None, *syllables], syllables, strict=False)
    )


def _apart(syllable: str) -> _Syllable:
    index = ord(syllable) - _FIRST
    return [_INITIALS[index // 588], _VOWELS[index // 28 % 21], _FINALS[index % 28]]


def _letters(final: str) -> tuple[str, str]:
    """Return the two letters of a final; the first is a space where there is but one."""
    both = _TWO.get(final, " " + final)
    return both[0], both[1]


def _meet_h(before: _Syllable, after: _Syllable) -> None:
    """좋다 → 조타, 않는 → 안는, 좋아 → 조아, 입학 → 이팍, 못해 → 모태."""
    rest, last = _letters(before[2])
    if last == "ㅎ":
        if after[0] in "ㄱㄷㅈ":
            after[0], before[2] = _WITH_H[after[0]], rest
        elif after[0] == "ㅅ":
            after[0], before[2] = "ㅆ", rest
        elif after[0] == _SILENT:
            before[2] = rest
        elif after[0] == "ㄴ":
            before[2] = "ㄴ" if rest == " " else rest
    elif after[0] == "ㅎ":
        last = "ㄷ" if last in "ㅅㅆㅊㅌ" else last
        if last in _WITH_H:
            palatal = last == "ㄷ" and before[2] == "ㄷ" and after[1] == "ㅣ"
            after[0], before[2] = "ㅊ" if palatal else _WITH_H[last], rest


def _palatalize(before: _Syllable, after: _Syllable) -> None:
    """굳이 → 구지, 같이 → 가치."""
    if after[0] == _SILENT and after[1] == "ㅣ":
        if before[2] == "ㄷ":
            before[2], after[0] = " ", "ㅈ"
        elif before[2] in "ㅌㄾ":
            before[2], after[0] = " " if before[2] == "ㅌ" else "ㄹ", "ㅊ"


def _carry_over(before: _Syllable, after: _Syllable) -> None:
    """A last consonant begins the next syllable where that has none: 음악 → 으막, 없어 → 업써."""
    if after[0] != _SILENT or before[2] in " ㅇ":
        return
    rest, last = _letters(before[2])
    before[2], after[0] = rest, "ㅆ" if last == "ㅅ" and rest != " " else last


def _tense(before: _Syllable, after: _Syllable) -> None:
    """국밥 → 국빱."""
    if before[2] in "ㄱㄷㅂ":
        after[0] = _TENSE.get(after[0], after[0])


def _nasalize(before: _Syllable, after: _Syllable) -> None:
    """국물 → 궁물, 합니다 → 함니다, 독립 → 동닙, 심리 → 심니."""
    if before[2] in _NASAL and after[0] in "ㄴㅁㄹ":
        before[2] = _NASAL[before[2]]
        after[0] = "ㄴ" if after[0] == "ㄹ" else after[0]
    elif before[2] in "ㅁㅇ" and after[0] == "ㄹ":
        after[0] = "ㄴ"


def _liquefy(before: _Syllable, after: _Syllable) -> None:
    """신라 → 실라, 설날 → 설랄."""
    if (before[2], after[0]) in (("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")):
        before[2] = after[0] = "ㄹ"


def _sounds(syllable: _Syllable, before: str | None) -> str:
    """Write a syllable; `before` is the final of the one before it, None at the start of a word."""
    initial, vowel, final = syllable
    consonant = _CONSONANTS[initial]
    if before is not None and before in " ㄴㄹㅁㅇ":
        consonant = _VOICED.get(initial, consonant)
    if initial == "ㄹ" and before == "ㄹ":
        consonant = "l"
    sound = _SOUNDS[vowel]
    if vowel == "ㅢ" and (before is not None or consonant):
        sound = "i"
    if consonant == "s" and sound[0] in "ij":
        consonant, sound = "ɕ", sound.removeprefix("j")
    elif consonant.startswith(("ʨ", "ʥ")):
        sound = sound.removeprefix("j")
    return consonant + sound + _CODAS[final]
