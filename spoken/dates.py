"""Dates, days of the week, years and decades: how they are written in a stretch, and what a language says for them."""

import re
from collections.abc import Iterator
from functools import partial

from spoken.common_words import ENGLISH, WORDS
from spoken.neighbours import word_after, word_before
from spoken.quantity_grammar import Grammar, Step, guard
from spoken.verbalizer import Verbalizer

_ISO_DATE = re.compile(
    r"(?<![\d/.-])(?P<y>\d{4})(?P<s>[-/]|\. ?)(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?!\d)(?:\.(?!\w))?(?:-(?P<suffix>[^\W\d_]{1,4}))?"
)
_DATE = re.compile(
    r"(?<![\d/.-])(?P<a>\d{1,2})(?P<s>[-/]|\. ?)(?P<b>\d{1,2})(?P=s)(?P<y>\d{4})(?![\d/-])(?: (?:r\.|roku|г\.|года|р\.))?"
)
_SLASHED_DATE = re.compile(
    r"(?<![\d/.,-])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/]|[.,]\d| (?:de|des|du|of|di|del|da|do|van)\b| d')"
)
_DOTTED_DATE = re.compile(
    r"(?<![\d/.,-])(?P<a>[12]\d|3[01]|0?[1-9])\.(?P<b>0[1-9]|1[0-2])(?![\d/-]|[.,]\d|[^\W_]| ?%)"
)
_LAST_HOUR = 24
_DAY_NAME = 4  # letters, which no case changes
_HYPHENED_DATE = re.compile(r"(?<![\d/.,-])(?P<a>\d{1,2})-(?P<b>\d{1,2})(?![\w/-]|[.,]\d)")
_DAY_OF_MONTH = re.compile(
    r"(?:(?<=\d )|(?<=\d(?:st|nd|rd|th) ))(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?![^\W\d_.])(?!\.)"
)
_NOT_A_DATE = re.compile(
    r"(?<![^\W_])(?=[^\W\d_]*[^\W\da-zß-öø-ÿ_])(?!(?:Am|Ab|Bis|Vom|Zum|Den|Der|Seit)(?![^\W_]))[^\W\d_]+ $"
)
_THAT_DAY = frozenset({"dnia", "dniu"})
_COMMON_FRACTIONS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4"})
_SHORT_DATE = re.compile(r"(?<![\d/.,-])(?P<a>\d{1,2})\. ?(?P<b>\d{1,2})\.(?![\d\w])(?! \d)")
_SHORT_DATES = frozenset({"de", "cs", "hu"})
_CALENDAR = re.compile(r"(?<!\d)(?:(?<=عام )|(?<=سنة ))(\d{3,4}) ?م(?![^\W_])|(?<!\d)(\d{3,4}) ?ه(?![^\W_])")
_SEASON = re.compile(r"(?<![\d/])((?:19|20)\d\d)/(\d\d)(?![\d/])")
_POLISH_DECADE = re.compile(r"(?<![^\W_])(?<!\d )(?P<noun>lata|latach|lat) (?P<n>\d0)(?:\.(?!\w)|(?![\w.,]))")
_AGED = frozenset(
    ["liczy", "liczył", "ma", "mam", "masz", "mają", "miał", "miała", "mieć", "skończył", "skończyła"]
)
_SHORT_DECADE = re.compile(
    r"(?<!\w)(?:'|(?<=\b[Tt]he )|(?<=\b[Ee]arly )|(?<=\b[Ll]ate )|(?<=\b[Mm]id[- ]))(\d0)s\b"
)
_DECADE = re.compile(r"(?<!\d)(?:1[1-9]|20)\d0(?=s\b|er\b(?! [a-z]))(?:s|er)")
_GERMAN_DECADE = re.compile(r"(?<![\d.,])(\d0)er(?![^\W_])")
_KOREAN_MONTH = re.compile(r"(?<!\d)(1[0-2]|[1-9])월")
_YEAR = re.compile(r"(?<!\d)\d{4}(?=(?: ?[–-] ?\d{4})?年)")
_YEARS = re.compile(r"(?<=[零一二三四五六七八九]) ?[–-] ?(?=[零一二三四五六七八九]{4}年)")
_DIGIT = re.compile(r"\d")


