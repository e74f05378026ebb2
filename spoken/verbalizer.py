"""How one language says numbers, sums, dates, times and units: what `spoken.quantities` finds in a text.

Data that is kept elsewhere is taken from there: names of units and months and the rules of plural from CLDR (`babel`),
most number words from `num2words`. A language says in `spoken.verbalizers` what they do not know.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar

from babel import Locale
from babel.dates import get_month_names
from babel.numbers import format_decimal, get_currency_name
from babel.units import format_unit
from num2words import num2words  # type: ignore[import-untyped]  # ships no types

_CACHED = 4096
LARGEST = 10**15
"""What is not less than this is read digit by digit."""
MASCULINE, FEMININE, NEUTER = "m", "f", "n"
THINGS = "="
"""Begins what stands in the table of units and is none of CLDR's: "шт", with its forms after it."""


class Verbalizer:
    """One language's way to say quantities. Stateless; made once for each language.

    Attributes:
        language: its code.
        regions: where its telephone numbers are from, the likeliest first.
        decimal: what it writes before a fraction.
        groups: what it may write between groups of three digits.
        marks: what a point and a comma between digits are called.
        to: between the ends of a range.
        minus, number, at_home: "minus", "number" (№) and what its own "$" is called.
        currencies: forms of each currency, by sign or code, for each plural category in the order of `plurals`.
        cents: forms of the hundredth part, by sign.
        between_cents: between a sum and its cents; None where they are a fraction.
        magnitudes: power of ten of what may follow a number ("bn"), and its forms.
        abbreviations: what is said for what is written, each with its full stop.
        units: CLDR's name of a unit by how only this language writes it; forms after `THINGS` for what has none.
        each: how a price for each of something is said, by what stands after the stroke.
        ordinal: pattern of what makes a number an ordinal, after its digits; group "f" where it is feminine.
        plurals: CLDR's categories that have a form of their own, in the order of the forms.
        year_first: whether dates are written year, month, day.
        spaced: whether words are written apart.
        digits: names of the digits, where they differ from their numbers.
        attached: what is abbreviated after a number and a hyphen.
        compounds: pattern of a number that begins a word, in group 1; None where none does.
        dots_dates: whether a day and its month are written with a full stop between them alone: "14.01".
        before_dates: words after which two numbers with a stroke are a day and a month.
        dots_ordinals: whether a full stop after a Roman numeral makes it an ordinal.
        rulers: after whose names I, V and X are numerals; empty where any name will do.
        regnal: before whose names I, V and X with a full stop are numerals.
        parts_decline: whether a unit has the form after "half of" that it has after "0.5".
    """

    language: ClassVar[str]
    locale: ClassVar[str] = ""
    regions: ClassVar[tuple[str, ...]] = ()
    decimal: ClassVar[str] = ","
    groups: ClassVar[str] = ". "
    marks: ClassVar[tuple[str, str]]
    to: ClassVar[str]
    minus: ClassVar[str]
    number: ClassVar[str]
    per: ClassVar[str] = ""
    plurals: ClassVar[Mapping[str, int]] = {"one": 0, "other": 1}
    currencies: ClassVar[Mapping[str, str]]
    cents: ClassVar[Mapping[str, str]] = {}
    between_cents: ClassVar[str | None] = " "
    magnitudes: ClassVar[Mapping[str, tuple[int, str]]] = {}
    abbreviations: ClassVar[Mapping[str, str]] = {}
    units: ClassVar[Mapping[str, str]] = {}
    ordinal_mark: ClassVar[str | None] = None
    each: ClassVar[Mapping[str, str]] = {}
    telephone: ClassVar[str] = r"tel|phone|mobile"
    month_first: ClassVar[bool] = False
    hour_minute: ClassVar[str] = "{hour} {minute}"
    full_hour: ClassVar[str] = "{hour}"
    hour_word: ClassVar[str] = ""
    percent: ClassVar[str] = ""
    spaced: ClassVar[bool] = True
    digit_names: ClassVar[str] = ""
    fraction_by_digits: ClassVar[bool] = False
    titles: ClassVar[frozenset[str]] = frozenset()
    suffixes: ClassVar[Mapping[str, str]] = {}
    years: ClassVar[str] = ""
    regnal: ClassVar[frozenset[str]] = frozenset()
    parts_decline: ClassVar[bool] = False
    before_dates: ClassVar[frozenset[str]] = frozenset()
    attached: ClassVar[Mapping[str, str]] = {}
    compounds: ClassVar[re.Pattern[str] | None] = None
    dots_dates: ClassVar[bool] = False
    dots_ordinals: ClassVar[bool] = False
    rulers: ClassVar[frozenset[str]] = frozenset()

    # Numbers

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """Say a whole number of 0 or more as one counts."""
        return _cardinal(number, self.locale or self.language)

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """Say a place in an order; as one counts, where there is no other word for it: num2words has none for many."""
        try:
            said = str(num2words(number, lang=self.locale or self.language, to="ordinal"))
        except (LookupError, NotImplementedError, OverflowError):
            said = ""
        return said or self.cardinal(number)

    def day(self, number: int) -> str:
        """Say a day of a month."""
        return self.cardinal(number)

    def year(self, number: int) -> str:
        """Say a year."""
        return self.cardinal(number)

    def counted(self, number: int, following: str) -> str:
        """Say a number before a word, which may decide its gender.

        Args:
            number: of 0 or more.
            following: the next word of the text, "" where there is none.
        """
        return self.cardinal(number)

    def digit_by_digit(self, digits: str) -> str:
        """Say each digit by itself."""
        names = self._digit_names()
        return (" " if self.spaced else "").join(names[int(digit)] for digit in digits)

    def telephone_number(self, groups: list[str]) -> str:
        """Say a telephone number, given in the groups of digits that it is written in."""
        return ", ".join(map(self.digit_by_digit, groups))

    def fraction(self, digits: str) -> str:
        """Say the digits after the decimal mark."""
        if self.fraction_by_digits or len(digits) > 2 or digits[0] == "0":
            return self.digit_by_digit(digits)
        return self.cardinal(int(digits))

    def decimal_number(self, whole: str, mark: str, fraction: str, gender: str = MASCULINE) -> str:
        """Say a number with a fraction."""
        name = self.marks[0] if mark == "." else self.marks[1]
        return self.join(self.whole(whole, gender), name, self.fraction(fraction))

    def whole(self, digits: str, gender: str = MASCULINE) -> str:
        """Say the digits of a whole number, one by one where they are no number."""
        if (len(digits) > 1 and digits[0] == "0") or int(digits) >= LARGEST:
            return self.digit_by_digit(digits)
        return self.cardinal(int(digits), gender)

    def say(self, number: str, gender: str = MASCULINE) -> str:
        """Say a number as `spoken.quantities` writes it: digits, and a mark with digits or none."""
        whole, mark, fraction = re.split(r"([.,])", number) if re.search("[.,]", number) else (number, "", "")
        return self.decimal_number(whole, mark, fraction, gender) if fraction else self.whole(whole, gender)

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say a common fraction; None leaves it as it is."""
        return None

    def half_of(self, noun: str) -> str | None:
        """Say half of something; None where it is said as it is alone."""
        return None

    def part_of(self, part: str, noun: str) -> str:
        """Say a common fraction of a unit."""
        return self.join(part, noun)

    def join(self, *words: str) -> str:
        """Put words together as the language writes them."""
        return (" " if self.spaced else "").join(word for word in words if word)

    def _digit_names(self) -> list[str]:
        return self.digit_names.split() or [self.cardinal(digit) for digit in range(10)]

    def is_year(self, number: int, before: str, after: str) -> bool:
        """Tell whether four digits are a year that is said otherwise than a number.

        Args:
            number: of four digits.
            before: the word before it, "" where there is none.
            after: the word after it.
        """
        return False

    def ordinal_before(self, number: int, before: str, following: str) -> str:
        """Say an ordinal between two words, which may decide its form."""
        return self.ordinal(number)

    def inflected(self, number: int, ending: str, noun: str = "") -> str:
        """Say an ordinal with the ending that is written after its digits, before a noun."""
        return self.ordinal(number)

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say a Roman numeral.

        Args:
            number: that it stands for.
            before: the word before it, "" where there is none.
            after: the word after it.
            dotted: whether a full stop follows it.
        """
        return self.cardinal(number)

    def titled(self, title: str, name: str) -> str:
        """Say a title that is abbreviated, before a name that may decide its gender.

        Args:
            title: what the table of abbreviations has for it.
            name: the word after it, "" where there is none.
        """
        return title

    def compound(self, number: int) -> str:
        """Say a number as it begins a word: `compounds`."""
        return self.cardinal(number)

    def century(self, number: int, before: str, *, plural: bool) -> str:
        """Say a century that is abbreviated: "XX w.", "XX в."; `plural` where there are several.

        `before` is the word or mark before it, "" where it begins a sentence.
        """
        return self.cardinal(number)

    def abbreviated(self, said: str, written: str, before: str, name: str, *, chained: bool) -> str:
        """Put what is abbreviated in the case that a preposition asks for.

        Args:
            said: what the table of abbreviations has for it.
            written: the abbreviation, in small letters.
            before: the word before it, or before others with their numbers: "z" in "z art. 3 ust. 2".
            name: the word after it, "" where there is none.
            chained: whether others with their numbers stand between.
        """
        return said

    def governed(self, before: str, noun: str) -> "Verbalizer":
        """Return who says a quantity in the case that its neighbours ask for.

        Args:
            before: the word before it, "" where there is none.
            noun: what is counted: CLDR's name of a unit, or the word after the number.
        """
        return self

    def placed(self, number: int, before: str, noun: str) -> str | None:
        """Say a number that is a place in an order though no mark tells so; None where it counts.

        Args:
            number: of 0 or more.
            before: the word before it, "" where there is none.
            noun: the word after it.
        """
        return None

    def spoken_range(self, first: str, last: str) -> str:
        """Say from where to where."""
        return self.join(first, self.to, last)

    # What is counted

    def gender_of(self, noun: str) -> str:
        """Tell the gender of a unit or currency by its name."""
        return MASCULINE

    def form(self, forms: str, number: str) -> str:
        """Choose of forms the one for a number."""
        choices = forms.split("/")
        if len(choices) == 1:
            return forms
        category = plural_category(self.language, number.replace(",", "."))
        return choices[min(self.plurals.get(category, len(choices)), len(choices) - 1)]

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """Say how many of something there are.

        Args:
            number: as for `say`.
            forms: of what is counted.
            scale: "bn" and the like; a key of `magnitudes`.
        """
        if scale:
            power, scales = self.magnitudes[scale]
            said = self.join(
                self.say(number, self.gender_of(scales.split("/")[0])), self.form(scales, number)
            )
            return self.scaled(said, power, self.form(forms, "1000000"))
        noun = self.form(forms, number)
        return self.join(self.say(number, self.gender_of(forms.split("/", maxsplit=1)[0])), noun)

    def scaled(self, number: str, power: int, noun: str) -> str:
        """Put a noun after a number of thousands or millions."""
        return self.join(number, noun)

    def money(self, number: str, sign: str, *, scale: str = "") -> str:
        """Say a sum of money; cents, where there are two digits of them, by their name."""
        forms = self.currencies.get(sign) or _currency(self.locale or self.language, sign)
        whole, _, cents = number.replace(",", ".").partition(".")
        if scale or len(cents) != 2 or self.between_cents is None:
            return self.amount(number, forms, scale=scale)
        if cents == "00":
            return self.amount(whole, forms)
        name = self.cents.get(sign, "")
        if not int(whole) and name:
            return self.amount(str(int(cents)), name)
        said = self.amount(str(int(cents)), name) if name else self.cardinal(int(cents))
        return f"{self.amount(whole, forms)}{self.between_cents}{said}"

    def unit(self, number: str, name: str, said: str) -> str:
        """Say a measure.

        Args:
            number: as for `say`, to choose the form by.
            name: of the unit in CLDR; or `THINGS` and the forms of what is counted.
            said: the number in words; "" where `say` says it.
        """
        if name.startswith(THINGS):
            forms = name.removeprefix(THINGS)
            said = said or self.say(number, self.gender_of(forms.split("/", maxsplit=1)[0]))
            return self.join(said, self.form(forms, number))
        before, after = unit_pattern(self.locale or self.language, name, number.replace(",", "."))
        if not said:
            one = " ".join(unit_pattern(self.locale or self.language, name, "1")).strip()
            said = self.say(number, self.gender_of(one.split(" ")[0]))
        return self.join(before, said, after)

    def hundredths(self, number: str, said: str) -> str:
        """Say a percentage."""
        return self.join(said, self.form(self.percent, number))

    def below_zero(self, said: str) -> str:
        """Say a temperature below zero."""
        return self.join(self.minus, said)

    # Time

    def month(self, month: int) -> str:
        """Name a month as it follows a day."""
        return _months(self.locale or self.language)[month]

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say a date."""
        return self.join(self.day(day), self.month(month), self.year(year) if year else "")

    def date_after(self, before: str, year: int | None, month: int, day: int) -> str:
        """Say a date in the case that the word before it asks for."""
        return self.date(year, month, day)

    def date_with(self, year: int | None, month: int, day: int, suffix: str) -> str:
        """Say a date with a suffix that is written after its day."""
        return self.date(year, month, day)

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say a date whose month is written in letters; None leaves it to the rules for numbers.

        Args:
            day: of the month.
            month: as it is written.
            year: None where there is none.
            before: the word before the date.
        """
        return None

    def year_named(self, number: int, before: str, noun: str) -> str | None:
        """Say a year before the word for "year"; None leaves it to the rules for numbers."""
        return None

    def day_after(self, before: str, name: str) -> str:
        """Put a day of the week in the case that the word before it asks for."""
        return name

    def time_after(self, before: str, said: str) -> str:
        """Put a time of day in the case that the word before it asks for."""
        return said

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """Say a time of day.

        Args:
            hour: of 24.
            minute: of 60.
            named: whether the text names the hour after it ("14:30 Uhr").
        """
        pattern = self.hour_minute if minute else self.full_hour
        said = "" if not minute else self.minute(minute)
        return pattern.format(hour=self.hour(hour), minute=said)

    def hour(self, hour: int) -> str:
        """Say the hour of a time."""
        return self.cardinal(hour, FEMININE)

    def minute(self, minute: int) -> str:
        """Say the minutes of a time."""
        return self.cardinal(minute)

    def decade(self, year: int) -> str | None:
        """Say "the 1990s"; None where nobody writes it so."""
        return None


