"""Arabic."""

import re

from babel.units import format_unit

from spoken.verbalizer import MASCULINE, Verbalizer

_HOURS = (
    "الثانية عشرة", "الواحدة", "الثانية", "الثالثة", "الرابعة", "الخامسة", "السادسة", "السابعة", "الثامنة", "التاسعة",
    "العاشرة", "الحادية عشرة", "الثانية عشرة",
)  # fmt: skip
_FEW = 10


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
        "كم": "length-kilometer", "كلم": "length-kilometer", "م": "length-meter", "سم": "length-centimeter",
        "ملم": "length-millimeter", "كجم": "mass-kilogram", "كغ": "mass-kilogram", "كغم": "mass-kilogram",
        "غ": "mass-gram", "جم": "mass-gram", "ل": "volume-liter", "مل": "volume-milliliter", "م2": "area-square-meter",
        "كم2": "area-square-kilometer", "م3": "volume-cubic-meter", "°م": "temperature-celsius", "° م": "temperature-celsius", "كم/س": "speed-kilometer-per-hour",
        "كم/ساعة": "speed-kilometer-per-hour",
    }  # fmt: skip
    telephone = r"هاتف|اتصل|جوال|تلفون|موبايل|رقم|واتساب"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        return super().cardinal(number).replace(" و ", " و").replace("مائة", "مئة")

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """Say "يورو واحد" for one."""
        return f"{forms} واحد" if number == "1" and not scale else super().amount(number, forms, scale=scale)

    def unit(self, number: str, name: str, said: str) -> str:
        """Say "كيلومتر واحد", "كيلوغرامان"."""
        if number not in {"1", "2"} or said:
            return super().unit(number, name, said)
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
        return f"{said} و{self.cardinal(minute)} {'دقائق' if 2 < minute <= _FEW else 'دقيقة'}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "نصف", "ثلث", "ربع"."""
        names = {2: "نصف", 3: "ثلث", 4: "ربع", 5: "خمس", 6: "سدس", 8: "ثمن", 10: "عشر"}
        many = {3: "أثلاث", 4: "أرباع", 5: "أخماس", 6: "أسداس", 8: "أثمان", 10: "أعشار"}
        if numerator == 1 and denominator in names:
            return names[denominator]
        return f"{self.cardinal(numerator)} {many[denominator]}" if denominator in many else None
