"""Hindi."""

from spoken.verbalizer import MASCULINE, Verbalizer, listed

_BELOW_HUNDRED = [
    "शून्य",
    "एक",
    "दो",
    "तीन",
    "चार",
    "पाँच",
    "छह",
    "सात",
    "आठ",
    "नौ",
    "दस",
    "ग्यारह",
    "बारह",
    "तेरह",
    "चौदह",
    "पंद्रह",
    "सोलह",
    "सत्रह",
    "अठारह",
    "उन्नीस",
    "बीस",
    "इक्कीस",
    "बाईस",
    "तेईस",
    "चौबीस",
    "पच्चीस",
    "छब्बीस",
    "सत्ताईस",
    "अट्ठाईस",
    "उनतीस",
    "तीस",
    "इकतीस",
    "बत्तीस",
    "तैंतीस",
    "चौंतीस",
    "पैंतीस",
    "छत्तीस",
    "सैंतीस",
    "अड़तीस",
    "उनतालीस",
    "चालीस",
    "इकतालीस",
    "बयालीस",
    "तैंतालीस",
    "चौवालीस",
    "पैंतालीस",
    "छियालीस",
    "सैंतालीस",
    "अड़तालीस",
    "उनचास",
    "पचास",
    "इक्यावन",
    "बावन",
    "तिरपन",
    "चौवन",
    "पचपन",
    "छप्पन",
    "सत्तावन",
    "अट्ठावन",
    "उनसठ",
    "साठ",
    "इकसठ",
    "बासठ",
    "तिरसठ",
    "चौंसठ",
    "पैंसठ",
    "छियासठ",
    "सड़सठ",
    "अड़सठ",
    "उनहत्तर",
    "सत्तर",
    "इकहत्तर",
    "बहत्तर",
    "तिहत्तर",
    "चौहत्तर",
    "पचहत्तर",
    "छिहत्तर",
    "सतहत्तर",
    "अठहत्तर",
    "उन्यासी",
    "अस्सी",
    "इक्यासी",
    "बयासी",
    "तिरासी",
    "चौरासी",
    "पचासी",
    "छियासी",
    "सत्तासी",
    "अट्ठासी",
    "नवासी",
    "नब्बे",
    "इक्यानवे",
    "बानवे",
    "तिरानवे",
    "चौरानवे",
    "पचानवे",
    "छियानवे",
    "सत्तानवे",
    "अट्ठानवे",
    "निन्यानवे",
]
_SCALES = ((10**11, "खरब"), (10**9, "अरब"), (10**7, "करोड़"), (10**5, "लाख"), (1000, "हज़ार"), (100, "सौ"))
# Words as far as the first vowel sign, where the word after a number ends.
_BEFORE_YEAR = frozenset(["सन", "सन्", "वर्ष", "साल"])
_AFTER_YEAR = frozenset(["में", "म", "ई", "के", "क", "से", "स"])
_ORDINALS = {1: "पहल", 2: "दूसर", 3: "तीसर", 4: "चौथ", 6: "छठ"}


_RULERS = listed(
    "अकबर आलमगीर एडवर्ड एलिज़ाबेथ एलिजाबेथ कैथरीन चंद्रगुप्त चार्ल्स जॉर्ज जेम्स जॉन नेपोलियन निकोलस पुलकेशिन पीटर पॉल फिलिप फ़िलिप फ्रेडरिक"
    " बाजीराव बेनेडिक्ट माधवराव मुराद मेहमद रामेसेस राव रिचर्ड लुई विक्टोरिया विलियम विलहेल्म शाह सिंह सुलेमान हेनरी"
)
_OF_RULERS = ("प्रथम", "द्वितीय", "तृतीय", "चतुर्थ", "पंचम", "षष्ठ", "सप्तम", "अष्टम")


