"""Writes out what is put short with digits and is no quantity alone: "30 x 20 cm", "3x", "10k", "24h/24", "12/5(土)", IBANs.

What is left are digits in words that the steps of `spoken.quantities` know. Each expression sees one stretch.
"""

import re
from collections.abc import Iterator
from functools import partial

from spoken import versions
from spoken.quantity_grammar import Step
from spoken.verbalizer import THINGS, Verbalizer

_EAST = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_NUMBER = r"\d+(?:[.,]\d+)?"
_LENGTH = r"(?:cm|mm|m|km|in|ft|px|см|мм|м)"
_CROSS = re.compile(r"(?<=\d)(?<!\b0) ?[xхX] ?(?=\d)")
_BY_LENGTH = re.compile(rf"(?<=\d) ?× ?(?=(?:{_NUMBER} ?× ?){{0,2}}{_NUMBER} ?{_LENGTH}(?![^\W_]))")
_BY = {
    "en": "by",
    "fr": "sur",
    "nl": "bij",
    "pl": "na",
    "pt": "por",
    "ru": "на",
    "zh": "乘",
}  # where lengths are not multiplied
_OFTEN = re.compile(rf"(?<![\w.,/–-])({_NUMBER}) ?[xх](?![\w’'])(?! ?[-–+=×*/^<>≤≥])")
_TIMES = {
    "cs": "krát", "de": "mal", "es": "vez/veces", "fr": "fois", "it": "volta/volte", "nl": "keer", "pl": "raz/razy/razy/raza",
    "pt": "vez/vezes", "ru": "раз/раза/раз", "tr": "kez",
}  # fmt: skip
_THOUSANDS = re.compile(
    rf"(?<![^\W{_EAST}])(?<![.,$€£¥₹₽₩₺₿])(?<![$€£¥₹₽₩₺₿] )(\d{{1,3}})(?:[.,](\d{{1,2}}))?k(?![^\W{_EAST}]|['’])"
)
_MAY_BE_VERSION = re.compile(r"[vV](?:er)?\.? ?\d|\d\.\d")
_AT_LEAST = re.compile(r"(?<=\d)\+(?! ?[\d=])")
_AT_LEAST_SAID = {"ja": "以上", "ko": " 이상", "zh": "以上"}
_PLUS = re.compile(r"(?<![\w)])\+(?=\d)")
_IBAN = re.compile(r"(?<![^\W_])([A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?)(?![^\W_])")
_HASHTAG_YEAR = re.compile(r"(?<=[^\W\d_]{2})(?=(?:19|20)\d\d(?!\d))|(?<=[\u0900-\u0963])(?=\d)")
_HASHTAG = re.compile(r"#[^\W\d_][\w\u0900-\u0963]*")
_TOPIC = re.compile(r"#([^#\s]{1,40})#")
_BETWEEN = re.compile(r"(?<=\bbetween )([$€£]?\d[\d.,:]*(?: ?[ap]m)?) ?[–-] ?(?=[$€£]?\d)", re.IGNORECASE)
_SIDE = re.compile(r"(?<=\d )[NESW]\.(?= (?:[A-Z][a-z]|\d+(?:st|nd|rd|th)))")  # "45 W. 5th St."
_SIDES = {"N": "North", "E": "East", "S": "South", "W": "West"}
_LAW = re.compile(r"(?<![\d/.,])(\d{1,5}|\d{1,2}\.\d{3})/((?:19|20)\d\d)(?![\d/])")
_OF_YEAR = {"cs": " lomeno ", "es": " de ", "it": " del ", "pt": " de "}
_AROUND_THE_CLOCK = re.compile(r"(?<!\d)(\d{1,2}) ?([hj]) ?/ ?(\d{1,2})(?!\d)(?: ?\2\b)?")
_DATE_AND_DAY = re.compile(
    r"(?<![\d/.])(?:(\d{4})[/.-])?(\d{1,2})[/.](\d{1,2}) ?[(（]([月火水木金土日월화수목금토일])(?:曜日?|요일)?[)）]"
)
_MONTHS, _DAYS = 12, 31
_DATES = {"ja": r"\1月\2日", "ko": r"\1월 \2일", "zh": r"\1月\2日"}
_MONTH_AND_DAY = r"(?<![\d/.])(1[0-2]|0?[1-9])/([12]\d|3[01]|0?[1-9])"
_DATE_BEFORE_TIME = re.compile(rf"{_MONTH_AND_DAY}(?= \d{{1,2}}(?:[:時时点시]))")
_CHINESE_DATE = re.compile(rf"{_MONTH_AND_DAY} ?([(（]?(?:周|星期)[一二三四五六日天])")
_CHINESE_DAY = re.compile(r"(?<=周[一二三四五六日])(?=\d)")
_DAY_BEFORE_TIME = re.compile(r"(?<![가-힣\d])([월화수목금토일])(?= \d{1,2}(?:시|:\d))")
_HOURS_TO = re.compile(r"(?<![\d:.,])(\d{1,2}) ?[~–-] ?(\d{1,2})시(?!간)")
_NUMERO = re.compile(r"(?<![A-Za-z])N[oO]\. ?(?=\d)")
_PAGES = re.compile(r"(?<![A-Za-z])[Pp]{1,2}\.? ?(\d{1,4})(?: ?(?:[~–-]|から) ?(\d{1,4}))?(?![A-Za-z\d.])")
_DAY_IN_BRACKETS = re.compile(r"(?<=[日일]) ?[(（]([月火水木金土日월화수목금토일])[)）]")
_FLOOR = re.compile(r"(?<![A-Za-z\d.,])(B?)(\d{1,2})F(?![A-Za-z\d])")
_BLOCKS = re.compile(r"(?<=[\u3400-\u9fff])(\d{1,3})-(\d{1,3})-(\d{1,4})(?![\d-])")
_EACH_EAST = re.compile(
    r"((?<![\d.,])\d[\d,.万億千百만억천]{0,15} ?(?:円|원|元|块|圆)|[¥￥]\d[\d,.]*) ?/ ?(月|年|日|人|泊|個|本|回|時間|월|년|일|인|명|박|개|시간|天|晚|小时|个|次|斤|盒|瓶|袋|包|箱|公斤|份|张|位|杯|碗|套|双|件)(?![^\W\d_])"
)
_EACH_TURKISH = re.compile(
    r"([\d.,]+ ?(?:₺|TL\b|lira\b)) ?/ ?(ay|gün|yıl|hafta|saat|gece|kişi|kg|kilo|ad|adet|lt|litre|paket|metrekare|m²)(?![^\W_])\.?(?= ?[,;:)]|$)?"
)
_AVERAGE = re.compile(r"(?<![\d.,A-Za-z])\.(\d)(\d)(\d)(?!\d)")
_PRICE = r"((?:[¥￥$€£₩] ?)?(?<![\d.,])\d[\d,.]* ?(?:円|원|元)?)"
_PRICE_FOR = re.compile(rf"{_PRICE} ?/ ?(\d+ ?(?:g|kg|mg|ml|mL|L|l|m|㎡))(?![A-Za-z\d])")
_FOR_EACH = {"ja": r"\2あたり\1", "ko": r"\2당 \1", "zh": r"每\2\1"}
_SUFFIXED_SCORE = re.compile(r"(?<![\w.,–-])(\d{1,2})[–-](\d{1,2})(?=-[a-záéíóöőúüű])")
_HOURS = re.compile(
    r"(?:(?<![^\W_])([Mm]ezi) )?(?<![\d.,])(\d{1,2})\. ?([–-]|a) ?(\d{1,2})\. hod(?:\.|in\w*)"
)
_OF_FLOORS = re.compile(r"(?<![\d/.,])(\d{1,2})/(\d{1,2}) ?эт(?:аж(?:[аеу]|ом)?(?![^\W_])|\.)")
_ROOM = re.compile(r"(?<![\d.,])(\d{3,4})(?=(?:室|教室|房间|号房|路公交|路车))")
# What has a number and is not counted: "삼 번 출구".
_NUMBERED = re.compile(
    r"(?<!\d)(\d{1,2})(?=번 ?(?:강의실|게이트|교실|상담실|진료실|회의실|국도|구역|노선|레인|버스|베이|선수|승강장|자리|좌석|주자|창구|출구|코스|트랙|타자|탑승구|테이블|홀|홈|문제|문항|채널))"
)
_POINTS = re.compile(r"(?<=\d) ?%[pP](?![A-Za-z])")
_CHEER = re.compile(r"(?<![\d.,¥$])(6{3,})(?=[!！。，,\s]|$)")