class Dates:
    """The dates of one language.

    Args:
        verbalizer: of the language.
        grammar: of the language.
        between: what is said from one to another where no case depends on it, empty where one does.
    """

    def __init__(self, verbalizer: Verbalizer, grammar: Grammar, between: str) -> None:
        self._say = verbalizer
        self._grammar = grammar
        self._between = between

    def spell_days(self, text: str) -> str:
        """Write days of the week out that are cut short."""
        grammar, days = self._grammar, self._grammar.days
        text = grammar.day_to_day.sub(
            lambda match: (
                self._say.spoken_range(days[match[1]], days[match[2]])
                if self._between or self._say.language == "hi"
                else f"{days[match[1]]} – {days[match[2]]}"
            ),
            text,
        )
        if grammar.open_day:
            text = grammar.open_day.sub(lambda match: days[match[1]], text)
        if grammar.each_day:
            text = grammar.each_day.sub(
                lambda match: (
                    f"{match[1]} {days[match[2]]}{'' if match.string[match.end() :].strip() else '.'}"
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

    def in_digits(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        """Yield the steps for dates of digits with their year."""
        yield guard(r"[-/.] ?\d"), partial(_ISO_DATE.sub, self._date)
        yield guard(r"[-/.] ?\d"), partial(_DATE.sub, self._date)

    def short(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        """Yield the steps for a day and its month in digits, and for years of a calendar that is named."""
        if self._say.before_dates:
            yield guard(r"/\d"), partial(_SLASHED_DATE.sub, self._slashed_date)
        if self._say.language == "nl":
            yield guard(r"-\d"), partial(_HYPHENED_DATE.sub, self._hyphened_date)
        if self._say.dots_dates:
            yield guard(r"\.[01]\d"), partial(_DOTTED_DATE.sub, self._dotted_date)
        if self._say.language in _SHORT_DATES:
            yield guard(r"\. ?\d"), partial(_SHORT_DATE.sub, self._date)
        if self._say.language == "ar":
            yield _CALENDAR, partial(_CALENDAR.sub, self._calendar)

    def in_words(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        """Yield the steps for dates with the name of their month, for years and for decades."""
        say, grammar = self._say, self._grammar
        if grammar.month_and_day:
            yield grammar.guards["month_and_day"], partial(grammar.month_and_day.sub, self._month_and_day)
        if grammar.first_day:
            yield guard(" (?:a|do|i|до|и|по) "), partial(grammar.first_day.sub, self._first_day)
        yield grammar.guards["named_date"], partial(grammar.named_date.sub, self._named_date)
        if say.years:
            yield grammar.guards["year"], partial(grammar.year.sub, self._year_named)
        yield guard("年|[–-]"), partial(_YEAR.sub, lambda match: say.year(int(match[0])))
        if say.language == "zh":
            yield _YEARS, partial(_YEARS.sub, say.to)
        yield from self._decades()
        if say.language == "ko":
            yield guard("월"), partial(_KOREAN_MONTH.sub, lambda match: say.month(int(match[1])))

    def _decades(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        say = self._say
        yield guard(r"/\d\d"), partial(_SEASON.sub, self._season)
        if say.language == "pl":
            yield guard("(?<=0)"), partial(_POLISH_DECADE.sub, self._polish_decade)
        yield guard(r"0(?:s|er)"), partial(_DECADE.sub, self._decade)
        if say.language == "de":
            yield guard("0er"), partial(_GERMAN_DECADE.sub, lambda match: f"{say.cardinal(int(match[1]))}er")
        if say.language == "en":
            yield guard("0s"), partial(_SHORT_DECADE.sub, self._short_decade)

    def _dated_day(self, match: re.Match[str]) -> str:
        day = self._say.day_after(word_before(match), self._grammar.days[match["day"]])
        return f"{day}{match['comma']} "

    def _date(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        if match[0].endswith(".") and match.end() == len(match.string) and self._is_named(match):
            return match[0]  # "iOS 17.2."
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
        return self._say.date_after(word_before(match), year, month, day)

    def _is_named(self, match: re.Match[str]) -> bool:
        """Tell by the noun before it whether what looks like a date is the number of something."""
        noun = _NOT_A_DATE.search(match.string[: match.start()])
        return noun is not None and noun[0].strip().lower() not in self._grammar.day_names

    def _dotted_date(self, match: re.Match[str]) -> str:
        """Say "14.01" after a day of the week, or where it can be no time of day."""
        before = word_before(match).lower()
        if (
            before[:_DAY_NAME] in {name[:_DAY_NAME] for name in self._grammar.day_names}
            or before in _THAT_DAY
        ):
            day, month = int(match["a"]), int(match["b"])
            return self._say.named_date(day, self._say.month(month), None, "") or match[0]
        may_be_date = int(match["a"]) > _LAST_HOUR and self._say.governed(before, "") is not self._say
        return self._date(match) if may_be_date else match[0]

    def _first_day(self, match: re.Match[str]) -> str:
        """Say the first of two days of a month: "od 1 do 5 lipca"."""
        return (self._say.named_date(int(match[1]), "", None, word_before(match)) or match[0]).strip()

    def _slashed_date(self, match: re.Match[str]) -> str:
        before = word_before(match).lower()
        if before not in self._say.before_dates and before not in self._grammar.day_names:
            return match[0]
        after = word_after(match)
        common = WORDS.get(self._say.language, ENGLISH)
        if match[0] in _COMMON_FRACTIONS and after and after.lower() not in common:
            return match[0]  # of something
        return self._date(match)

    def _hyphened_date(self, match: re.Match[str]) -> str:
        return self._date(match) if word_before(match).lower() in self._grammar.day_names else match[0]

    def _named_date(self, match: re.Match[str]) -> str:
        before = word_before(match)
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

    def _year_named(self, match: re.Match[str]) -> str:
        return self._say.year_named(int(match[1]), word_before(match), match[2]) or match[0]

    def _decade(self, match: re.Match[str]) -> str:
        return self._say.decade(int(match[0][:4])) or match[0]

    def _polish_decade(self, match: re.Match[str]) -> str:
        if word_before(match).lower() in _AGED:
            return match[0]
        said = self._say.ordinal(int(match["n"])).removesuffix("y")
        ending = "e" if match["noun"] == "lata" else "ych"
        stop = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
        return f"{match['noun']} {said}{ending}{stop}"

    def _short_decade(self, match: re.Match[str]) -> str:
        return (self._say.decade(1900 + int(match[1])) or "").partition(" ")[2]

    def _season(self, match: re.Match[str]) -> str:
        follows = (int(match[1]) + 1) % 100 == int(match[2])
        return f"{match[1]} {match[2]}" if follows else match[0]

    def _calendar(self, match: re.Match[str]) -> str:
        year, era = (match[1], "ميلادية") if match[1] else (match[2], "هجرية")
        return f"{self._say.whole(year)} {era}"
