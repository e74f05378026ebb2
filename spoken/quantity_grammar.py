"""The expressions by which one language's quantities are found: units, currencies, magnitudes, months and days."""

import re
from collections.abc import Callable, Iterable, Mapping

from babel.dates import get_day_names, get_month_names

from spoken.characters import folded
from spoken.verbalizer import Verbalizer
from spoken.vocabulary import CURRENCIES

Step = Callable[[str], str]
"""Writes one kind of quantity out, wherever a stretch has it."""

NUMBER = r"\d+(?:[.,]\d+)?"
# A hyphen is a minus where no letter or digit stands before it; scripts without spaces have letters everywhere.
APART = r"(?<![^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])"
RANGED = rf"(?:(?P<low>(?:{APART}-)?{NUMBER})(?: ?[–-] ?))?(?:(?P<minus>{APART}-) ?)?(?P<number>{NUMBER})"
END = r"(?![^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])"

UNITS = {
    "km/h": "speed-kilometer-per-hour", "kmh": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour",
    "mph": "speed-mile-per-hour", "m/s": "speed-meter-per-second", "m/s2": "acceleration-meter-per-square-second",
    "km2": "area-square-kilometer", "cm2": "area-square-centimeter", "m2": "area-square-meter", "m3": "volume-cubic-meter",
    "cm3": "volume-cubic-centimeter", "ft2": "area-square-foot", "sq ft": "area-square-foot",
    "km3": "volume-cubic-kilometer", "km": "length-kilometer", "cm": "length-centimeter", "mm": "length-millimeter",
    "μm": "length-micrometer", "um": "length-micrometer", "nm": "length-nanometer", "dm": "length-decimeter",
    "m": "length-meter", "mi": "length-mile", "ft": "length-foot", "yd": "length-yard", "ha": "area-hectare",
    "kg": "mass-kilogram", "mg": "mass-milligram", "μg": "mass-microgram", "g": "mass-gram", "t": "mass-tonne",
    "lbs": "mass-pound", "lb": "mass-pound", "oz": "mass-ounce", "ml": "volume-milliliter", "mL": "volume-milliliter",
    "cl": "volume-centiliter", "dl": "volume-deciliter", "hl": "volume-hectoliter", "l": "volume-liter",
    "L": "volume-liter", "gal": "volume-gallon", "° C": "temperature-celsius", "°C": "temperature-celsius",
    "°F": "temperature-fahrenheit", "° F": "temperature-fahrenheit", "hrs": "duration-hour", "hr": "duration-hour",
    "h": "duration-hour", "min": "duration-minute", "sec": "duration-second", "s": "duration-second",
    "ms": "duration-millisecond", "μs": "duration-microsecond", "kWh": "energy-kilowatt-hour", "kW": "power-kilowatt",
    "MW": "power-megawatt", "GW": "power-gigawatt", "W": "power-watt", "V": "electric-volt", "mA": "electric-milliampere",
    "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz", "GHz": "frequency-gigahertz", "Hz": "frequency-hertz",
    "kb": "digital-kilobit", "Mb": "digital-megabit", "Gb": "digital-gigabit", "kB": "digital-kilobyte",
    "KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte",
    "TB": "digital-terabyte", "PB": "digital-petabyte", "hPa": "pressure-hectopascal", "kPa": "pressure-kilopascal",
    "bar": "pressure-bar", "kcal": "energy-kilocalorie", "cal": "energy-calorie", "kJ": "energy-kilojoule",
    "Ω": "electric-ohm", "px": "graphics-pixel", "hp": "power-horsepower",
}  # fmt: skip
_LOOSE = frozenset({"t", "V", "W", "s", "hp", "bar", "cal", "gal", "mi"})  # letters and words as well
CODES = {
    "US$": "$", "US-$": "$", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "¥", "RMB": "¥", "INR": "₹",
    "RUB": "₽", "KRW": "₩", "TRY": "₺", "TL": "₺", "BRL": "R$", "PLN": "zł", "CZK": "Kč", "HUF": "Ft", "BTC": "₿", "XBT": "₿", "Rs.": "₹", "Rs": "₹",
    "C$": "CAD", "A$": "AUD", "HK$": "HKD", "NT$": "TWD", "руб.": "₽", "руб": "₽", "sats": "sat", "CA$": "CAD",
}  # fmt: skip
CODES = {folded(code): sign for code, sign in CODES.items()}
SIGNS_BY_CASE = {"r$": "R$", "kč": "Kč", "ft": "Ft", "zł": "zł"}
_ISO = "USD EUR GBP JPY CNY RMB INR RUB KRW TRY TL BRL PLN CZK HUF BTC XBT CHF SEK NOK DKK CAD AUD NZD MXN ARS SAR AED EGP"
BEFORE = [*CURRENCIES, "US$", "US-$", "CA$", "C$", "A$", "HK$", "NT$", "R$", "Rs.", "Rs", *_ISO.split()]
AFTER = [*CURRENCIES, "US$", "US-$", "zł", "Kč", "Ft", "R$", "руб.", "руб", "sats", *_ISO.split()]
_SMALL = "a-zß-öø-ÿąćčďęěğıłńňőřśşšťůűźżžа-яё"
_NOT_EACH = frozenset({"ja", "ko", "tr", "zh"})  # where "each month" stands before a price
_LETTER_SCALES = frozenset("kmbect")  # only of money

