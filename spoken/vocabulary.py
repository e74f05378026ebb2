"""The words that each language has for signs; `spoken.verbalizers` has those for quantities."""

from typing import NamedTuple

from spoken.languages import LANGUAGES
from spoken.verbalizers import VERBALIZERS

SIGNS = "+=%&#°×÷<>"
CURRENCIES = "$€£¥₹₽₩₺₿"


class Vocabulary(NamedTuple):
    """One language's words.

    Attributes:
        language: its code.
        signs: what each sign is called, the dot and at sign of an address and the currencies among them.
        spaced: whether words are written apart.
        reads_kanji: whether its voice knows the sign for an ideograph once more.
        own: letters with accents that its voice reads also where they stand alone.
    """

    language: str
    signs: dict[str, str]
    spaced: bool = True
    reads_kanji: bool = False
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
    "zh": "点|艾特|加|等于|百分之|和|井号|度|乘以|除以|小于|大于",
}
_OWN = {
    "cs": "čďěňřšťžó", "de": "äöüß", "es": "ñó", "fr": "àôœ", "hu": "áéíóöőúüű", "it": "àáèéìíòóùú", "nl": "éê",
    "pl": "ąćęłńóśźż", "pt": "àáéó", "tr": "çöşüıâîû",
}  # fmt: skip

VOCABULARIES = {
    language: Vocabulary(
        language=language,
        signs=dict(zip((DOT, AT, *SIGNS), _SIGNS[language].split("|"), strict=True))
        | {sign: VERBALIZERS[language].currencies[sign].split("/")[-1] for sign in CURRENCIES},
        spaced=VERBALIZERS[language].spaced,
        reads_kanji=language == "ja",
        own=_OWN.get(language, ""),
    )
    for language in LANGUAGES
}
