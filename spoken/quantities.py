"""Writes sums of money, dates, times, telephone numbers and signs as people say them.

English dollars, euros, pounds and degrees are left as they are: the English voice says "three dollars and fifty cents".
"""

import re

from spoken.vocabulary import CURRENCIES, SIGNS, Vocabulary

_NUMBER = r"\d+(?:[., ']\d{3})*(?:[.,]\d{1,2}(?!\d))?"
_SIGN = rf"R\$|zł|Kč|[{CURRENCIES}]"
_MONEY = re.compile(
    rf"(?:(?P<before>{_SIGN}) ?(?P<first>{_NUMBER})|(?P<second>{_NUMBER}) ?(?P<after>{_SIGN}))(?![A-Za-z\d])"
)
_CENTS = re.compile(r"(.*\d)[.,](\d\d)")
_DATE = re.compile(r"(?<![\d/-])(?:(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)/(\d\d?)/(\d{4}))(?![\d/-])")
_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-4])([:h])([0-5]\d)(?![\d:])")
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}\d")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3}){1,2}(?![\d,])")
_YEAR = re.compile(r"(?<!\d)(\d{4})年")
_RULE = re.compile(rf"([{SIGNS}{CURRENCIES}@]) ?(?:\1 ?){{2,}}")  # ====== and the like: drawn, not said
_SIGNS = re.compile(rf"[{SIGNS}{CURRENCIES}@]")


def spell_quantities(text: str, vocabulary: Vocabulary) -> str:
    """Write the quantities of a text out.

    Args:
        text: with compatibility characters resolved (NFKC) and one set of digits.
        vocabulary: of the language that it will be spoken in.
    """
    text = _PHONE.sub(lambda match: " ".join(re.findall(r"[+\d]", match[0])), text)
    if vocabulary.date:
        text = _DATE.sub(lambda match: _date(match, vocabulary), text)
        text = _TIME.sub(lambda match: _time(match, vocabulary), text)
    if vocabulary.groups_by_comma:
        text = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text)
    text = _RULE.sub(" ", text)
    text = _MONEY.sub(lambda match: _money(match, vocabulary), text)
    if vocabulary.percent:
        said = vocabulary.percent
        text = _PERCENT.sub(lambda match: said.format(match[1]), text)
    if vocabulary.year_by_digits:
        text = _YEAR.sub(lambda match: " ".join(match[1]) + "年", text)
    return _SIGNS.sub(lambda match: _sign(match, vocabulary), text)


def _money(match: re.Match[str], vocabulary: Vocabulary) -> str:
    sign, number = match["before"] or match["after"], match["first"] or match["second"]
    if sign in vocabulary.keeps:
        return match[0]
    name = vocabulary.currencies.get(sign) or vocabulary.signs[sign]
    cents = _CENTS.fullmatch(number)
    if cents is None or vocabulary.time:
        return f"{number} {name}" if vocabulary.spaced else number + name
    return f"{cents[1]} {name}" if cents[2] == "00" else f"{cents[1]} {name} {cents[2]}"


def _sign(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """Name a sign, unless it stands beside a number whose voice knows what to make of it."""
    sign, text = match[0], match.string
    if sign in vocabulary.keeps:
        beside = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        if any(character.isdigit() for character in beside):
            return sign
    return f" {vocabulary.signs[sign]} " if vocabulary.spaced else vocabulary.signs[sign]


def _date(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """Say a date as its numbers, in the order of the language; 1/2/2026 has the day first outside the USA."""
    year, month, day = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    assert vocabulary.date
    return vocabulary.date.format(year, int(month), int(day))


def _time(match: re.Match[str], vocabulary: Vocabulary) -> str:
    hour, sign, minute = match.groups()
    if vocabulary.time:
        return vocabulary.time.format(int(hour), int(minute)).replace("時0分", "時").replace("点0分", "点")
    if sign == "h" and vocabulary.hour_and_minute:
        return vocabulary.hour_and_minute.format(int(hour), minute if minute != "00" else "").rstrip()
    return match[0]