def steps(verbalizer: Verbalizer, cross: str) -> Iterator[tuple[re.Pattern[str], Step]]:
    """Yield each step of a language, with an expression for what it cannot do without.

    Args:
        verbalizer: of the language.
        cross: what "×" is called.
    """
    language = verbalizer.language
    yield (
        _MAY_BE_VERSION,
        partial(versions.expression(language).sub, partial(versions.spell_version, verbalizer=verbalizer)),
    )
    yield _IBAN, partial(_IBAN.sub, partial(_iban, verbalizer=verbalizer))
    yield _HASHTAG, partial(_HASHTAG.sub, lambda match: _HASHTAG_YEAR.sub(" ", match[0]))
    by = _BY.get(language, cross)
    by = f" {by} " if verbalizer.spaced else by
    yield _CROSS, partial(_CROSS.sub, by)
    if language in _BY:
        yield _BY_LENGTH, partial(_BY_LENGTH.sub, by)
    if language in _TIMES:
        yield _OFTEN, partial(_OFTEN.sub, partial(_often, verbalizer=verbalizer))
    yield from _western_steps(language, verbalizer)
    yield _LAW, partial(_LAW.sub, rf"\1{_OF_YEAR.get(language, ' ')}\2")
    if not verbalizer.spaced or language == "ko":
        yield from _eastern_steps(language, verbalizer)