PART = r"(?<![\d/.,])(?:(?P<whole>\d{1,3}) )?(?P<a>\d{1,2})/(?P<b>\d{1,3})"
# As CLDR does not cut them short; Monday is 0.
_ALSO_DAYS: dict[str, dict[str, int]] = {
    "en": {"Tues": 1, "Weds": 2, "Thur": 3, "Thurs": 3},
    "pl": {"pn": 0, "śr": 2, "cz": 3, "sb": 5, "nd": 6, "ndz": 6, "niedz": 6},
    "es": {"juev": 3, "miérc": 2},
    "hu": {"szo": 5, "sze": 2, "csüt": 3, "pén": 4, "vas": 6},
    "it": {"giov": 3, "merc": 2},
    "tr": {"Pts": 0, "Cts": 5},
}

_ALSO_MONTHS = {"pl": frozenset({"grudz", "kwiet", "lip", "list", "paźdz", "sierp", "stycz", "wrześ"})}
_STOPPED_DAYS = frozenset(
    {"de", "en", "es", "fr", "it", "nl", "pt"}
)  # where a day without a full stop may be a word
_AFTER_DAYS = {
    "cs": r"(?:do|od) \d|zavřeno", "de": "ab |bis |frei|geschlossen|Ruhetag|von |zu", "en": "closed|from |until |till ", "es": r"cerrad|de \d|desde |hasta ",
    "fr": r"de \d|dès |fermé|jusqu", "hu": r"zárva|\d{1,2}-ig", "it": "chius|dalle |fino ", "nl": "dicht|gesloten|tot |van |vanaf ", "pl": r"(?:do|od) \d|nieczynne|zamknięte",
    "pt": "até |das |fechad", "ru": r"(?:до|с) \d|выходной|закрыто", "tr": "kapalı",
}  # fmt: skip
"""What follows a day of the week in the hours of a shop."""
_EVERY = "am|chaque|cada|каждый|каждую|každ[ýéou]+|każd[yąe]|each|el|elke|every|il|jeden|la|le|los|no|ogni|on|op|todo|toda|tous les"
_DAY_ENDING = r"(?:\.|º|°|er|re|st|nd|rd|th|e|o|-го|-е)? ?(?:of )?"