def listed(words: str) -> frozenset[str]:
    """Make a set of words that stand in a text."""
    return frozenset(words.split())


@lru_cache(_CACHED)
def _cardinal(number: int, language: str) -> str:
    return str(num2words(number, lang=language))


@lru_cache(_CACHED)
def plural_category(language: str, number: str) -> str:
    """Tell which of CLDR's categories of plurals a number belongs to."""
    return str(Locale.parse(language).plural_form(Decimal(number)))


@lru_cache(64)
def _months(language: str) -> Mapping[int, str]:
    return get_month_names("wide", "format", language)


@lru_cache(512)
def _currency(language: str, code: str) -> str:
    return "/".join(dict.fromkeys(get_currency_name(code, count, language) for count in (1, 2, 5)))


@lru_cache(_CACHED)
def unit_pattern(language: str, name: str, number: str) -> tuple[str, str]:
    """Tell what CLDR writes before and after a number of a unit."""
    # The dual of a language has no number in it; it is said with one.
    value = Decimal(number)
    written = format_unit(value, name, "long", locale=language)
    shown = format_decimal(value, locale=language)
    if shown not in written:
        value = Decimal(3)
        written, shown = format_unit(value, name, "long", locale=language), "3"
    before, _, after = (
        written.replace("\u00a0", " ").replace("’", "'").replace("-fok", " fok").partition(shown)
    )
    return before.strip(), after.strip()