def without_closing_hashes(text: str) -> str:
    """Call what stands between two "#", as Chinese has it, a topic."""
    return _TOPIC.sub(r"话题\1", text)


def _western_steps(language: str, verbalizer: Verbalizer) -> Iterator[tuple[re.Pattern[str], Step]]:
    if language == "en":
        yield _BETWEEN, partial(_BETWEEN.sub, r"\1 and ")
        yield _SIDE, partial(_SIDE.sub, lambda match: _SIDES[match[0][0]])
    else:
        yield _THOUSANDS, partial(_THOUSANDS.sub, _thousands)
    if language == "fr":
        yield _AROUND_THE_CLOCK, partial(_AROUND_THE_CLOCK.sub, _around_the_clock)
    if language == "hu":
        yield _SUFFIXED_SCORE, partial(_SUFFIXED_SCORE.sub, r"\1 \2")
    if language == "cs":
        yield _HOURS, partial(_HOURS.sub, partial(_hours, verbalizer=verbalizer))
    if language == "ru":
        yield _OF_FLOORS, partial(_OF_FLOORS.sub, partial(_of_floors, verbalizer=verbalizer))
    if language == "tr":
        yield _EACH_TURKISH, partial(_EACH_TURKISH.sub, _each_turkish)


def _eastern_steps(language: str, verbalizer: Verbalizer) -> Iterator[tuple[re.Pattern[str], Step]]:
    yield _NUMERO, partial(_NUMERO.sub, f"{verbalizer.number} " if verbalizer.spaced else verbalizer.number)
    yield _PAGES, partial(_PAGES.sub, partial(_pages, language=language))
    if language == "zh":
        yield _CHINESE_DATE, partial(_CHINESE_DATE.sub, r"\1月\2日\3")
        yield _CHINESE_DAY, partial(_CHINESE_DAY.sub, ", ")
    if language == "ko":
        yield _DAY_BEFORE_TIME, partial(_DAY_BEFORE_TIME.sub, r"\1요일")
        yield _HOURS_TO, partial(_HOURS_TO.sub, r"\1시에서 \2시")
    yield _DATE_BEFORE_TIME, partial(_DATE_BEFORE_TIME.sub, _DATES[language])
    if language != "zh":
        yield _DATE_AND_DAY, partial(_DATE_AND_DAY.sub, partial(_date_and_day, language=language))
        yield _DAY_IN_BRACKETS, partial(_DAY_IN_BRACKETS.sub, lambda match: _day(match[1], language))
    yield _FLOOR, partial(_FLOOR.sub, partial(_floor, language=language))
    yield _PRICE_FOR, partial(_PRICE_FOR.sub, _FOR_EACH[language])
    yield _EACH_EAST, partial(_EACH_EAST.sub, partial(_each_east, language=language))
    yield _AT_LEAST, partial(_AT_LEAST.sub, _AT_LEAST_SAID[language])
    if language == "ko":
        yield _PLUS, partial(_PLUS.sub, "플러스 ")
        yield _POINTS, partial(_POINTS.sub, "퍼센트포인트")
        yield _NUMBERED, partial(_NUMBERED.sub, lambda match: f"{verbalizer.cardinal(int(match[1]))} ")
    if language == "ja":
        yield _AVERAGE, partial(_AVERAGE.sub, _batting)
        yield _BLOCKS, partial(_BLOCKS.sub, r"\1の\2の\3")
    if language == "zh":
        yield _ROOM, partial(_ROOM.sub, _by_digits)
        yield _CHEER, partial(_CHEER.sub, _by_digits)