class Grammar:
    """The expressions of one language.

    Attributes:
        names: sign of each currency by its names.
        day_names: the last words of the days' names.
        month_names: by their first three letters.
        magnitudes, units: their names in `Verbalizer` and CLDR by how they are written, in small letters.
        guards: what each expression cannot do without, which is found faster.
    """

    def __init__(self, verbalizer: Verbalizer) -> None:
        words = {
            folded(form): sign
            for sign, forms in verbalizer.currencies.items()
            for form in forms.split("/")
            if len(form) > 2 and verbalizer.spaced and verbalizer.language != "ko"
        }
        self.names: Mapping[str, str] = words
        self.magnitudes = {folded(scale): scale for scale in verbalizer.magnitudes}
        self.units = {folded(unit): name for unit, name in {**UNITS, **verbalizer.units}.items()}
        long_scales = [scale for scale in verbalizer.magnitudes if scale not in _LETTER_SCALES]
        scale = _scale(list(verbalizer.magnitudes))
        mine = {folded(unit) for unit in verbalizer.units}  # "TL" is a spoon in German
        before = _either([code for code in BEFORE if folded(code) not in mine])
        after = _either([*(code for code in AFTER if folded(code) not in mine), *words])
        if verbalizer.language != "hu":  # elsewhere "ft" are feet
            after = after.replace("|Ft|", "|" if verbalizer.language == "en" else "|(?-i:Ft)|")
        units = [
            unit
            for unit in (*UNITS, *verbalizer.units)
            if unit != "h" or verbalizer.language not in {"fr", "pt", "es"}
        ]
        named = _either([unit for unit in units if "/" not in unit])
        each = (
            ""
            if verbalizer.language in _NOT_EACH
            else r"|(?P<each>(?:[^\W\d_]|[\u0900-\u0963]){2,})(?![^\W_])"
        )
        per = rf"(?:/(?:(?P<per>{named}){END}{each})(?-i:\.(?=[,;:)]| [{_SMALL}+&(–]))?)?"
        self.money_before = re.compile(
            rf"(?<![A-Za-z])(?:(?P<minus>-) ?)?(?P<sign>{before}) ?(?:(?P<low>{NUMBER}) ?[–-] ?(?:{before})?)?"
            rf"(?P<number>{NUMBER}){scale}(?!\d)(?! ?[{CURRENCIES}])(?: ?(?P<named>{_either([*_ISO.split(), *words])}){END})?{per}",
            re.IGNORECASE,
        )
        self.money_after = re.compile(
            rf"{RANGED}{scale} ?(?:d[ei] |d')?(?P<sign>{after})(?:(?<=[{CURRENCIES}])|{END}){per}",
            re.IGNORECASE,
        )
        self.scaled = re.compile(rf"{RANGED}{_scale(long_scales, optional=False)}", re.IGNORECASE)
        amount = (
            rf"(?<![\w.,–-])((?:{APART}-)?{NUMBER}"
            rf"(?:{_scale(list(verbalizer.magnitudes), optional=False)}(?: ?(?:{after}))?"
            rf"| ?(?:%|{after}|{_either(units)}|[ap]\.?m\b\.?|Uhr|uur|h)))"
        )
        self.amount = re.compile(rf"{amount} ?[–-] ?(?=-?(?:{before})? ?\d)", re.IGNORECASE)
        self.either_amount = re.compile(rf"{amount} ?/ ?(?=-?(?:{before})? ?\d)", re.IGNORECASE)
        strict = _either([unit for unit in units if unit not in _LOOSE])
        loose = _either([unit for unit in units if unit in _LOOSE])
        end = END if verbalizer.language == "tr" else rf"{END}(?!['’]\w)"  # "5 km'lik", "5, s'il"
        ended = r"(?:(?P<stop>\.)(?= ?[,;:)]| [\w&+(–/]))?"
        self.unit = re.compile(rf"{RANGED} ?(?P<unit>{strict}|{loose}){end}(?!\.[^\W\d_]){per}{ended}")
        self.part = re.compile(rf"{PART} ?(?P<unit>{strict}|{loose}){END}{ended}")
        group = re.escape(verbalizer.groups[0])
        self.grouped = re.compile(rf"(?<![\d.,])\d{{1,3}}(?:{group}\d{{3}})+(?!\d)(?!{group}\d)")
        mark = verbalizer.ordinal_mark
        self.ordinal = re.compile(rf"(?<![\w.,/])(?P<number>\d{{1,4}})(?:{mark})") if mark else None
        self.year = re.compile(rf"(?<!\d)(\d{{4}}) ({verbalizer.years or 'x'})(?![^\W_])")
        months = "|".join(sorted(map(re.escape, _month_words(verbalizer)), key=len, reverse=True))
        year = r"(?:,? (?P<y>\d{4})(?![\d.,]))?" + (
            rf"(?: (?:{verbalizer.years})(?![^\W_]))?" if verbalizer.years else ""
        )
        self.named_date = re.compile(
            rf"(?<![\w.,])(?P<d>[12]?\d|3[01]){_DAY_ENDING}(?P<month>{months})(?![^\W_]){year}", re.IGNORECASE
        )
        self.first_day = (
            re.compile(
                rf"(?<![\w.,])([12]?\d|3[01])(?= (?:a|do|i|до|и|по) (?:[12]?\d|3[01]) (?:{months})(?![^\W_]))",
                re.IGNORECASE,
            )
            if verbalizer.dots_dates
            else None
        )
        self.days = _days(verbalizer)
        day = _either([*self.days])
        self.day_to_day = re.compile(
            rf"(?<![^\W_])({day})\.? ?[–-] ?(?!(?i:\1)(?![^\W_]))({day})(?![^\W_])(?:\.(?= ?[^\W_]|[,;:)]))?"
        )
        self.open_day = _open_day(verbalizer, day) if self.days else None
        self.each_day = (
            re.compile(rf"(?<![^\W_])((?i:{_EVERY})) (?!mar\.)({day})\.(?![^\W_])") if self.days else None
        )
        self.dated_day = _dated_day(verbalizer, day) if self.days else None
        self.day_names = frozenset(name.lower().rpartition("-")[2] for name in self.days.values())
        self.months = _months(verbalizer)
        names = get_month_names("wide", "format", verbalizer.locale or verbalizer.language)
        self.month_names = {name[:3]: name for name in names.values()} | {"Sept": names[9]}
        self.month_and_day = _month_and_day(verbalizer, self.months)
        self.guards = {
            "month_and_day": guard(r"(?<=[^\W\d_] \d)"),
            "named_date": _guard_after(rf"{_DAY_ENDING}(?:{months})", re.IGNORECASE),
            "year": _guard_after(rf" (?:{verbalizer.years or 'x'})"),
            "money_before": _guard_before(BEFORE),
            "money_after": _guard_after(rf"{scale} ?(?:d[ei] |d')?(?:{after})", re.IGNORECASE),
            "scaled": _guard_after(_scale(long_scales, optional=False), re.IGNORECASE),
            "unit": _guard_after(f" ?(?:{_either(units)})"),
            "ordinal": _guard_after(mark or "(?!)"),
        }


