"""The words that each language has for signs; `spoken.verbalizers` has those for quantities."""

from typing import NamedTuple

from spoken.languages import LANGUAGES
from spoken.verbalizers import VERBALIZERS

SIGNS = "+=%&#°×÷<>±≈≤≥≠"
CURRENCIES = "$€£¥₹₽₩₺₿"


class Vocabulary(NamedTuple):
    """One language's words.

    Attributes:
        language: its code.
        signs: what each sign is called, the dot and at sign of an address and the currencies among them.
        spaced: whether words are written apart.
        reads_kanji: whether its voice knows the sign for an ideograph once more.
        section: what "§" is called.
        own: letters with accents that its voice reads also where they stand alone.
    """

    language: str
    signs: dict[str, str]
    spaced: bool = True
    reads_kanji: bool = False
    section: str = ""
    own: str = ""


DOT, AT = ".", "@"
# The dot and the at sign of an address, then SIGNS.
_SIGNS = {
    "ar": "نقطة|آت|زائد|يساوي|بالمئة|و|هاشتاغ|درجة|في|على|أصغر من|أكبر من|زائد أو ناقص|حوالي|أصغر من أو يساوي|أكبر من أو يساوي|لا يساوي",
    "cs": "tečka|zavináč|plus|rovná se|procent|a|hashtag|stupňů|krát|děleno|menší než|větší než|plus minus|přibližně|menší nebo rovno|větší nebo rovno|nerovná se",
    "de": "Punkt|ät|plus|gleich|Prozent|und|Hashtag|Grad|mal|geteilt durch|kleiner als|größer als|plus minus|ungefähr|kleiner oder gleich|größer oder gleich|ungleich",
    "en": "dot|at|plus|equals|percent|and|hashtag|degrees|times|divided by|less than|greater than|plus or minus|approximately|at most|at least|is not equal to",
    "es": "punto|arroba|más|igual a|por ciento|y|hashtag|grados|por|dividido por|menor que|mayor que|más menos|aproximadamente|menor o igual que|mayor o igual que|distinto de",
    "fr": "point|arobase|plus|égale|pour cent|et|hashtag|degrés|fois|divisé par|inférieur à|supérieur à|plus ou moins|environ|inférieur ou égal à|supérieur ou égal à|différent de",
    "hi": "डॉट|एट|प्लस|बराबर|प्रतिशत|और|हैशटैग|डिग्री|गुणा|भाग|से छोटा|से बड़ा|प्लस माइनस|लगभग|से छोटा या बराबर|से बड़ा या बराबर|बराबर नहीं",
    "hu": "pont|kukac|plusz|egyenlő|százalék|és|hashtag|fok|szorozva|osztva|kisebb mint|nagyobb mint|plusz-mínusz|körülbelül|kisebb vagy egyenlő mint|nagyobb vagy egyenlő mint|nem egyenlő",
    "it": "punto|chiocciola|più|uguale|per cento|e|hashtag|gradi|per|diviso|minore di|maggiore di|più o meno|circa|minore o uguale a|maggiore o uguale a|diverso da",
    "ja": "ドット|アット|プラス|イコール|パーセント|アンド|ハッシュタグ|度|かける|割る|小なり|大なり|プラスマイナス|約|小なりイコール|大なりイコール|ノットイコール",
    "ko": "닷|골뱅이|더하기|는|퍼센트|그리고|해시태그|도|곱하기|나누기|보다 작다|보다 크다|플러스마이너스|약|보다 작거나 같다|보다 크거나 같다|같지 않다",
    "nl": "punt|apenstaartje|plus|is|procent|en|hashtag|graden|keer|gedeeld door|kleiner dan|groter dan|plus of min|ongeveer|kleiner dan of gelijk aan|groter dan of gelijk aan|is niet gelijk aan",
    "pl": "kropka|małpa|plus|równa się|procent|i|hasztag|stopni|razy|podzielić przez|mniejsze niż|większe niż|plus minus|około|mniejsze lub równe|większe lub równe|nie równa się",
    "pt": "ponto|arroba|mais|igual a|por cento|e|hashtag|graus|vezes|dividido por|menor que|maior que|mais ou menos|aproximadamente|menor ou igual a|maior ou igual a|diferente de",
    "ru": "точка|собака|плюс|равно|процентов|и|хештег|градусов|умножить на|разделить на|меньше|больше|плюс-минус|приблизительно|меньше или равно|больше или равно|не равно",
    "tr": "nokta|et|artı|eşittir|yüzde|ve|hashtag|derece|çarpı|bölü|küçüktür|büyüktür|artı eksi|yaklaşık|küçük eşittir|büyük eşittir|eşit değildir",
    "zh": "点|艾特|加|等于|百分之|和|井号|度|乘以|除以|小于|大于|正负|约|小于等于|大于等于|不等于",
}
_SECTIONS = {
    "ar": "المادة", "cs": "paragraf", "de": "Paragraf", "en": "section", "es": "artículo", "fr": "paragraphe", "hi": "धारा",
    "hu": "paragrafus", "it": "paragrafo", "ja": "セクション", "ko": "섹션", "nl": "paragraaf", "pl": "paragraf",
    "pt": "parágrafo", "ru": "параграф", "tr": "paragraf", "zh": "章节",
}  # fmt: skip
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
        section=_SECTIONS[language],
        own=_OWN.get(language, ""),
    )
    for language in LANGUAGES
}
