"""Writes sums of money, dates, times and telephone numbers as people say them, where the voices do not by themselves.

English dollars, euros and pounds are left as they are: the English voice says "three dollars and fifty cents".
"""

import re

_SIGNS = ("$", "€", "£", "¥", "₹", "₽", "₩", "₺")
_CURRENCIES = {
    language: dict(zip(_SIGNS, names.split(), strict=True))
    for language, names in {
        "ar": "دولار يورو جنيه ين روبية روبل وون ليرة",
        "cs": "dolarů eur liber jenů rupií rublů wonů lir",
        "de": "Dollar Euro Pfund Yen Rupien Rubel Won Lira",
        "en": "dollars euros pounds yen rupees roubles won lira",
        "es": "dólares euros libras yenes rupias rublos wones liras",
        "fr": "dollars euros livres yens roupies roubles wons lires",
        "hi": "डॉलर यूरो पाउंड येन रुपये रूबल वॉन लीरा",
        "hu": "dollár euró font jen rúpia rubel von líra",
        "it": "dollari euro sterline yen rupie rubli won lire",
        "ja": "ドル ユーロ ポンド 円 ルピー ルーブル ウォン リラ",
        "ko": "달러 유로 파운드 엔 루피 루블 원 리라",
        "nl": "dollar euro pond yen roepie roebel won lira",
        "pl": "dolarów euro funtów jenów rupii rubli wonów lir",
        "pt": "dólares euros libras ienes rúpias rublos wons liras",
        "ru": "долларов евро фунтов иен рупий рублей вон лир",
        "tr": "dolar avro sterlin yen rupi ruble von lira",
        "zh": "美元 欧元 英镑 元 卢比 卢布 韩元 里拉",
    }.items()
}
_OF_ONE_COUNTRY = {"R$": "reais", "zł": "złotych", "Kč": "korun"}
_SAYS_ITSELF = {"en": frozenset("$€£")}

_NUMBER = r"\d+(?:[., ']\d{3})*(?:[.,]\d{1,2}(?!\d))?"
_SIGN = r"R\$|zł|Kč|[$€£¥₹₽₩₺]"
_MONEY = re.compile(
    rf"(?:(?P<before>{_SIGN}) ?(?P<first>{_NUMBER})|(?P<second>{_NUMBER}) ?(?P<after>{_SIGN}))(?![A-Za-z\d])"
)
_CENTS = re.compile(r"(.*\d)[.,](\d\d)")
_DATE = re.compile(r"(?<![\d/-])(?:(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)/(\d\d?)/(\d{4}))(?![\d/-])")
_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-4])([:h])([0-5]\d)(?![\d:])")
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}\d")

_CJK_DATE = {"ja": "{}年{}月{}日", "ko": "{}년 {}월 {}일", "zh": "{}年{}月{}日"}
_CJK_TIME = {"ja": "{}時{}分", "ko": "{}시 {}분", "zh": "{}点{}分"}
_HOURS = {"fr": "heures", "pt": "horas"}  # where people write 9h30


def spell_quantities(text: str, language: str) -> str:
    """Write the quantities of a text out.

    Args:
        text: with compatibility characters resolved (NFKC).
        language: one of those for sale.
    """
    text = _PHONE.sub(lambda match: " ".join(re.findall(r"[+\d]", match[0])), text)
    if language != "en":
        text = _DATE.sub(lambda match: _date(match, language), text)
        text = _TIME.sub(lambda match: _time(match, language), text)
    text = _MONEY.sub(lambda match: _money(match, language), text)
    if language == "zh":
        text = re.sub(r"(\d+(?:\.\d+)?) ?%", r"百分之\1", text)
        text = re.sub(r"(?<!\d)(\d{4})年", lambda match: " ".join(match[1]) + "年", text)
    if language == "ko":
        text = re.sub(r"(?<=\d) ?%", "퍼센트", text)
    return text


def _money(match: re.Match[str], language: str) -> str:
    sign, number = match["before"] or match["after"], match["first"] or match["second"]
    if sign in _SAYS_ITSELF.get(language, ()):
        return match[0]
    name = _OF_ONE_COUNTRY.get(sign) or _CURRENCIES[language][sign]
    cents = _CENTS.fullmatch(number)
    if cents is None or language in _CJK_DATE:
        return f"{number} {name}" if language not in {"ja", "zh"} else number + name
    return f"{cents[1]} {name}" if cents[2] == "00" else f"{cents[1]} {name} {cents[2]}"


def _date(match: re.Match[str], language: str) -> str:
    """Say a date as its numbers, in the order of the language; 1/2/2026 has the day first outside the USA."""
    year, month, day = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    if language in _CJK_DATE:
        return _CJK_DATE[language].format(year, int(month), int(day))
    return f"{int(day)} {int(month)} {year}"


def _time(match: re.Match[str], language: str) -> str:
    hour, sign, minute = match.groups()
    if language in _CJK_TIME:
        return (
            _CJK_TIME[language].format(int(hour), int(minute)).replace("時0分", "時").replace("点0分", "点")
        )
    if sign == "h" and language in _HOURS:
        return f"{int(hour)} {_HOURS[language]} {minute if minute != '00' else ''}".rstrip()
    return match[0]
