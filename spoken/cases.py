"""Cases of what is counted: a language's verbalizer that says all of it in one of them.

Which case a preposition or the ending of a noun asks for, and how numerals and nouns look in it, is known by each
language; here it is only put together. Fractions stay as they are alone: what follows them is in the genitive anyway.
"""

from typing import ClassVar

from spoken.verbalizer import FEMININE, MASCULINE, THINGS, Verbalizer, plural_category, unit_pattern

CASES = GENITIVE, DATIVE, ACCUSATIVE, INSTRUMENTAL, LOCATIVE = range(5)
"""Indices into forms that are written "genitive/dative/accusative/instrumental/locative"."""

YEARS = frozenset(year for year in range(1100, 2100) if year % 100)
"""What four digits mean where they count nothing; round ones are amounts more often."""
PREPOSITION = 2  # letters of what is no noun
_SHORTEST = 3  # letters of a noun


class InCase(Verbalizer):
    """A mix-in, before the class of the language.

    A second verbalizer rather than a case for every method, since all that is said of a quantity agrees with its case.

    Args:
        plain: the language's verbalizer without a case.
        case: one of `CASES`, but for the accusative, which is said as the nominative.

    Attributes:
        named_by: a number whose unit in CLDR has the form that `plural` is told.
        halved: a number whose unit in CLDR is in the genitive singular.
        feminines: how feminine nouns in the singular end, in any case but the nominative.
    """

    named_by: ClassVar[str]
    halved: ClassVar[str]
    feminines: ClassVar[tuple[str, ...]]

    def __init__(self, plain: Verbalizer, case: int) -> None:
        self._plain = plain
        self.case = case

    def declined(self, number: int, gender: str) -> str:
        """Say a whole number in the case."""
        raise NotImplementedError

    def plural(self, noun: str, one: str) -> str:
        """Put a noun, and what belongs to it, in the plural of the case, which is not the genitive."""
        raise NotImplementedError

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        return self.declined(number, gender)

    def counted(self, number: int, following: str) -> str:
        """See `Verbalizer.counted`: "jedné osoby", "dvou"."""
        one = plural_category(self.language, str(number)) == "one"
        feminine = one and len(following) > PREPOSITION and following.endswith(self.feminines)
        return self.cardinal(number, FEMININE if feminine else MASCULINE)

    def digit_by_digit(self, digits: str) -> str:
        """See `Verbalizer.digit_by_digit`."""
        return self._plain.digit_by_digit(digits)

    def decimal_number(self, whole: str, mark: str, fraction: str, gender: str = MASCULINE) -> str:
        """See `Verbalizer.decimal_number`."""
        return self._plain.decimal_number(whole, mark, fraction, gender)

    def form(self, forms: str, number: str) -> str:
        """See `Verbalizer.form`."""
        choices = forms.split("/")
        if len(choices) == 1 or not number.isdigit():
            return self._plain.form(forms, number)
        one = plural_category(self.language, number) == "one"
        if self.case == GENITIVE:
            return self._plain.form(forms, self.halved if one else "5")
        return choices[0] if one else self.plural(self._plain.form(forms, self.named_by), choices[0])

    def unit(self, number: str, name: str, said: str) -> str:
        """See `Verbalizer.unit`."""
        if name.startswith(THINGS):
            return super().unit(number, name, said)
        if said or not number.isdigit():
            return self._plain.unit(number, name, said)
        one = plural_category(self.language, number) == "one"
        alone = " ".join(unit_pattern(self.language, name, "1")).strip()
        said = self.say(number, self.gender_of(alone.split(" ")[0]))
        if self.case == GENITIVE:
            return self.join(said, *unit_pattern(self.language, name, self.halved if one else "5"))
        if one:
            return self.join(said, alone)
        named = " ".join(unit_pattern(self.language, name, self.named_by)).strip()
        return self.join(said, self.plural(named, alone))


def case_before(case: int | None, noun: str, instrumentals: tuple[str, ...]) -> int | None:
    """Tell the case that a preposition asks for; none of its instrumental where what is counted has another.

    Args:
        case: of the preposition.
        noun: what is counted, or a unit's name.
        instrumentals: how nouns in the instrumental end.
    """
    counted = len(noun) > _SHORTEST and "-" not in noun
    return None if case == INSTRUMENTAL and counted and not noun.endswith(instrumentals) else case
