# ruff: noqa: RUF001 - letters of other scripts are the point
"""The words that each language has for what is not written in letters: signs, currencies, dates, times."""

from typing import NamedTuple

from spoken.languages import LANGUAGES

SIGNS = "+=%&#°×÷<>"
CURRENCIES = "$€£¥₹₽₩₺"


class Vocabulary(NamedTuple):
    """One language's words.

    Attributes:
        signs: what each sign is called, the dot and at sign of an address and the currencies among them.
        currencies: of one country, by how it writes them.
        date: of year, month and day as numbers; None leaves a date as it is written.
        time: of hour and minute; None leaves it.
        hour_and_minute: the same where people write 9h30.
        spaced: whether words are written apart.
        keeps: signs beside a number that the language's voice reads better by itself.
        percent: how a number is said to be of a hundred; {0} is the number.
        year_by_digits: whether the digits of a year are said one by one.
        reads_kanji: whether its voice knows the sign for an ideograph once more.
        groups_by_comma: whether 35,000 is a whole number.
        own: letters with accents that its voice reads also where they stand alone.
    """

    signs: dict[str, str]
    currencies: dict[str, str]
    date: str | None = "{2} {1} {0}"
    time: str | None = None
    hour_and_minute: str | None = None
    spaced: bool = True
    keeps: str = ""
    percent: str | None = None
    year_by_digits: bool = False
    reads_kanji: bool = False
    groups_by_comma: bool = False
    own: str = ""


DOT, AT = ".", "@"
# The dot and the at sign of an address, then SIGNS.
_SIGNS = {
    "ar": "نقطة|آت|زائد|يساوي|بالمئة|و|هاشتاغ|درجة|في|على|أصغر من|أكبر من",
    "cs": "tečka|zavináč|plus|rovná se|procent|a|hashtag|stupňů|krát|děleno|menší než|větší než",
    "de": "Punkt|ät|plus|gleich|Prozent|und|Hashtag|Grad|mal|geteilt durch|kleiner als|größer als",
    "en": "dot|at|plus|equals|percent|and|hashtag|degrees|times|divided by|less than|greater than",
    "es": "punto|arroba|más|igual a|por ciento|y|hashtag|grados|por|dividido por|menor que|mayor que",
    "fr": "point|arobase|plus|égale|pour cent|et|hashtag|degrés|fois|divisé par|inférieur à|supérieur à",
    "hi": "डॉट|एट|प्लस|बराबर|प्रतिशत|और|हैशटैग|डिग्री|गुणा|भाग|से छोटा|से बड़ा",
    "hu": "pont|kukac|plusz|egyenlő|százalék|és|hashtag|fok|szorozva|osztva|kisebb mint|nagyobb mint",
    "it": "punto|chiocciola|più|uguale|per cento|e|hashtag|gradi|per|diviso|minore di|maggiore di",
    "ja": "ドット|アット|プラス|イコール|パーセント|アンド|ハッシュタグ|度|かける|割る|小なり|大なり",
    "ko": "닷|골뱅이|더하기|는|퍼센트|그리고|해시태그|도|곱하기|나누기|보다 작다|보다 크다",
    "nl": "punt|apenstaartje|plus|is|procent|en|hashtag|graden|keer|gedeeld door|kleiner dan|groter dan",
    "pl": "kropka|małpa|plus|równa się|procent|i|hasztag|stopni|razy|podzielić przez|mniejsze niż|większe niż",
    "pt": "ponto|arroba|mais|igual a|por cento|e|hashtag|graus|vezes|dividido por|menor que|maior que",
    "ru": "точка|собака|плюс|равно|процентов|и|хештег|градусов|умножить на|разделить на|меньше|больше",
    "tr": "nokta|et|artı|eşittir|yüzde|ve|hashtag|derece|çarpı|bölü|küçüktür|büyüktür",
    "zh": "点|艾特|加|等于|百分号|和|井号|度|乘以|除以|小于|大于",
}
_CURRENCIES = {
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
}
_OF_ONE_COUNTRY = {"R$": "reais", "zł": "złotych", "Kč": "korun"}
_PERCENTS = {"ko": "{0}퍼센트", "zh": "百分之{0}"}
_OWN = {
    "cs": "čďěňřšťžó", "de": "äöüß", "es": "ñó", "fr": "àôœ", "hu": "áéíóöőúüű", "it": "àáèéìíòóùú", "nl": "éê",
    "pl": "ąćęłńóśźż", "pt": "àáéó", "tr": "çöşüıâîû",
}  # fmt: skip
_KEEPS = {"en": "$€£°"}
_DATES = {"en": None, "ja": "{0}年{1}月{2}日", "ko": "{0}년 {1}월 {2}일", "zh": "{0}年{1}月{2}日"}
_TIMES = {"ja": "{0}時{1}分", "ko": "{0}시 {1}분", "zh": "{0}点{1}分"}
_HOURS = {"fr": "{0} heures {1}", "pt": "{0} horas {1}"}

VOCABULARIES = {
    language: Vocabulary(
        signs=dict(
            zip(
                (DOT, AT, *SIGNS, *CURRENCIES),
                (*_SIGNS[language].split("|"), *_CURRENCIES[language].split()),
                strict=True,
            )
        ),
        currencies=_OF_ONE_COUNTRY,
        date=_DATES.get(language, "{2} {1} {0}"),
        time=_TIMES.get(language),
        hour_and_minute=_TIMES.get(language) or _HOURS.get(language),
        spaced=language not in {"ja", "zh"},
        keeps=_KEEPS.get(language, ""),
        percent=_PERCENTS.get(language),
        reads_kanji=language == "ja",
        groups_by_comma=language in {"en", "ja", "ko", "zh"},
        year_by_digits=language == "zh",
        own=_OWN.get(language, ""),
    )
    for language in LANGUAGES
}
