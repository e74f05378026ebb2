"""Finds numbers and what they count, and has the language's `Verbalizer` say them.

In this order: telephone numbers, dates, times, sums, measures, percentages, ordinals, fractions, ranges, and what is
left of numbers and signs. What one step has written in words, no later one sees.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial

from spoken import shorthand
from spoken.characters import folded
from spoken.common_words import ENGLISH, WORDS
from spoken.postcodes import code_of, spell_postcodes
from spoken.quantity_grammar import APART, CODES, NUMBER, PART, RANGED, SIGNS_BY_CASE, UNITS, Grammar, guard
from spoken.telephones import spell_telephones
from spoken.verbalizer import Verbalizer
from spoken.verbalizers import VERBALIZERS
from spoken.verbalizers.ar import PLACED, Arabic
from spoken.verbalizers.hu import Hungarian
from spoken.verbalizers.ru import COMPOUND, Russian
from spoken.vocabulary import CURRENCIES, SIGNS, VOCABULARIES, Vocabulary

_MANY = {"10": "tens", "100": "hundreds", "1000": "thousands"}
_HALF_DAYS_NAMED = frozenset({"ar", "en", "es", "hi", "ko", "pt"})  # elsewhere hours are counted to 24
_NOT_IN_NUMBER = r"(?<![\d.,:/])"
_ISO_DATE = re.compile(
    r"(?<![\d/.-])(?P<y>\d{4})(?P<s>[-/]|\. ?)(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?!\d)(?:\.(?!\w))?(?:-(?P<suffix>[^\W\d_]{1,4}))?"
)
_DATE = re.compile(
    r"(?<![\d/.-])(?P<a>\d{1,2})(?P<s>[-/]|\. ?)(?P<b>\d{1,2})(?P=s)(?P<y>\d{4})(?![\d/-])(?: (?:r\.|roku|г\.|года|р\.))?"
)
_SLASHED_DATE = re.compile(
    r"(?<![\d/.,-])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/]|[.,]\d| (?:de|des|du|of|di|del|da|do|van)\b| d')"
)
_DAY_OF_MONTH = re.compile(
    r"(?:(?<=\d )|(?<=\d(?:st|nd|rd|th) ))(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?![^\W\d_.])(?!\.)"
)
_COMMON_FRACTIONS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4"})
_SHORT_DATE = re.compile(r"(?<![\d/.,-])(?P<a>\d{1,2})\. ?(?P<b>\d{1,2})\.(?![\d\w])(?! \d)")
_SHORT_DATES = frozenset({"de", "cs", "hu"})
_CLOCK = r"(?:[01]?\d|2[0-4])"
_TIME = re.compile(
    rf"{_NOT_IN_NUMBER}(?P<h>{_CLOCK})(?P<s>[:h])(?P<m>[0-5]\d)(?::(?P<sec>[0-5]\d))?(?![\d:])(?: ?(?P<ap>[ap]\.? ?m(?![A-Za-z])\.?))?"
    r"(?P<word> (?:Uhr|uur|óra|h)\b)?(?:-(?=(?:kor|ig|tól|től)\b))?",
    re.IGNORECASE,
)
_TIMES = re.compile(
    rf"{_NOT_IN_NUMBER}({_CLOCK}(?:[:h][0-5]\d|h))(?: (?:Uhr|uur))? ?[–-] ?({_CLOCK}(?:[:h][0-5]\d|h))(?![\d:])"
)
_FULL_HOUR = re.compile(rf"{_NOT_IN_NUMBER}(?P<h>{_CLOCK}) ?h(?![^\W_])")
_HALF_DAY = re.compile(rf"{_NOT_IN_NUMBER}(?P<h>1?\d) ?(?P<ap>[ap])\.? ?m\b\.?(?! ?\d)", re.IGNORECASE)
_DOTTED_TIME = re.compile(
    rf"{_NOT_IN_NUMBER}(?P<h>{_CLOCK})\.(?P<m>[0-5]\d)(?P<word> (?:Uhr|uur|hod(?:\.|in)?|óra)\b)"
)
_BEFORE_DOTTED_TIME = re.compile(
    rf"(?<=\b)(godz\.|godzin(?:a|ie|y|ą)|ore|alle|kl\.|saat) (?P<h>{_CLOCK})\.(?P<m>[0-5]\d)(?![\d.])",
    re.IGNORECASE,
)
_AT_TIMES = {
    language: re.compile(
        rf"(?<![^\W_])({at}) (?P<h>{_CLOCK})\.(?P<m>[0-5]\d)(?= |$)(?! ?[%€$£]| (?:Kč|zł|mil|mld|mln|tis|tys|kg|km)(?![^\W_]))"
    )
    for language, at in {"cs": "[Vv]e?", "nl": "[Oo]m", "pl": "[Oo]"}.items()
}
"""What goes before a time of day that is written with a full stop."""
_ARABIC_HALF_DAY = re.compile(rf"{_NOT_IN_NUMBER}({_CLOCK}:[0-5]\d) ?([صم])(?![^\W_])")
_HALF_DAYS = {"ص": "صباحا", "م": "مساء"}
_DOTTED_TIMES = re.compile(
    rf"{_NOT_IN_NUMBER}({_CLOCK})\.([0-5]\d)( ?[–-] ?)({_CLOCK})\.([0-5]\d)(?![\d.,]|\s?[%€$£])"
)
_CALENDAR = re.compile(r"(?<!\d)(?:(?<=عام )|(?<=سنة ))(\d{3,4}) ?م(?![^\W_])|(?<!\d)(\d{3,4}) ?ه(?![^\W_])")
_SEASON = re.compile(r"(?<![\d/])((?:19|20)\d\d)/(\d\d)(?![\d/])")
_POLISH_DECADE = re.compile(r"(?<![^\W_])(?<!\d )(?P<noun>lata|latach|lat) (?P<n>\d0)(?:\.(?!\w)|(?![\w.,]))")
_AGED = frozenset(
    ["liczy", "liczył", "ma", "mam", "masz", "mają", "miał", "miała", "mieć", "skończył", "skończyła"]
)
_HOUR_NAMED = re.compile(r" ?बजे")
_BETWEEN = "\ue000"  # what stands there until each is said
_BITS = re.compile(r"(?<=\d)( ?[kMG])(?:bps|bit/s)(?![^\W_])")
_LONG = re.compile(r"(?<![\d.,])\d{10,}(?![.,]\d)")
_SPACED_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)")
_APOSTROPHES = re.compile(r"(?<=\d)'(?=\d{3}(?!\d))")
_INDIAN = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")
_COMMA_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+\.\d{1,2}(?![\d.,]\d)")
_POINT_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d{1,2}(?![\d.,]\d)")
_SWAP = str.maketrans(".,", ",.")
_MILLIONS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3}){2,}(?!\d|[.,]\d)")
_LIST = re.compile(r"(?<=\d),(?=\d)")
_VERSION = re.compile(r"(?<![\d.,])\d+(?:\.\d+){2,}(?![\d,])")
_PERCENT = re.compile(rf"{RANGED} ?%")
_TURKISH_PERCENT = re.compile(rf"% ?(?P<number>{NUMBER})")
_SHORT_DECADE = re.compile(
    r"(?<!\w)(?:'|(?<=\b[Tt]he )|(?<=\b[Ee]arly )|(?<=\b[Ll]ate )|(?<=\b[Mm]id[- ]))(\d0)s\b"
)
_DECADE = re.compile(r"(?<!\d)(?:1[1-9]|20)\d0(?=s\b|er\b(?! [a-z]))(?:s|er)")
_FRACTION = re.compile(rf"{PART}(?![\d/]|[.,]\d)")
_DIVIDED = re.compile(r"(?<=\d) / (?=\d)|(?<=\d)/(?=\d+ ?=)")
_MINUS = re.compile(r"(?<=\d) [-–] (?=\d[\d.,]* ?[=<>+×÷])|(?<=\d)[-–](?=\d+ ?=)")
_SCORE = re.compile(r"(?<![\d:])(\d{1,3}):(\d{1,3})(?![\d:])")
_SCORES = {
    "zh": "比", "ja": "対", "ko": "대", "de": "zu", "en": "to", "es": "a", "fr": "à", "it": "a", "pt": "a",
    "ar": "مقابل",
}  # fmt: skip
_VERSES = frozenset({"en", "es", "fr", "it", "pt"})  # that write "John 3:5" so
_RANGE = re.compile(rf"(?<![\w.,–-])({NUMBER})( ?– ?|-)({NUMBER})(?![\w–-]|[.,]\d)")
_CJK_RANGE = re.compile(rf"(?<![\dA-Za-z.,–-])({NUMBER}) ?[–-] ?({NUMBER})(?![\dA-Za-z–-]|[.,]\d)")
_GERMAN_DECADE = re.compile(r"(?<![\d.,])(\d0)er(?![^\W_])")
_HUNDREDS = re.compile(r"(?<![\w.,])(100?|1000)s(?= of\b)")
_NUMBERED = re.compile(r"#(?=\d)")
_SUFFIXED = re.compile(r"(?<![\w.,:–-])(\d+)-([a-záéíóöőúüű]{1,5})(?![^\W_])")
_HUNGARIAN_SUFFIX = re.compile(
    r"([^\W\d_]+) ?-((?:[kvst]?[ae]l|[rbntv]?[ae]|[bn][ae]n|[ao]?t|[eö]t|[aeoö]?s|[oeö]n|[nt][áóéő]l|[bt]ól|[bt]ől|r[óő]l|h[oeö]z"
    r"|n[ae]k|ig|ért|ként|kor|jú|j[aei]|[áé]n|[ae]s[oe]k|[aeoö]sok|[eö]sek)(?:[ao]t|[eö]t)?)(?![^\W_])"
)
_JOINED = re.compile(r"(?<![^\W_][بلك])(?<=[بلك])(?<!\w\w) (?=\d)")  # "بـ 250", one word
_MIXED = re.compile(r"(?<=[A-Za-z])(\d+)(?![.,]\d)|(?<![\d.,])(\d+)(?=[A-Za-z])")
_PLAIN = re.compile(
    rf"(?:{APART}(?P<minus>-) ?)?(?<![\d.,])(?P<number>{NUMBER})(?P<apostrophe>['’](?=[^\W\d_]))?"
)
_LEFT = re.compile(r"\d+")
_KOREAN_MONTH = re.compile(r"(?<!\d)(1[0-2]|[1-9])월")
_YEAR = re.compile(r"(?<!\d)\d{4}(?=(?: ?[–-] ?\d{4})?年)")
_YEARS = re.compile(r"(?<=[零一二三四五六七八九]) ?[–-] ?(?=[零一二三四五六七八九]{4}年)")
_WORD_BEFORE = re.compile(r"([^\W\d_]+)[\s,(]*$")
_WORD_AFTER = re.compile(r"[ ]?([^\W\d_][^\W_]*)")
_RULE = re.compile(rf"([{SIGNS}{CURRENCIES}@]) ?(?:\1 ?){{2,}}")  # ====== and the like: drawn, not said
_SIGNS = re.compile(rf"[{SIGNS}{CURRENCIES}@]")
_CASHTAG = re.compile(r"[$£€](?=[A-Za-z])")  # "$AAPL"
_WHOLE_PRICE = re.compile(r"(?<=\d),[-–]{1,2}(?!\d)")  # "1.299,-"
_DIGIT = re.compile(r"\d")
_BESIDE_LETTERS = re.compile(r"[A-Za-z\d](?:(?<=[A-Za-z])\d|(?<=\d)[A-Za-z])")
_SCORED = 3  # digits
_ONE_BY_ONE = 3  # digits among letters
_DENOMINATORS = 100

_Step = Callable[[str], str]


def spell_quantities(text: str, vocabulary: Vocabulary) -> str:
    """Write the quantities of a stretch out.

    Args:
        text: with compatibility characters resolved (NFKC) and one set of digits.
        vocabulary: of the language that it will be spoken in.
    """
    text = _RULE.sub(" ", text)
    if vocabulary.language == "zh":
        text = shorthand.without_closing_hashes(text)
    if _DIGIT.search(text):
        text = _WHOLE_PRICE.sub("", text)
        text = _speller(vocabulary.language).spell(text)
    text = _CASHTAG.sub("", text)
    return _SIGNS.sub(lambda match: _sign(match[0], vocabulary), text)


def spell_days(text: str, vocabulary: Vocabulary) -> str:
    """Write days of the week out that are cut short: from which to which, as in "Mon–Fri", or before a date or time."""
    return _speller(vocabulary.language).spell_days(text)


def is_counted(word: str, verbalizer: Verbalizer) -> bool:
    """Tell whether a word after a number is what it counts, which `spell_quantities` says."""
    return _speller(verbalizer.language).counts(word)


def _sign(sign: str, vocabulary: Vocabulary) -> str:
    return f" {vocabulary.signs[sign]} " if vocabulary.spaced else vocabulary.signs[sign]


class _Speller:
    """The steps in one language."""

    def __init__(self, verbalizer: Verbalizer, vocabulary: Vocabulary) -> None:
        self._say = verbalizer
        self._vocabulary = vocabulary
        self._grammar = Grammar(verbalizer)
        # Where no case depends on it.
        plainly = verbalizer.spoken_range("0", "1") == verbalizer.join("0", verbalizer.to, "1")
        self._between = verbalizer.to if plainly else ""
        self._steps = tuple(self._in_order())

    def spell_days(self, text: str) -> str:
        """See `spell_days`."""
        grammar, days = self._grammar, self._grammar.days
        text = grammar.day_to_day.sub(
            lambda match: (
                self._say.spoken_range(days[match[1]], days[match[2]])
                if self._between or self._say.language == "hi"
                else f"{days[match[1]]} – {days[match[2]]}"
            ),
            text,
        )
        if not _DIGIT.search(text):
            return text
        if grammar.dated_day:
            text = grammar.dated_day.sub(self._dated_day, text)
        if self._say.language == "en":
            text = _DAY_OF_MONTH.sub(lambda match: grammar.month_names[match[0]], text)
        return text

    def _dated_day(self, match: re.Match[str]) -> str:
        day = self._say.day_after(_word_before(match), self._grammar.days[match["day"]])
        return f"{day}{match['comma']} "

    def spell(self, text: str) -> str:
        """Write every number of a stretch out."""
        for needed, step in self._steps:
            if needed.search(text):
                text = step(text)
        text = _LEFT.sub(self._left, _PLAIN.sub(self._plain, text))
        if isinstance(self._say, Arabic):
            text = self._say.in_case(text)
        if isinstance(self._say, Hungarian):
            say = self._say
            text = _HUNGARIAN_SUFFIX.sub(lambda match: say.suffixed(match[1], match[2]), text)
        text = text.replace(_BETWEEN, f" {self._between} " if self._say.spaced else self._between)
        # A particle, which stands at its word.
        return text.replace(f" {self._say.to} ", f"{self._say.to} ") if self._say.language == "ko" else text

    def counts(self, word: str) -> bool:
        """See `is_counted`."""
        grammar = self._grammar
        known = (grammar.magnitudes, grammar.units, grammar.names, SIGNS_BY_CASE, CODES)
        return any(folded(word) in table for table in known)

    def _left(self, match: re.Match[str]) -> str:
        return _apart(match, self._say.whole(match[0]))

    def _in_order(self) -> Iterator[tuple[re.Pattern[str], _Step]]:
        """Yield each step, with an expression for what it cannot do without.

        That expression begins with a digit, so that it looks at digits alone, and is tried in a twentieth of the time.
        """
        say, grammar = self._say, self._grammar
        yield from shorthand.steps(say, self._vocabulary.signs["×"])
        yield guard(r"[^\d/]{1,24}/ ?-?\D?\d"), partial(grammar.either_amount.sub, r"\1, ")
        if self._between:
            yield guard(r"[^\d–-]{1,24}[–-]"), partial(grammar.amount.sub, rf"\1{_BETWEEN}")
        yield guard(r"[-/.] ?\d"), partial(_ISO_DATE.sub, self._date)
        yield guard(r"[-/.] ?\d"), partial(_DATE.sub, self._date)
        yield from self._codes()
        yield from self._short_dates()
        yield from self._times()
        yield guard(r"\d{9}"), partial(_LONG.sub, lambda match: say.digit_by_digit(match[0]))
        yield guard(r"[ ',.]\d"), self._ungrouped
        yield guard(" ?[kMG]b"), partial(_BITS.sub, r"\1b/s")
        if grammar.month_and_day:
            yield grammar.guards["month_and_day"], partial(grammar.month_and_day.sub, self._month_and_day)
        yield grammar.guards["named_date"], partial(grammar.named_date.sub, self._named_date)
        if say.years:
            yield grammar.guards["year"], partial(grammar.year.sub, self._year_named)
        yield guard("年|[–-]"), partial(_YEAR.sub, lambda match: say.year(int(match[0])))
        if say.language == "zh":
            yield _YEARS, partial(_YEARS.sub, say.to)
        yield from self._decades()
        if say.language == "ko":
            yield guard("월"), partial(_KOREAN_MONTH.sub, lambda match: say.month(int(match[1])))
        yield grammar.guards["money_before"], partial(grammar.money_before.sub, self._money)
        yield grammar.guards["money_after"], partial(grammar.money_after.sub, self._money)
        yield grammar.guards["scaled"], partial(grammar.scaled.sub, self._scaled)
        if grammar.ordinal and say.language == "hi":  # "2ली", which is no litre
            yield grammar.guards["ordinal"], partial(grammar.ordinal.sub, self._ordinal)
        yield guard(r"/\d"), partial(grammar.part.sub, self._part_of_unit)
        yield grammar.guards["unit"], partial(grammar.unit.sub, self._unit)
        yield guard(" ?%"), partial(_PERCENT.sub, self._hundredths)
        yield _TURKISH_PERCENT, partial(_TURKISH_PERCENT.sub, self._hundredths)
        if grammar.ordinal:
            yield grammar.guards["ordinal"], partial(grammar.ordinal.sub, self._ordinal)
        if say.language == "hu":
            yield guard("-"), partial(_SUFFIXED.sub, lambda match: f"{self._whole(match[1], '')}-{match[2]}")
        yield _NUMBERED, partial(_NUMBERED.sub, f"{say.number} ")
        yield guard(r"\.\d"), partial(_VERSION.sub, self._version)
        yield guard(r" ?/ ?\d"), partial(_DIVIDED.sub, " ÷ ")
        yield guard(r"/\d"), partial(_FRACTION.sub, self._part)
        yield guard(r" ?[-–] ?\d"), partial(_MINUS.sub, f" {say.minus} ")
        yield guard(r":\d"), partial(_SCORE.sub, self._score)
        between = _RANGE if say.spaced and say.language != "ko" else _CJK_RANGE
        yield guard(r" ?[-–] ?\d"), partial(between.sub, self._range)
        yield _BESIDE_LETTERS, partial(_MIXED.sub, self._mixed)

    def _codes(self) -> Iterator[tuple[re.Pattern[str], _Step]]:
        say, plus = self._say, self._vocabulary.signs["+"]
        if code := code_of(say.language):
            yield code, partial(spell_postcodes, verbalizer=say)
        yield guard(r"[\d ()./–-]{5}"), lambda text: spell_telephones(text, say, plus)
        if isinstance(say, Arabic):
            yield _JOINED, partial(_JOINED.sub, "")
            yield (
                PLACED,
                partial(
                    PLACED.sub,
                    lambda match: f"{match['noun']} {say.place(int(match['number']), match['noun'])}",
                ),
            )
        if isinstance(say, Russian):
            yield COMPOUND, partial(COMPOUND.sub, lambda match: say.compound(int(match[1])))

    # Each of these says one kind.

    def _date(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        year = int(found["y"]) if found.get("y") else None
        if "m" in found:
            month, day = int(found["m"]), int(found["d"])
        else:
            month, day = int(found["b"]), int(found["a"])
            dotted = (found.get("s") or match[0].lstrip("0123456789"))[0] == "."
            if (
                (self._say.language == "hu" and year is None)
                or (self._say.month_first and not dotted and day <= 12)
                or month > 12
            ):
                month, day = day, month
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        if found.get("suffix") and year:
            return self._say.date_with(year, month, day, found["suffix"])
        return self._say.date(year, month, day)

    def _slashed_date(self, match: re.Match[str]) -> str:
        before = _word_before(match).lower()
        if before not in self._say.before_dates and before not in self._grammar.day_names:
            return match[0]
        after = _WORD_AFTER.match(match.string, match.end())
        common = WORDS.get(self._say.language, ENGLISH)
        if match[0] in _COMMON_FRACTIONS and after and after[1].lower() not in common:
            return match[0]  # of something
        return self._date(match)

    def _named_date(self, match: re.Match[str]) -> str:
        before = _word_before(match)
        year = int(match["y"]) if match["y"] else None
        said = self._say.named_date(int(match["d"]), match["month"], year, before)
        return said if said is not None else match[0]

    def _month_and_day(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        year, day = int(found["y"]) if found["y"] else None, int(found["d"])
        month = self._grammar.months[found["month"]]
        if found.get("suffix"):
            return self._say.date_with(year, month, day, found["suffix"])
        return self._say.date(year, month, day)

    def _decade(self, match: re.Match[str]) -> str:
        return self._say.decade(int(match[0][:4])) or match[0]

    def _polish_decade(self, match: re.Match[str]) -> str:
        if _word_before(match).lower() in _AGED:
            return match[0]
        said = self._say.ordinal(int(match["n"])).removesuffix("y")
        ending = "e" if match["noun"] == "lata" else "ych"
        stop = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
        return f"{match['noun']} {said}{ending}{stop}"

    def _short_decade(self, match: re.Match[str]) -> str:
        return (self._say.decade(1900 + int(match[1])) or "").partition(" ")[2]

    def _year_named(self, match: re.Match[str]) -> str:
        return self._say.year_named(int(match[1]), _word_before(match), match[2]) or match[0]

    def _short_dates(self) -> Iterator[tuple[re.Pattern[str], _Step]]:
        if self._say.before_dates:
            yield guard(r"/\d"), partial(_SLASHED_DATE.sub, self._slashed_date)
        if self._say.language in _SHORT_DATES:
            yield guard(r"\. ?\d"), partial(_SHORT_DATE.sub, self._date)

    def _decades(self) -> Iterator[tuple[re.Pattern[str], _Step]]:
        say = self._say
        yield guard(r"/\d\d"), partial(_SEASON.sub, self._season)
        if say.language == "pl":
            yield guard("(?<=0)"), partial(_POLISH_DECADE.sub, self._polish_decade)
        yield guard(r"0(?:s|er)"), partial(_DECADE.sub, self._decade)
        if say.language == "de":
            yield guard("0er"), partial(_GERMAN_DECADE.sub, lambda match: f"{say.cardinal(int(match[1]))}er")
        if say.language == "en":
            yield guard("0s"), partial(_SHORT_DECADE.sub, self._short_decade)
            yield guard("0?0s"), partial(_HUNDREDS.sub, lambda match: _MANY[match[1]])

    def _times(self) -> Iterator[tuple[re.Pattern[str], _Step]]:
        say = self._say
        if say.decimal == ",":
            yield guard(r"\.[0-5]"), partial(_DOTTED_TIMES.sub, r"\1:\2\3\4:\5")
        if say.language == "ar":
            yield _CALENDAR, partial(_CALENDAR.sub, self._calendar)
            yield (
                guard(":"),
                partial(_ARABIC_HALF_DAY.sub, lambda match: f"{match[1]} {_HALF_DAYS[match[2]]}"),
            )
        yield guard("[:h]"), partial(_TIMES.sub, self._time_range)
        yield guard("[:hH]"), partial(_TIME.sub, self._time)
        if say.language == "en":
            yield guard(" ?[apAP]"), partial(_HALF_DAY.sub, self._half_day)
        if say.language in {"fr", "pt", "es"}:
            yield guard(" ?h"), partial(_FULL_HOUR.sub, self._full_hour)
        yield guard(r"\.[0-5]\d "), partial(_DOTTED_TIME.sub, self._time)
        if at := _AT_TIMES.get(say.language):
            yield (
                at,
                partial(
                    at.sub,
                    lambda match: f"{match[1]} {say.time_after(match[1], self._time(match))}",
                ),
            )
        yield (
            guard(r"\.[0-5]\d"),
            partial(_BEFORE_DOTTED_TIME.sub, lambda match: f"{match[1]} {self._time(match)}"),
        )

    def _time_range(self, match: re.Match[str]) -> str:
        if self._say.language == "es":  # none is said to be "en punto"
            return self._say.spoken_range(match[1].removesuffix(":00"), match[2].removesuffix(":00"))
        return self._say.spoken_range(match[1], match[2])

    def _calendar(self, match: re.Match[str]) -> str:
        year, era = (match[1], "ميلادية") if match[1] else (match[2], "هجرية")
        return f"{self._say.whole(year)} {era}"

    def _season(self, match: re.Match[str]) -> str:
        follows = (int(match[1]) + 1) % 100 == int(match[2])
        return f"{match[1]} {match[2]}" if follows else match[0]

    def _full_hour(self, match: re.Match[str]) -> str:
        if self._say.language == "es" and _word_before(match).lower() not in {"la", "las"}:
            return self._say.unit(match["h"], "duration-hour", "")
        return self._clock(match, int(match["h"]), 0)

    def _half_day(self, match: re.Match[str]) -> str:
        return f"{self._say.cardinal(int(match['h']))} {match['ap'].lower()} m"

    def _time(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        hour, minute = int(found["h"]), int(found["m"])
        if found.get("s", ":").lower() == "h" and self._say.language not in {"fr", "pt", "es", "it"}:
            return match[0]
        if found.get("ap") and self._say.language not in _HALF_DAYS_NAMED:
            hour = hour % 12 + (12 if found["ap"][0] in "pP" else 0)
            found["ap"] = None
        said = self._clock(match, hour, minute, half=bool(found.get("ap")))
        if found.get("sec"):
            said = self._say.join(said, self._say.cardinal(int(found["sec"])))
        return f"{said} {found['ap'][0].lower()} m" if found.get("ap") else said

    def _clock(self, match: re.Match[str], hour: int, minute: int, *, half: bool = False) -> str:
        named = half or _HOUR_NAMED.match(match.string, match.end()) is not None
        return self._say.time_after(_word_before(match), self._say.time(hour, minute, named=named))

    def _ungrouped(self, text: str) -> str:
        """Write numbers without marks between groups of digits, and a point or comma only before a fraction."""
        say = self._say
        text = _APOSTROPHES.sub("", text)
        if say.decimal == "," or say.language == "en":
            text = _SPACED_GROUPS.sub(
                lambda match: (
                    match[0].replace(" ", "") if say.decimal == "," or match[0].count(" ") > 1 else match[0]
                ),
                text,
            )
        other = _COMMA_GROUPS if say.decimal == "," else _POINT_GROUPS
        text = other.sub(lambda match: _swapped(match[0]), text)
        text = _INDIAN.sub(lambda match: match[0].replace(",", ""), text)
        text = _MILLIONS.sub(lambda match: match[0].replace(",", ""), text)
        text = self._grammar.grouped.sub(lambda match: match[0].replace(say.groups[0], ""), text)
        return _LIST.sub(", ", text) if say.decimal == "." and say.language != "ar" else text

    def _amount_range(self, match: re.Match[str], said: str, *, below: _Step | None = None) -> str:
        """Say the lower end of a range, or the minus, before an amount.

        Args:
            match: of both ends.
            said: the upper one, without its minus.
            below: how what is below zero is said.
        """
        below = below or partial(self._say.join, self._say.minus)
        said = below(said) if match["minus"] else said
        if not match["low"]:
            return said
        low = self._say.say(match["low"].removeprefix("-"))
        return self._say.spoken_range(below(low) if match["low"][0] == "-" else low, said)

    def _money(self, match: re.Match[str]) -> str:
        written = folded(match.groupdict().get("named") or match["sign"])
        sign = (
            self._grammar.names.get(written)
            or CODES.get(written)
            or SIGNS_BY_CASE.get(written)
            or (written.upper() if match.groupdict().get("named") else match["sign"])
        )
        scale = self._magnitude(match)
        said = self._amount_range(match, self._say.money(match["number"], sign, scale=scale))
        return _apart(match, said, named=True) + self._per(match)

    def _magnitude(self, match: re.Match[str]) -> str:
        """Return the magnitude that was found by the name that the table has for it; empty where there is none."""
        return self._grammar.magnitudes[folded(match["scale"])] if match["scale"] else ""

    def _scaled(self, match: re.Match[str]) -> str:
        scale = self._magnitude(match)
        forms = self._say.magnitudes[scale][1]
        gender = self._say.gender_of(forms.split("/")[0])
        said = self._say.join(self._say.say(match["number"], gender), self._say.form(forms, match["number"]))
        return _apart(match, self._amount_range(match, said))

    def _unit(self, match: re.Match[str]) -> str:
        written = re.sub(r"\s+", " ", match["unit"])
        name = self._unit_name(written)
        said = self._say.unit(match["number"], name, "")
        below = self._say.below_zero if name.startswith("temperature") else None
        said = self._amount_range(match, said, below=below)
        return _apart(match, said, named=True) + self._per(match) + _stop(match)

    def _unit_name(self, written: str) -> str:
        return self._say.units.get(written) or self._say.units.get(written.lower()) or UNITS[written]

    def _per(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        each = self._say.each.get(found.get("each") or found.get("per") or "")
        if each:
            return f" {each}"
        if found.get("each"):  # "$10/month"
            return f" {self._say.per} {found['each']}"
        written = found.get("per")
        if not written:
            return ""
        name = self._say.units.get(written) or UNITS.get(written) or self._grammar.units[folded(written)]
        words = self._say.unit("1", name, "\0").replace("\0", "").strip()
        return f" {self._say.per} {words}" if self._say.spaced else f"{self._say.per}{words}"

    def _hundredths(self, match: re.Match[str]) -> str:
        number = match["number"]
        said = self._say.hundredths(number, self._say.say(number))
        said = self._amount_range(match, said) if "low" in match.groupdict() else said
        return _apart(match, said, named=True)

    def _ordinal(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        number = int(match["number"])
        if found.get("ending"):
            following = _WORD_AFTER.match(match.string, match.end())
            many = found["ending"] == "е" and following and following[1].startswith("год")
            return self._say.inflected(number, "ые" if many else found["ending"])
        if found.get("f") or found.get("f2"):
            return self._say.ordinal(number, "f")
        following = _WORD_AFTER.match(match.string, match.end())
        return self._say.ordinal_before(number, _word_before(match), following[1] if following else "")

    def _version(self, match: re.Match[str]) -> str:
        words = [
            self._say.marks[0] if part == "." else self._say.whole(part)
            for part in re.split(r"(\.)", match[0])
        ]
        return _apart(match, self._say.join(*words))

    def _part_of_unit(self, match: re.Match[str]) -> str:
        """Say "one quarter pound", "un cuarto de kilogramo"; a whole number with it as it is said before any noun."""
        written = re.sub(r"\s+", " ", match["unit"])
        name = self._unit_name(written)
        noun = self._say.unit("0.5" if self._say.parts_decline else "1", name, "\0").replace("\0", "").strip()
        numerator, denominator = int(match["a"]), int(match["b"])
        said = self._say.part(numerator, denominator) if 1 <= numerator < denominator <= 10 else None
        if said is None:
            return match[0]
        if match["whole"]:
            many = self._say.unit(match["whole"], name, "\0").replace("\0", "").strip()
            return f"{match['whole']} {self._vocabulary.signs['&']} {said} {many}"
        half = self._say.half_of(noun) if (numerator, denominator) == (1, 2) else None
        return _apart(
            match, self._say.join(half, noun) if half else self._say.part_of(said, noun), named=True
        )

    def _part(self, match: re.Match[str]) -> str:
        numerator, denominator = int(match["a"]), int(match["b"])
        said = None
        if 1 <= numerator < denominator <= _DENOMINATORS and (
            denominator <= 10 or denominator % 10 == 0 or denominator == 16
        ):
            said = self._say.part(numerator, denominator)
        following = _WORD_AFTER.match(match.string, match.end())
        if (numerator, denominator) == (1, 2) and following and not match["whole"]:
            said = self._say.half_of(following[1]) or said
        whole = f"{match['whole']} " if match["whole"] else ""
        if said is None:
            return f"{whole}{match['a']} {match['b']}"
        conjunction = self._vocabulary.signs["&"]
        if whole:
            said = self._say.join(conjunction, said) if self._vocabulary.spaced else said
        return _apart(match, f"{whole}{said}")

    def _score(self, match: re.Match[str]) -> str:
        verse = self._say.language in _VERSES and _word_before(match)[:1].isupper()
        return self._result(match[1], match[2], named=not verse)

    def _result(self, first: str, last: str, *, named: bool = True) -> str:
        between = _SCORES.get(self._say.language, "") if named else ""
        return self._say.join(self._say.cardinal(int(first)), between, self._say.cardinal(int(last)))

    def _range(self, match: re.Match[str]) -> str:
        first, last = match[1], match[match.lastindex or 2]
        if _is_score(first, last):
            return _apart(match, self._result(first, last), named=True)
        if first[0] == "0" and len(first) > 1 and (first + last).isdigit():  # of an address
            return _apart(match, f"{self._say.digit_by_digit(first)}, {self._say.digit_by_digit(last)}")
        following = _WORD_AFTER.match(match.string, match.end())
        counted = following[1] if following else ""
        return _apart(match, self._say.spoken_range(self._whole(first, counted), self._whole(last, counted)))

    def _whole(self, number: str, counted: str) -> str:
        if number.isdigit() and (number == "0" or number[0] != "0"):
            return self._say.counted(int(number), counted)
        return self._say.say(number)

    def _mixed(self, match: re.Match[str]) -> str:
        digits = match[0]
        counted = (
            match[2]
            and match.string[match.end()].islower()
            and not match.string[match.start() - 1 : match.start()].isalnum()
        )
        spelled = len(digits) >= _ONE_BY_ONE and not counted  # "X100" and "100x"
        said = self._say.digit_by_digit(digits) if spelled else self._say.whole(digits)
        return f" {said} "

    def _plain(self, match: re.Match[str]) -> str:
        number = match["number"]
        following = _WORD_AFTER.match(match.string, match.end())
        after = following[1] if following else ""
        if number.isdigit() and (number == "0" or number[0] != "0") and len(number) < 16:
            before = _word_before(match)
            if len(number) == 4 and self._say.is_year(int(number), before, after):
                said = self._say.year(int(number))
            else:
                placed = self._say.language == "zh" and match.string[: match.start()].endswith("第")
                placed = placed or before == self._say.number
                said = self._say.cardinal(int(number)) if placed else self._say.counted(int(number), after)
        else:
            said = self._say.say(number)
        said = self._say.join(self._say.minus, said) if match["minus"] else said
        return said if match["apostrophe"] else _apart(match, said)


def _is_score(first: str, last: str) -> bool:
    """Tell "3-1", which goes down and is no range."""
    written = (first, last)
    if not all(
        number.isdigit() and len(number) <= _SCORED and number == str(int(number)) for number in written
    ):
        return False
    return int(first) > int(last)


@cache
def _speller(language: str) -> _Speller:
    return _Speller(VERBALIZERS[language], VOCABULARIES[language])


def _word_before(match: re.Match[str]) -> str:
    found = _WORD_BEFORE.search(match.string[max(0, match.start() - 24) : match.start()])
    return found[1] if found else ""


def _swapped(number: str) -> str:
    """Write a number that is grouped as in another language without groups: "1,250.50" as "1250,50"."""
    mark = "," if number[-3] in ".," or number[-2] in ".," else ""
    whole, fraction = re.split(r"[.,](?=\d{1,2}$)", number)
    return f"{re.sub('[.,]', '', whole)}{number[len(whole)].translate(_SWAP)}{fraction}" if mark else number


def _stop(match: re.Match[str]) -> str:
    """Return the full stop after a unit where it ends a sentence: not in "5 min. lang"."""
    following = match.string[match.end() : match.end() + 2].lstrip()[:1]
    return "." if match["stop"] and following.isupper() else ""


def _apart(match: re.Match[str], said: str, *, named: bool = False) -> str:
    """Keep what is said apart from letters that stood beside the digits.

    Args:
        match: what is said.
        said: how.
        named: whether its last word is what is counted, so that a Korean particle belongs to it.
    """
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    # Scripts that write no spaces keep none, nor does what is only a letter of Arabic before its word.
    glued = "\u0600" <= before <= "\u06ff" or "\u3040" <= before <= "\ud7a3"
    lead = " " if before.isalpha() and not glued and said[:1].isalpha() else ""
    beside = after.isalpha() and (after.isascii() or ("가" <= after <= "힣" and not named))
    return f"{lead}{said}{' ' if beside and said[-1:].isalpha() else ''}"