def _hours(match: re.Match[str], *, verbalizer: Verbalizer) -> str:
    """Say "mezi devátou a dvanáctou hodinou", "devět až dvanáct hodin"."""
    numbers = (int(match[2]), int(match[4]))
    if match[1]:
        first, last = (verbalizer.inflected(number, "ou") for number in numbers)
        return f"{match[1]} {first} a {last} hodinou"
    between = verbalizer.to if match[3] != "a" else "a"
    return f"{verbalizer.hour(numbers[0])} {between} {verbalizer.hour(numbers[1])} hodin"


def _of_floors(match: re.Match[str], *, verbalizer: Verbalizer) -> str:
    """Say "третий этаж из девяти"."""
    of = verbalizer.governed("из", "").cardinal(int(match[2]))
    return f"{verbalizer.ordinal(int(match[1]))} этаж из {of}"


def _iban(match: re.Match[str], *, verbalizer: Verbalizer) -> str:
    """Say an account in fours, as it is printed: letters by their names, digits one by one."""
    written = match[0].replace(" ", "")
    fours = (written[start : start + 4] for start in range(0, len(written), 4))
    return ", ".join(
        " ".join(
            verbalizer.digit_by_digit(character) if character.isdigit() else character for character in four
        )
        for four in fours
    )


def _often(match: re.Match[str], *, verbalizer: Verbalizer) -> str:
    return verbalizer.unit(match[1], f"{THINGS}{_TIMES[verbalizer.language]}", "")


def _thousands(match: re.Match[str]) -> str:
    number = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
    return str(number)


def _around_the_clock(match: re.Match[str]) -> str:
    """Say "vingt-quatre heures sur vingt-quatre", "sept jours sur sept"."""
    name = "heures" if match[2] == "h" else "jours"
    return f"{match[1]} {name} sur {match[3]}"


def _each_turkish(match: re.Match[str]) -> str:
    each = {
        "ay": "aylık",
        "gün": "günlük",
        "yıl": "yıllık",
        "hafta": "haftalık",
        "saat": "saatlik",
        "gece": "gecelik",
        "kg": "kilosu",
        "kilo": "kilosu",
        "ad": "tanesi",
        "adet": "tanesi",
        "lt": "litresi",
        "litre": "litresi",
        "paket": "paketi",
        "metrekare": "metrekaresi",
        "m²": "metrekaresi",
    }
    return f"{each.get(match[2], 'kişi başı')} {match[1]}"


def _pages(match: re.Match[str], *, language: str) -> str:
    """Say "P.12-15" as pages from one to another."""
    first, last = match[1], match[2]
    if language == "ko":
        return f"{first}쪽에서 {last}쪽" if last else f"{first}쪽"
    if language == "ja":
        return f"{first}から{last}ページ" if last else f"{first}ページ"
    return f"第{first}到{last}页" if last else f"第{first}页"


def _date_and_day(match: re.Match[str], *, language: str) -> str:
    year, month, day = match[1], int(match[2]), int(match[3])
    if not (1 <= month <= _MONTHS and 1 <= day <= _DAYS):
        return match[0]
    if language == "ja":
        return f"{f'{year}年' if year else ''}{month}月{day}日{_day(match[4], language)}"
    return f"{f'{year}년 ' if year else ''}{month}월 {day}일{_day(match[4], language)}"


def _day(name: str, language: str) -> str:
    return f"{name}曜日" if language == "ja" else f" {name}요일"


def _floor(match: re.Match[str], *, language: str) -> str:
    below, above = {"ja": ("地下", "階"), "ko": ("지하 ", "층"), "zh": ("地下", "楼")}[language]
    return f"{below if match[1] else ''}{match[2]}{above}"


def _each_east(match: re.Match[str], *, language: str) -> str:
    """Put "a month" before a price, as Japanese and Korean say it; after it in Chinese."""
    price, each = match[1], match[2]
    if language == "zh":
        return f"{price}每{each}"
    if language == "ja":
        one = each if each in "月年" else f"1{each}"
        return f"{one}{price}"
    one = {
        "월": "월 ",
        "년": "연 ",
        "인": "1인당 ",
        "명": "1명당 ",
        "박": "1박에 ",
        "일": "하루 ",
        "개": "1개에 ",
    }
    return f"{one.get(each, f'1{each}에 ')}{price}"


def _batting(match: re.Match[str]) -> str:
    """Say ".312" as parts of ten, of a hundred and of a thousand; "分" alone would be minutes."""
    return "".join(
        f"{digit}{part}"
        for digit, part in zip(match.groups(), ("割", "ぶ", "りん"), strict=True)
        if digit != "0"
    )


def _by_digits(match: re.Match[str]) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in match[0])
