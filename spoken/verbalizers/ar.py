"""Arabic."""

import re

from babel.units import format_unit

from spoken.verbalizer import FEMININE, MASCULINE, Verbalizer, listed, plural_category

_HOURS = (
    "الثانية عشرة", "الواحدة", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة", "التاسعة",
    "العاشرة", "الحادية عشرة", "الثانية عشرة",
)  # fmt: skip
_FEW, _HUNDRED = 10, 100
_FEMININE = {
    "واحد": "إحدى", "اثنان": "اثنتان", "أحد": "إحدى", "اثنا": "اثنتا", "ثلاثة": "ثلاث", "أربعة": "أربع", "خمسة": "خمس",
    "ستة": "ست", "سبعة": "سبع", "ثمانية": "ثماني", "تسعة": "تسع", "عشرة": "عشر",
}  # fmt: skip
# Plurals of what is feminine, as far as their endings do not tell: those of many masculine nouns end in "ات" as well.
_COUNTED = listed(
    "أوراق بطاقات بنات بيضات تفاحات ثوان ثواني جامعات جرعات جلسات جولات حبات حصص حلقات خطوات درجات دقائق دورات دول رحلات ساعات"
    " سنوات سنين سيارات شركات شقق صفحات صور طائرات طالبات علب غرف فرص قصص قطع كرات كلمات لوحات ليال ليالي ليرات مباريات محافظات"
    " مدن مراحل مرات ملاعق نجوم نساء نسخ نسخات نقاط وجبات"
)
_FIRST = ("الأول", *["الثاني", "الثالث", "الرابع", "الخامس", "السادس", "السابع", "الثامن", "التاسع"])
_FIRST_FEMININE = (
    "الأولى",
    *["الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة", "التاسعة"],
)
PLACED = re.compile(
    r"(?<![^\W_])(?P<noun>[وبكف]?(?:ال|لل)(?:قرن|طابق|دور|مركز|فصل|جزء|أسبوع|مادة|فقرة|مرحلة|جولة|طبعة|حلقة|دورة|نسخة|ذكرى|سورة))"
    r" (?P<number>[1-9]\d?)(?![\d:/+%٪]|[.,]\d)"
)
"""What is numbered by an ordinal."""
_PREPOSITIONS = listed(
    "في من إلى على عن حتى منذ بين قبل بعد خلال لمدة مدة حوالي نحو بنسبة نسبة بقيمة بسعر بمبلغ لسنة سنة عام لعام العام حرارة درجة سن عمر"
    " مع أكثر أقل وفي ومن وإلى وعلى وبين بحوالي تحت فوق يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"
)
_OBLIQUE = {
    **{f"{tens}ون": f"{tens}ين" for tens in ["عشر", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع"]},
    "اثنان": "اثنين", "اثنا": "اثني", "اثنتان": "اثنتين", "اثنتا": "اثنتي", "مئتان": "مئتين", "مئتا": "مئتي",
    "ألفان": "ألفين", "ألفا": "ألفي", "مليونان": "مليونين",
}  # fmt: skip
_NUMBERS = frozenset(
    [
        *_OBLIQUE, *_FEMININE, *_FEMININE.values(), "عشر", "مئة", "ألف", "آلاف", "ألفًا", "ألفا", "مليون", "مليونا",
        *(f"{unit}مئة" for unit in ["ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "ثماني", "تسع"]),
    ]
)  # fmt: skip


class Arabic(Verbalizer):
    """See `Verbalizer`."""

    language = "ar"
    regions = ("SA", "EG", "AE", "IQ", "JO", "MA", "DZ")
    decimal, groups = ".", ","
    marks = ("فاصلة", "فاصلة")
    to, minus, number, per = "إلى", "ناقص", "رقم", "في"
    percent = "بالمئة"
    between_cents = " و"
    currencies = {
        "$": "دولار", "€": "يورو", "£": "جنيه", "¥": "ين", "₹": "روبية", "₽": "روبل", "₩": "وون", "₺": "ليرة",
        "₿": "بتكوين", "sat": "ساتوشي", "R$": "ريال", "zł": "زلوتي", "Kč": "كورونا", "Ft": "فورنت",
    }  # fmt: skip
    cents = {"$": "سنت", "€": "سنت"}
    magnitudes = {
        "k": (3, "ألف"), "ألف": (3, "ألف"), "آلاف": (3, "آلاف"), "مليون": (6, "مليون"), "ملايين": (6, "ملايين"),
        "m": (6, "مليون"), "bn": (9, "مليار"), "مليار": (9, "مليار"), "مليارات": (9, "مليارات"), "b": (9, "مليار"),
    }  # fmt: skip
    abbreviations = {
        "د.": "الدكتور", "أ.": "الأستاذ", "أ.د.": "الأستاذ الدكتور", "م.": "المهندس", "ص.": "صفحة", "إلخ.": "إلى آخره",
        "إلخ": "إلى آخره", "الخ.": "إلى آخره", "ج.": "الجزء", "ت.": "هاتف", "هـ": "هجرية", "ق.م.": "قبل الميلاد",
        "ق.م": "قبل الميلاد", "ط.": "الطبعة", "ش.": "شارع", "س.": "سؤال", "تلفون.": "تلفون",
        "ص.ب.": "صندوق بريد", "ص.ب": "صندوق بريد",
    }  # fmt: skip
    units = {
        "د": "duration-minute",
        "ر.س": "=ريال سعودي/ريالا سعوديا/ريالات سعودية", "د.إ": "=درهم إماراتي/درهما إماراتيا/دراهم إماراتية", "ج.م": "=جنيه مصري/جنيها مصريا/جنيهات مصرية",
        "كم": "length-kilometer", "كلم": "length-kilometer", "م": "length-meter", "سم": "length-centimeter",
        "ملم": "length-millimeter", "كجم": "mass-kilogram", "كغ": "mass-kilogram", "كغم": "mass-kilogram",
        "غ": "mass-gram", "جم": "mass-gram", "ل": "volume-liter", "مل": "volume-milliliter", "م2": "area-square-meter",
        "كم2": "area-square-kilometer", "م3": "volume-cubic-meter", "°م": "temperature-celsius", "° م": "temperature-celsius", "كم/س": "speed-kilometer-per-hour",
        "كم/ساعة": "speed-kilometer-per-hour",
    }  # fmt: skip
    before_dates = frozenset(["يوم", "بتاريخ", "حتى", "قبل"])
    plurals = {"one": 0, "two": 0, "few": 2, "many": 1, "zero": 0, "other": 0}
    each = {
        "كجم": "للكيلوغرام",
        "كغ": "للكيلوغرام",
        "كغم": "للكيلوغرام",
        "شهر": "شهريا",
        "شهرياً": "شهريا",
        "شخص": "للشخص",
        "ليلة": "لليلة",
        "يوم": "لليوم",
        "ساعة": "للساعة",
        "سنة": "سنويا",
        "لتر": "للتر",
        "حبة": "للحبة",
    }
    telephone = r"هاتف|اتصل|جوال|تلفون|موبايل|رقم|واتساب"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = super().cardinal(number).replace(" و ", " و").replace("مائة", "مئة")
        below = number % _HUNDRED
        if gender != FEMININE or not below or (below > _FEW and not below % _FEW):
            return said
        words = said.split(" ")
        at = -2 if below > _FEW else -1
        prefix = "و" if words[at].startswith("و") and words[at] not in _FEMININE else ""
        words[at] = prefix + _FEMININE.get(words[at].removeprefix(prefix), words[at].removeprefix(prefix))
        if _FEW < below < 2 * _FEW:
            words[-1] = "عشرة"
        return " ".join(words)

    def counted(self, number: int, following: str) -> str:
        """Say "ثلاث" and the like before what is feminine."""
        feminine = following in _COUNTED or (number % 100 > _FEW and following.endswith("ة"))
        return self.cardinal(number, FEMININE if feminine else MASCULINE)

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return FEMININE if noun.endswith("ة") else MASCULINE

    def place(self, number: int, noun: str) -> str:
        """Say an ordinal below a hundred after what is numbered: "القرن التاسع عشر"."""
        feminine = noun.endswith(("ة", "ى"))
        tens, ones = divmod(number, _FEW)
        if number == _FEW:
            return "العاشرة" if feminine else "العاشر"
        first = (_FIRST_FEMININE if feminine else _FIRST)[ones - 1] if ones else ""
        if not tens:
            return first
        if tens == 1:
            head = {1: "الحادي"}.get(ones, first) + ("ة" if feminine and ones == 1 else "")
            return f"{head} {'عشرة' if feminine else 'عشر'}"
        head = {1: "الحادية" if feminine else "الحادي"}.get(ones, first)
        return self.join(head, f"{'و' if ones else ''}ال{self.cardinal(number - ones)}")

    def in_case(self, text: str) -> str:
        """Put the numbers of a text in the case that a preposition before them asks for."""
        words, oblique = text.split(" "), False
        for index, word in enumerate(words):
            bare = word.rstrip(".,;:!?)")
            mark = word[len(bare) :]
            number = next((form for form in (bare, bare[1:]) if form in _NUMBERS), "")
            prefix = bare.removesuffix(number) if number else ""
            if not number or (prefix and prefix not in "وبلك"):
                oblique = bare in _PREPOSITIONS
                continue
            oblique = oblique or prefix in {"ب", "ل", "ك"}
            alone = bool(mark) or index + 1 == len(words) or not words[index + 1][:1].isalpha()
            form = _OBLIQUE.get(number, number) if oblique else number
            if alone and number in {"مئتا", "ألفا"}:
                form = f"{form}ن"
            words[index] = f"{prefix}{form}{mark}"
        return " ".join(words)

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """Say "يورو واحد" for one."""
        return f"{forms} واحد" if number == "1" and not scale else super().amount(number, forms, scale=scale)

    def unit(self, number: str, name: str, said: str) -> str:
        """Say "كيلومتر واحد", "كيلوغرامان"."""
        if number not in {"1", "2"} or said:
            many = (
                not said
                and name.startswith("area-square")
                and plural_category(self.language, number) == "many"
            )
            return (
                re.sub(r"متر مربع$", "مترا مربعا", super().unit(number, name, said))
                if many
                else super().unit(number, name, said)
            )
        noun = re.sub(r"\s*[\d٠-٩]+\s*", "", format_unit(1, name, "long", locale=self.language))
        if number == "2":
            written = format_unit(2, name, "long", locale=self.language)
            if re.search(r"\d", written) is None:
                return written
            return (
                f"{noun.removesuffix('ة')}{'تان' if noun.endswith('ة') else 'ان'}"
                if " " not in noun
                else f"اثنان {noun}"
            )
        return noun if "واحد" in noun else f"{noun} {'واحدة' if noun.endswith('ة') else 'واحد'}"

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """Say "التاسعة وثلاثون دقيقة"."""
        said = _HOURS[hour % 12]
        if not minute:
            return said
        if minute in {15, 30}:
            return f"{said} {'والنصف' if minute == 30 else 'والربع'}"
        return f"{said} و{self.cardinal(minute, FEMININE)} {'دقائق' if 2 < minute <= _FEW else 'دقيقة'}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "نصف", "ثلث", "ربع"."""
        names = {2: "نصف", 3: "ثلث", 4: "ربع", 5: "خمس", 6: "سدس", 8: "ثمن", 10: "عشر"}
        many = {3: "أثلاث", 4: "أرباع", 5: "أخماس", 6: "أسداس", 8: "أثمان", 10: "أعشار"}
        if numerator == 1 and denominator in names:
            return names[denominator]
        return f"{self.cardinal(numerator)} {many[denominator]}" if denominator in many else None
