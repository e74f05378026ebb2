"""Where a full stop is of an abbreviation, so that no sentence ends there."""

from collections.abc import Iterable

from spoken.abbreviations import ALL
from spoken.verbalizer import Verbalizer
from spoken.verbalizers import VERBALIZERS

# What a sentence may end with.
_MAY_END = frozenset(
    [
        "etc.",
        "usw.",
        "ecc.",
        "itd.",
        "itp.",
        "stb.",
        "enz.",
        "atd.",
        "apod.",
        "vb.",
        "vs.",
        "vd.",
        "inc.",
        "ltd.",
        "jr.",
        "sr.",
        "co.",
        "corp.",
        "ltda.",
        "др.",
        "пр.",
        "дп.",
        "aj.",
        "إلخ.",
        "الخ.",
        "a.ş.",
        "a.u.b.",
        "s.v.p.",
        "s.p.a.",
        "п.н.е.",
        "n.e.",
        "p.n.e.",
        "hab.",
        "ft.",
        "db.",
        "el.",
        "чел.",
        "шт.",
        "руб.",
        "коп.",
        "гг.",
        "вв.",
        "мес.",
        "mln.",
        "mld.",
        "mrd.",
        "mio.",
        "tsd.",
        "тыс.",
        "млн.",
        "млрд.",
        "tis.",
        "mil.",
        "std.",
        "min.",
        "hod.",
        "sek.",
        "сек.",
        "мин.",
        "ч.",
        "kat.",
        "oca.",
        "cilt.",
        "geb.",
        "gest.",
        "ur.",
        "zm.",
        "nar.",
        "zem.",
        "szül.",
        "m.s.",
        "m.ö.",
        "p.m.",
        "a.m.",
        "mies.",
        "měs.",
        "gr.",
        "sb.",
        "hsz.",
        "bek.",
        "whg.",
        "bldg.",
        "hwy.",
    ]
)
# What is a word in some language, so that a sentence ends with it unless a number follows.
_WORDS = frozenset(
    [
        "no.",
        "nos.",
        "p.",
        "pp.",
        "s.",
        "c.",
        "ch.",
        "sec.",
        "art.",
        "fig.",
        "figs.",
        "vol.",
        "vols.",
        "n.",
        "ed.",
        "eds.",
        "cap.",
        "set.",
        "out.",
        "red.",
        "on.",
        "mad.",
        "sat.",
        "ara.",
        "ort.",
        "id.",
        "ill.",
        "em.",
        "es.",
        "gem.",
        "mar.",
        "dec.",
        "max.",
        "min.",
        "sen.",
        "mon.",
        "sun.",
        "fri.",
        "rep.",
        "hon.",
        "tab.",
        "gen.",
        "col.",
        "rev.",
        "gov.",
        "apt.",
        "bul.",
        "im.",
        "os.",
        "al.",
        "cel.",
        "ex.",
        "ap.",
        "bd.",
        "me.",
        "kas.",
        "eki.",
        "ago.",
        "abr.",
        "tue.",
        "wed.",
        "thu.",
        "jun.",
        "jul.",
        "jan.",
        "nov.",
        "est.",
        "pt.",
        "ca.",
        "mt.",
        "lt.",
        "viz.",
        "st.",
        "abs.",
        "abb.",
        "obr.",
        "г.",
        "с.",
        "п.",
        "д.",
        "кв.",
        "гл.",
        "рис.",
        "ст.",
        "стр.",
        "o.",
        "u.",
        "m.",
        "old.",
        "sz.",
        "r.",
        "w.",
        "ext.",
        "s.",
        "sf.",
        "pr.",
        "i.",
        "e.",
        "str.",
        "em.",
        "no.",
        "ker.",
        "pu.",
        "nis.",
        "tem.",
        "id.",
    ]
)


def _firsts(verbalizers: Iterable[Verbalizer]) -> frozenset[str]:
    keys = (key.split() for verbalizer in verbalizers for key in verbalizer.abbreviations)
    return frozenset(token for tokens in keys for token in tokens[:-1])


INSIDE = (
    frozenset(token for token in ALL | _firsts(VERBALIZERS.values()) if token.endswith("."))
    - _MAY_END
    - _WORDS
)
"""What no sentence ends with."""
BEFORE_NUMBERS = frozenset(token for token in ALL if token.endswith(".")) - _MAY_END | {"vs."}
"""What no sentence ends with if a number follows."""
MAGNITUDES = frozenset(
    f"{magnitude}." for verbalizer in VERBALIZERS.values() for magnitude in verbalizer.magnitudes
)
"""What no sentence ends with if a sum is named before and its currency after it."""
CURRENCIES = frozenset(
    form.lower()
    for verbalizer in VERBALIZERS.values()
    for sign, forms in verbalizer.currencies.items()
    for form in (sign, *forms.split("/"))
)
"""How currencies are written, in small letters."""
HOURS = frozenset({"std.", "hod.", "ч.", "godz.", "h.", "hr.", "hrs."})
"""What no sentence ends with where numbers stand on both sides: "2 Std. 30 Min."."""
GERMAN_MAGNITUDES = frozenset({"mio.", "mrd.", "tsd."})
"""Of German, in which what is counted has a capital too."""
TITLES = frozenset({"sr.", "jr.", "st."})
"""What stands before a name in some languages, after it in English; and a saint or a street."""