def guard(beside: str, flags: int = 0) -> re.Pattern[str]:
    """Compile what a step cannot do without, by what follows a digit."""
    return re.compile(rf"\d(?:{beside})", flags)


def _guard_after(number_and: str, flags: int = 0) -> re.Pattern[str]:
    """Compile what a step cannot do without, by what follows a number."""
    return guard(rf"(?!\d)(?:{number_and})", flags)


def _guard_before(words: list[str]) -> re.Pattern[str]:
    """Compile what a step cannot do without, by words of which one stands before a number."""
    lasts = "".join(
        sorted({re.escape(case) for word in words for case in (word[-1].lower(), word[-1].upper())})
    )
    by_length: dict[int, list[str]] = {}
    for word in dict.fromkeys(words):
        by_length.setdefault(len(word), []).append(re.escape(word))
    either = "|".join(
        rf"(?<=(?:{'|'.join(of_length)}){space}\d)" for of_length in by_length.values() for space in ("", " ")
    )
    return guard(rf"(?<!\d\d)(?:(?<=[{lasts}]\d)|(?<=[{lasts}] \d))(?i:{either})")


def _month_words(verbalizer: Verbalizer) -> list[str]:
    locale = verbalizer.locale or verbalizer.language
    return [
        *get_month_names("wide", "format", locale).values(),
        *get_month_names("wide", "stand-alone", locale).values(),
    ]


def _months(verbalizer: Verbalizer) -> dict[str, int]:
    """Number the months by their names, and by how English cuts these short."""
    names = get_month_names("wide", "format", verbalizer.locale or verbalizer.language)
    months = {name: month for month, name in names.items()}
    return months | ({name[:3]: month for name, month in months.items()} if verbalizer.month_first else {})


def _days(verbalizer: Verbalizer) -> dict[str, str]:
    """Name the days of the week by how they are cut short, in small letters and with a capital."""
    locale = verbalizer.locale or verbalizer.language
    wide = get_day_names("wide", "format", locale)
    short: dict[str, str] = {}
    for width in ("short", "abbreviated"):
        for day, name in get_day_names(width, "format", locale).items():
            bare = name.rstrip(".")
            if len(bare) > 1 and bare != wide[day]:
                short |= dict.fromkeys((bare, bare.capitalize()), wide[day])
    for written, day in _ALSO_DAYS.get(verbalizer.language, {}).items():
        short |= dict.fromkeys((written, written.capitalize()), wide[day])
    return short if verbalizer.spaced else {}


