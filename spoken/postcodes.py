"""Says postal codes, which are read in digits or pairs and are no numbers that count anything."""

import re
from functools import partial

from spoken.verbalizer import Verbalizer

_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "D C", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine",
    "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri",
    "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico",
    "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "PR": "Puerto Rico", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_PLACE = r"(?= [^\W\d_a-z])"  # a word with a capital, or of a script that has none
# By language: what a code is told by, its parts in groups.
_CODES = {
    "de": re.compile(rf"(?:(?<=\d, )|(?<=\d[a-z], )|(?<=PLZ )|(?<=^D-)|(?<= D-))(\d{{5}}){_PLACE}"),
    "en": re.compile(
        rf"(?<=,) ?(?P<state>{'|'.join(_STATES)}) (\d{{5}})(?:-(\d{{4}}))?(?![\w,.]\d)|(?<=(?i:zip code) )(\d{{5}})(?!\d)"
    ),
    "hi": re.compile(r"(?:(?<=, )|(?<=[^\W\d_][ –-])|(?<=[\u0900-\u097f][ –-]))(\d{6})(?=[!?।,]|\.?$)"),
    "nl": re.compile(rf"(?<![\w.,])(\d\d)(\d\d) ?([A-Z]{{2}})(?={_PLACE}|[,.!?]|$)"),
    "pl": re.compile(rf"(?<![\w.,-])(\d\d)-(\d{{3}}){_PLACE}"),
    "pt": re.compile(r"(?<![\w.,-])(\d{4,5})-(\d{3})(?![\w-]|[.,]\d)"),
    "ru": re.compile(r"(?:^|(?<=, ))(\d{3})(\d{3})(?=[,!?]|\.?$)"),
    "tr": re.compile(r"(?<=\d, )(\d\d)(\d{3})(?= [^\W\d_])"),
}
_IN_PAIRS = frozenset({"nl", "ru", "tr"})  # numbers, not digits


def code_of(language: str) -> re.Pattern[str] | None:
    """Return how a language's postal codes are found, None where they are read as other numbers are."""
    return _CODES.get(language)


def spell_postcodes(text: str, verbalizer: Verbalizer) -> str:
    """Write the postal codes of a stretch out.

    Args:
        text: one stretch.
        verbalizer: of the language that it is spoken in.
    """
    code = _CODES.get(verbalizer.language)
    return code.sub(partial(_said, verbalizer=verbalizer), text) if code else text


def _said(match: re.Match[str], *, verbalizer: Verbalizer) -> str:
    state = match.groupdict().get("state")
    parts = [part for part in match.groups() if part and part != state]
    if verbalizer.language in _IN_PAIRS:
        return " ".join(_part(part, verbalizer) for part in parts)
    said = ", ".join(map(verbalizer.digit_by_digit, parts))
    return f" {_STATES[state]} {said}" if state else said


def _part(part: str, verbalizer: Verbalizer) -> str:
    if not part.isdigit():
        return " ".join(part)
    zeros = len(part) - len(part.lstrip("0"))
    head = verbalizer.digit_by_digit(part[:zeros]) if zeros else ""
    return verbalizer.join(head, verbalizer.cardinal(int(part[zeros:])) if part[zeros:] else "")