class Hindi(Verbalizer):
    """See `Verbalizer`."""

    language = "hi"
    regions = ("IN",)
    decimal, groups = ".", ","
    marks = ("दशमलव", "दशमलव")
    to, minus, number, per = "से", "माइनस", "नंबर", "प्रति"
    percent = "प्रतिशत"
    fraction_by_digits = True
    currencies = {
        "$": "डॉलर", "€": "यूरो", "£": "पाउंड", "¥": "येन", "₹": "रुपया/रुपये", "₽": "रूबल", "₩": "वॉन", "₺": "लीरा",
        "₿": "बिटकॉइन", "sat": "सतोशी", "रु": "रुपया/रुपये", "Rs": "रुपया/रुपये", "R$": "रियल", "zł": "ज़्लॉटी",
        "Kč": "कोरुना", "Ft": "फ़ोरिंट",
    }  # fmt: skip
    cents = {"₹": "पैसा/पैसे", "Rs": "पैसा/पैसे", "रु": "पैसा/पैसे", "$": "सेंट", "€": "सेंट", "£": "पेंस"}
    magnitudes = {
        "हज़ार": (3, "हज़ार"), "हजार": (3, "हज़ार"), "लाख": (5, "लाख"), "करोड़": (7, "करोड़"), "अरब": (9, "अरब"),
        "मिलियन": (6, "मिलियन"), "बिलियन": (9, "बिलियन"), "k": (3, "हज़ार"), "m": (6, "मिलियन"), "bn": (9, "बिलियन"),
        "cr": (7, "करोड़"), "lakh": (5, "लाख"), "crore": (7, "करोड़"),
    }  # fmt: skip
    abbreviations = {
        "ग्रा.": "ग्राम", "किग्रा.": "किलोग्राम", "मिली.": "मिलीलीटर", "सेमी.": "सेंटीमीटर",
        "मि.": "मिनट",
        "एक्स.": "एक्सटेंशन", "एक्सटें.": "एक्सटेंशन",
        "डॉ.": "डॉक्टर", "प्रो.": "प्रोफ़ेसर", "श्री.": "श्री", "सुश्री.": "सुश्री", "कु.": "कुमारी", "पं.": "पंडित",
        "पृ.": "पृष्ठ", "सं.": "संख्या", "नं.": "नंबर", "रु.": "रुपये", "कि.मी.": "किलोमीटर", "कि.ग्रा.": "किलोग्राम",
        "मी.": "मीटर", "ई.": "ईस्वी", "ई.पू.": "ईसा पूर्व", "मो.": "मोबाइल", "फ़ो.": "फ़ोन", "इत्या.": "इत्यादि", "उदा.": "उदाहरण",
        "लि.": "लिमिटेड", "स्व.": "स्वर्गीय", "जन.": "जनवरी", "फर.": "फ़रवरी", "अग.": "अगस्त", "सित.": "सितंबर",
        "अक्टू.": "अक्टूबर", "नव.": "नवंबर", "दिस.": "दिसंबर",
    }  # fmt: skip
    units = {
        "मि": "duration-minute",
        "किमी": "length-kilometer", "मी": "length-meter", "सेमी": "length-centimeter", "मिमी": "length-millimeter",
        "किग्रा": "mass-kilogram", "ग्रा": "mass-gram", "ली": "volume-liter", "मिली": "volume-milliliter",
        "किमी/घंटा": "speed-kilometer-per-hour",
    }  # fmt: skip
    ordinal_mark = r"(?P<ending>रा|री|रे|ला|ली|ले|था|थी|थे|ठा|ठी|ठे|वाँ|वां|वीं|वें)(?![\u0900-\u097f])"
    before_dates = frozenset(["तारीख", "दिनांक"])
    telephone = r"फ़ोन|फोन|फ़ोन|मोबाइल|कॉल|नंबर|व्हाट्सएप"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        words: list[str] = []
        for scale, name in _SCALES:
            count, number = divmod(number, scale)
            if count:
                words += [self.cardinal(count), name]
        return " ".join([*words, _BELOW_HUNDRED[number]] if number or not words else words)

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        return self.inflected(number, "ा")

    def inflected(self, number: int, ending: str, noun: str = "") -> str:
        """Say an ordinal with the ending that is written after its digits."""
        vowel = "ी" if "ी" in ending else "े" if "े" in ending else "ा"
        if number in _ORDINALS:
            return f"{_ORDINALS[number]}{vowel}"
        return f"{self.cardinal(number)}व{'ाँ' if vowel == 'ा' else vowel + 'ं'}"

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "बहादुर शाह द्वितीय"."""
        named = before in _RULERS and number <= len(_OF_RULERS)
        return _OF_RULERS[number - 1] if named else self.cardinal(number)

    def year(self, number: int) -> str:
        """Say "उन्नीस सौ सैंतालीस"."""
        hundreds, rest = divmod(number, 100)
        if not 1100 <= number < 2000:
            return self.cardinal(number)
        return self.join(self.cardinal(hundreds), "सौ", self.cardinal(rest) if rest else "")

    def is_year(self, number: int, before: str, after: str) -> bool:
        """Tell whether four digits are a year."""
        return 1100 <= number < 2000 and (before in _BEFORE_YEAR or after in _AFTER_YEAR)

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "पंद्रह अगस्त उन्नीस सौ सैंतालीस"."""
        return self.join(self.day(day), month, self.year(year) if year else "")

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """Say "साढ़े नौ", "नौ बजकर पाँच मिनट"; `named` where "बजे" follows."""
        if not minute:
            return self.cardinal(hour) if named else f"{self.cardinal(hour)} बजे"
        if named and minute == 30:
            return {1: "डेढ़", 2: "ढाई"}.get(hour) or f"साढ़े {self.cardinal(hour)}"
        if named and minute in {15, 45}:
            return f"सवा {self.cardinal(hour)}" if minute == 15 else f"पौने {self.cardinal(hour + 1)}"
        if named:
            return f"{self.cardinal(hour)} {self.cardinal(minute)}"
        return f"{self.cardinal(hour)} बजकर {self.cardinal(minute)} मिनट"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "आधा", "तीन चौथाई"."""
        names = {3: "तिहाई", 4: "चौथाई"}
        if (numerator, denominator) == (1, 2):
            return "आधा"
        if denominator in names:
            return f"{self.cardinal(numerator)} {names[denominator]}"
        return f"{self.cardinal(numerator)} बटा {self.cardinal(denominator)}"