def _open_day(verbalizer: Verbalizer, day: str) -> re.Pattern[str] | None:
    """Find a day of the week that is cut short in the hours of a shop: "Sa. bis 13 Uhr", "dom. chiuso", "вс — выходной"."""
    after = _AFTER_DAYS.get(verbalizer.language)
    if after is None:
        return None
    stop = r"\.?(?<=[.,])" if verbalizer.language in _STOPPED_DAYS else r"\.?"
    return re.compile(rf"(?<![^\W_])({day}){stop}(?= (?:– )?(?:{after}))")


def _dated_day(verbalizer: Verbalizer, day: str) -> re.Pattern[str]:
    """Find a day of the week that is cut short before a date or a time of day: "Sa., 5.12.", "le sam. 5 déc."."""
    locale = verbalizer.locale or verbalizer.language
    names = {
        name.rstrip(".")
        for width in ("wide", "abbreviated")
        for name in get_month_names(width, "format", locale).values()
        if not name.isdigit()
    }
    names |= _ALSO_MONTHS.get(verbalizer.language, frozenset())
    month = rf"(?i:{_either([*names])})(?![^\W\d_])"
    date = (
        rf"\d{{1,2}}(?:[./-] ?\d|(?:\.|[º°]|er|st|nd|rd|th|e)? ?(?:de |of )?{month})|{month}\.? \d{{1,2}}(?!\d)"
        r"|(?:saat )?\d{1,2}(?:[:.h][0-5]\d(?!\d|[.,]\d)| ?(?:h|Uhr|uur|óra|[ap]\.?m)\b)"
    )
    return re.compile(rf"(?<![^\W_])(?P<day>{day})(?![^\W_]|[\u0900-\u0963])\.?(?P<comma>,?) ?(?={date})")


def _month_and_day(verbalizer: Verbalizer, months: Mapping[str, int]) -> re.Pattern[str] | None:
    """Find "July 4, 1776" and "1956. október 23-án", in the languages that write the month first."""
    month = rf"(?<![^\W_])(?P<month>{_either([*months])})"
    day = r"(?P<d>[12]?\d|3[01])"
    if verbalizer.month_first:
        return re.compile(
            rf"{month} {day}(?:st|nd|rd|th)?(?![\w–-]|[.,:/]\d| ?%)(?:,? (?P<y>\d{{4}})(?![\w–-]|[.,:]\d))?"
        )
    if verbalizer.language == "hu":
        return re.compile(
            rf"(?:(?<!\d)(?P<y>\d{{4}})\. )?{month} {day}(?:\.?-(?P<suffix>[^\W\d_]{{1,4}})\b|\.(?!\d))"
        )
    return None


def _either(words: list[str]) -> str:
    ordered = sorted(dict.fromkeys(words), key=len, reverse=True)
    return "|".join(re.escape(word) for word in ordered) or r"(?!)"


def _scale(scales: list[str], *, optional: bool = True) -> str:
    latin = [scale for scale in scales if not "\u3400" <= scale[0] <= "\ud7a3"]
    other = [scale for scale in scales if "\u3400" <= scale[0] <= "\ud7a3"]
    either = rf" ?(?P<scale>(?:{_either(latin)})(?![^\W_])(?!\.[^\W\d_])|(?:{_either(other)}))\.?"
    return f"(?:{either})?" if optional else either


def dotted_days(verbalizers: Iterable[Verbalizer]) -> frozenset[str]:
    """Tell how days of the week are cut short with a full stop, in small letters."""
    return frozenset(f"{day.lower()}." for verbalizer in verbalizers for day in _days(verbalizer))


def month_beginnings(verbalizers: Iterable[Verbalizer]) -> frozenset[str]:
    """Tell with which three letters the names of months begin, in small letters."""
    return frozenset(word[:3].lower() for verbalizer in verbalizers for word in _month_words(verbalizer))
