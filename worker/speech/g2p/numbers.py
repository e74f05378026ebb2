"""Reads digits in Chinese and Korean, which count in ten thousands alike: 3.5 is 三点五, 12개 is 열두 개."""

import re

_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?")
_LONGEST = 16  # digits; longer ones are read one by one

_CHINESE = "零一二三四五六七八九"
_CHINESE_PLACES = ("", "十", "百", "千")
_CHINESE_MYRIADS = ("", "万", "亿", "兆")
_CHINESE_YEAR = re.compile(r"\d{4}(?=年)")

_SINO = "영일이삼사오육칠팔구"
_SINO_PLACES = ("", "십", "백", "천")
_SINO_MYRIADS = ("", "만", "억", "조")
_NATIVE = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
# What is counted with Korean's own numbers, up to 99.
_NATIVELY_COUNTED = re.compile(
    r"(?<![\d.,])(\d{1,2})(?= ?(?:시간|시(?!장)|개(?!월)|명|사람|살|마리|잔|병|권|송이|켤레|벌|가지|번째))"
)


def in_chinese(text: str) -> str:
    """Write the numbers of a Chinese text in its characters."""
    text = _CHINESE_YEAR.sub(lambda year: _one_by_one(year[0], _CHINESE), text)
    return _NUMBER.sub(_chinese, text)


def in_korean(text: str) -> str:
    """Write the numbers of a Korean text in Hangul."""
    text = _NATIVELY_COUNTED.sub(lambda number: _native(int(number[1])) or number[0], text)
    return _NUMBER.sub(_sino_korean, text)


def _chinese(match: re.Match[str]) -> str:
    whole, fraction = match[1].replace(",", ""), match[2]
    if len(whole) > _LONGEST or (whole.startswith("0") and len(whole) > 1):
        said = _one_by_one(whole, _CHINESE)
    else:
        said = _whole(whole, _CHINESE, _CHINESE_PLACES, _CHINESE_MYRIADS, zero="零")
        said = re.sub("^一十", "十", said)
    return f"{said}点{_one_by_one(fraction, _CHINESE)}" if fraction else said


def _sino_korean(match: re.Match[str]) -> str:
    whole, fraction = match[1].replace(",", ""), match[2]
    if len(whole) > _LONGEST or (whole.startswith("0") and len(whole) > 1):
        said = _one_by_one(whole, _SINO)
    else:
        said = _whole(whole, _SINO, _SINO_PLACES, _SINO_MYRIADS, zero="")
        said = re.sub("일(?=[십백천])", "", said)
        said = re.sub("^일(?=만)", "", said)
    return f"{said} 점 {_one_by_one(fraction, _SINO)}" if fraction else said


def _native(number: int) -> str:
    if number == 20:  # noqa: PLR2004 - 스물 is 스무 where nothing follows it
        return "스무"
    return _NATIVE_TENS[number // 10] + _NATIVE[number % 10]


def _one_by_one(digits: str, names: str) -> str:
    return "".join(names[int(digit)] for digit in digits)


def _whole(digits: str, names: str, places: tuple[str, ...], myriads: tuple[str, ...], *, zero: str) -> str:
    """Read a number of at most `_LONGEST` digits; `zero` stands for places that are left out between others."""
    if not int(digits):
        return names[0]
    said, skipped = "", False
    for index, digit in enumerate(digits):
        from_end = len(digits) - 1 - index
        if digit == "0":
            skipped = True
        else:
            said += (zero if skipped and said else "") + names[int(digit)] + places[from_end % 4]
            skipped = False
        if from_end % 4 == 0 and int(digits[max(0, index - 3) : index + 1]):
            said += myriads[from_end // 4]
    return said
