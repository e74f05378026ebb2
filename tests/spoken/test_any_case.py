"""Names of units, currencies, magnitudes and abbreviations are found in any case, and then said: none is an error."""

import itertools

import pytest

from spoken import passages
from spoken.quantity_grammar import AFTER, BEFORE, UNITS
from spoken.verbalizers import VERBALIZERS


def cases(name):
    """The ways in which `re.IGNORECASE` takes letters for the same."""
    dotted = name.replace("i", "İ").replace("I", "İ")
    dotless = name.replace("i", "\u0131").replace("I", "\u0131")
    return {name, name.lower(), name.upper(), name.title(), name.swapcase(), dotted, dotless, dotted.upper()}


@pytest.mark.parametrize("language", VERBALIZERS)
def test_whatever_is_found_in_any_case_is_said(language):
    verbalizer = VERBALIZERS[language]
    units = {*UNITS, *verbalizer.units}
    signs = {
        *BEFORE,
        *AFTER,
        *(form for forms in verbalizer.currencies.values() for form in forms.split("/")),
    }
    texts = itertools.chain(
        (
            text
            for unit in units
            for each in cases(unit)
            for text in (f"3 {each}", f"$3.50/{each}", f"4 €/{each}")
        ),
        (
            text
            for sign in signs
            for each in cases(sign)
            for text in (f"{each} 3.50", f"3 {each}", f"3 {each}/kg")
        ),
        (
            text
            for name in verbalizer.magnitudes
            for each in cases(name)
            for text in (f"3 {each}", f"$3 {each}")
        ),
        (
            f"{each} {after}"
            for name in verbalizer.abbreviations
            for each in cases(name)
            for after in ("A", "a", "5")
        ),
    )

    for text in texts:
        assert list(passages(text, language)), text
