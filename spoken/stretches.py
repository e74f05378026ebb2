"""Cuts a text into stretches short enough to speak one by one.

The cut depends only on what follows a position, never on what stands before it (but for the very first, which may
come soon): that is what lets speaking resume at any earlier cut and find the same stretches again.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from babel.dates import get_day_names, get_month_names

from spoken.abbreviations import SUFFIXES
from spoken.characters import SIGNS
from spoken.common_words import WORDS
from spoken.full_stops import (
    BEFORE_NUMBERS,
    CURRENCIES,
    GERMAN_MAGNITUDES,
    GERMAN_MEASURES,
    HOURS,
    INSIDE,
    MAGNITUDES,
    TITLES,
)
from spoken.languages import LANGUAGES
from spoken.markup import INLINE, TAG
from spoken.quantity_grammar import dotted_days, month_beginnings
from spoken.scripts import script_of
from spoken.verbalizers import VERBALIZERS
from spoken.verbalizers.de import RANKED

LONGEST = 180
"""Weight above which a stretch is cut inside its sentence: about ten seconds of speech."""
_LONG = 45
"""Weight above which a first sentence is not spoken whole before anything is heard: about three seconds."""
_SHORT = 15
"""Weight of the least that is spoken on its own: about a second, from which the first frames can be drawn."""
_CACHED = 20_000  # characters whose weight is remembered

# A sentence ends at a mark, with the quotes and brackets that close it, before a space; the marks of scripts that
# write no space end it anywhere. A line break always ends one.
_END = re.compile(
    r"""
      (?P<spaced>[.!?…؟۔]+ ['"’”»)\]\u2060]*) (?=\s)
    | [。！？｡؟।॥]+ ['"’”»)\]」』）】]*
    | \n
    """,
    re.VERBOSE,
)
_ENDED = re.compile(r"""[.!?…؟۔。！？।॥]['"’”»)\]」』）】]*\s*$""")
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_PATH = re.compile(r"(?<=[^/:])[/?#]")
_OPEN_TAG = re.compile(r"</?[A-Za-z][^<>]*$")
_CLAUSE_END = re.compile(r"[,;:—–、，；：،؛](?=\s)|[、，；：،؛]")
_INSIDE_WORDS = "\u2060"  # for a tag that parts no words
_NEXT = re.compile(r"[\s\u2060]*[(\[]?([^\s\u2060])")
# "z. B.", "J. R. Miller": a single letter before a full stop rarely ends one.
_INITIAL = 2  # characters: a letter and its full stop
_NUMBER_NEXT = re.compile(r"[\s\u2060]*[(\[]?(?:[+−-]?\d|(?:[IVX]{2,}|[B-HJ-Z])(?![^\W_]))")
_LEAST = frozenset({"min.", "мин."})
"""A minimum, where no number goes before it."""
# No word but an abbreviation, as l and r make syllables in Czech.
_VOWELLESS = re.compile(r"[bcdfghjkmnpqstvwxzçčďśşšťźżžбвгджзйклмнпрстфхцчшщ]{2,5}\.")
_LETTER = re.compile(
    r"(?:^|[\s(.])[^\W\d_]\.$|(?:^|[\s(])(?:[\u0904-\u0939][\u0900-\u094d]?[\u0904-\u0939]?\.){2,3}$"
)
_LAST_WORD = re.compile(r"[^\s(–-]+$")
_NAME_BEFORE = re.compile(r"([^\W\d_]+),? [^\s(]+$")
_WORD_BEFORE = re.compile(r"([^\s(]+) [^\s(]+$")
_ARTICLE = 3  # letters: of "El" and "Dos", which begin a sentence with a capital
# A word with a capital that begins a sentence after a street; any other is the name of a saint. What is written in no
# Latin letters is none either.
_BEGINS = frozenset(
    word.capitalize()
    for words in {
        "cs": "ale byl byla co dnes jak já jsem kde když ona proč pro tam ten tento teď už v za",
        "de": "aber als da dann das der die dort ein eine er es hier ich ihr in sie und was wenn wer wie wir wo",
        "en": "a all an and at but come he her here his how i i'm if in is it it's my no on our she so that the then there"
        " they this turn we what when where who why yes you your",
        "es": "ahora allí aquí cuando donde el ella ellos en es este hay hoy la las los más nos para pero por si su también un"
        " una y ya yo",
        "fr": "au avec c'est ce cette dans de des elle elles en et ici il ils j'ai je la le les leur mais nous on où pour quand"
        " si son un une vous",
        "hu": "a az de egy ez és ha itt most nem ő ott van",
        "it": "ci con da dove e è gli i il in io la le lo lui lei ma nel noi per qui quando se si sono un una",
        "nl": "daar dan dat de deze die dit een en er het hier hij ik in is maar nu op we wij wat ze zij",
        "pl": "a ale ta tam ten to tu był była był dla gdy jest na nie on ona po tutaj w z",
        "pt": "agora aqui as com como e ela ele em essa esse este eu foi hoje mas na no não o os para quando se sua um uma",
        "tr": "ama bir biz bu burada bugün o onlar orada ve şimdi sonra",
    }.values()
    for word in words.split()
)
_STREET = re.compile(
    r"\b(?:across|along|and|at|behind|between|by|corner|down|from|near|off|of|on|past|to|up|\d+) ([A-Z][\w'’-]+) St\.$"
)
_BEFORE_SAINTS = frozenset(
    ["Cape", "Die", "Fort", "Lake", "Mount", "Mt", "Port", "Saint", "Sault", "The", "To"]
)
_ROMAN = re.compile(r"X{0,3}(?:IX|IV|V?I{0,3})\.")
_REACH = 24  # characters around a full stop that tell whether it ends a sentence
# "3. 4. 2024", "2024. 04. 03-án", "19. Jahrhundert", "3. Oktober".
_DATE_BEFORE = re.compile(r"(?:^|\D)(?:(?P<day>\d{1,2})|(?P<year>\d{4})|\d{1,4}\. ?\d{1,2})\.$")
_DAY_AND_MONTH = re.compile(r"\s\d{1,2}\.(?:\s?\d{4}|\D|$)")
_MONTH_AND_DAY = re.compile(r"\s\d{1,2}\.")
_DATE_AFTER = re.compile(
    r"\s+\d{1,2}(?:[./-] ?\d|[:h]\d\d|h(?![^\W_])|-ig(?![^\W_])|(?:\.|[º°]|er|st|nd|rd|th|e)? (?:de |of )?(?P<month>[^\W\d_]{3}))"
)
_LAST_PART = re.compile(r"\s\d{1,4}(?!\d)")
_NUMBERED_THING = re.compile(
    r"(?:^|\s)(?:am|im|der|das|dem|den|des|vom|zum|zur|beim|eine[mnrs]?|jede[mnrs]?|seine[mnrs]?|ihre[mnrs]?|unsere[mnrs]?)"
    r" \d{1,3}\.$",
    re.IGNORECASE,
)
_FIRST_WORD = re.compile(r"\s*[^\W\d_]+(?:['’][^\W\d_]+)?")
_BEFORE_RANKED = frozenset(
    [
        "ab",
        "als",
        "alle",
        "auf",
        "bis",
        "die",
        "diese",
        "für",
        "in",
        "mit",
        "nach",
        "oder",
        "seit",
        "und",
        "unter",
        "von",
        "vor",
    ]
)
_RANKED_BEFORE = re.compile(r"(?:([^\W\d_]+)\.? |(?<!\d))\d{1,2}\.$")
_NEXT_WORD = re.compile(r"\s*([^\W\d_]+)")
_DAYS = dotted_days(VERBALIZERS.values())
_CLOSED = re.compile(r"\s*Ruhetag")
_MONTH_BEGINNINGS = month_beginnings(VERBALIZERS.values()) | {"mrt"}
_NEXT_MONTH = re.compile(r"\s*([^\W\d_]{3,5})\.")
_DAY_NAMES = frozenset(
    name.lower() for language in LANGUAGES for name in get_day_names("wide", "format", language).values()
)
_SHORT_MONTHS = frozenset(
    month.lower().rstrip(".")
    for language in LANGUAGES
    for month in get_month_names("abbreviated", "format", language).values()
)
_MONTHS = frozenset(
    month.lower() for language in LANGUAGES for month in get_month_names("wide", "format", language).values()
)


def stretches(text: str, *, soon: bool = False) -> Iterator[tuple[int, int]]:
    """Cut a text into stretches that cover it without gap or overlap, each about a sentence.

    Args:
        text: any.
        soon: the first sentence, where it is long, ends with its first clause; only for the very start of a speech,
            because clauses spoken one by one sound less of a piece.

    Yields:
        start and end of each stretch, with the white space after it.
    """
    weights = list(map(_WEIGHTS.__getitem__, text))
    if "<" in text:  # what is inside a tag is not spoken, and ends nothing
        written, text = text, TAG.sub(_masked, text)
        for tag in TAG.finditer(written):
            weights[tag.start() : tag.end()] = [0] * (tag.end() - tag.start())
    for address in _ADDRESS.finditer(text):  # however long it is, only its host is spoken
        path = _PATH.search(text, address.start() + len("www."), address.end())
        if path:
            weights[path.start() : address.end()] = [0] * (address.end() - path.start())
    reach = list(accumulate(weights))
    start = 0
    if soon and text:
        start = _first_clause_end(text, reach, _stretch_end(text, reach, 0))
        yield 0, start
    while start < len(text):
        end = _stretch_end(text, reach, start)
        yield start, end
        start = end


def _masked(tag: re.Match[str]) -> str:
    return (_INSIDE_WORDS if INLINE.match(tag[0]) else " ") * len(tag[0])


def settled(text: str, *, soon: bool = False, paused: bool = False) -> int:
    """Return how much of a text that goes on can be spoken already: whole stretches that what follows leaves as they are.

    Args:
        text: so far.
        soon: see `stretches`.
        paused: nothing more came for a while, so that what looks like the end of a sentence is one.
    """
    if paused and _ENDED.search(text):
        return len(text)
    end = 0
    for _, stretch_end in stretches(text, soon=soon):
        if stretch_end + _REACH > len(text):
            break
        end = stretch_end
    return end


def ends_inside_sentence(stretch: str) -> bool:
    """Tell whether a stretch ends with a clause, so that what follows belongs to it."""
    return _CLAUSE_END.match(stretch.rstrip()[-1:] + " ") is not None


def _first_clause_end(text: str, reach: Sequence[int], end: int) -> int:
    """Return where the first clause of a stretch ends that is worth speaking alone; else the end of the stretch."""
    if reach[end - 1] > _LONG:
        for mark in _CLAUSE_END.finditer(text, 0, end):
            if _SHORT <= reach[mark.end() - 1] <= reach[end - 1] - _SHORT:
                return _skip_space(text, mark.end())
    return end


def _stretch_end(text: str, reach: Sequence[int], start: int) -> int:
    # How far a stretch may reach, whatever is in it.
    limit = bisect_right(reach, (reach[start - 1] if start else 0) + LONGEST, start)
    end = _sentence_end(text, start, limit)
    if end is None:
        end = _inner_end(text, start, limit)
    return _skip_space(text, end)


def _skip_space(text: str, end: int) -> int:
    while end < len(text) and text[end].isspace():
        end += 1
    return end


class _Weights(dict[str, int]):
    """By character, about how many letters it takes the time of: digits and signs may be whole words."""

    def __missing__(self, character: str) -> int:
        weight = sum(map(_weight, unicodedata.normalize("NFKC", character)))
        if len(self) < _CACHED:
            self[character] = weight
        return weight


_WEIGHTS = _Weights()


def _weight(character: str) -> int:
    if character in SIGNS or character == "." or unicodedata.digit(character, None) is not None:
        return 6
    return 3 if unicodedata.east_asian_width(character) in "WF" else 1


def _sentence_end(text: str, start: int, limit: int) -> int | None:
    for mark in _END.finditer(text, start, min(limit + 1, len(text))):
        if mark.end() == start + 1 and mark.group() == "\n":
            continue  # white space at the very start belongs to the sentence that follows
        if mark.lastgroup == "spaced" and _is_inside_sentence(text, start, mark.end()):
            continue
        return mark.end()
    return limit if limit == len(text) else None


def _is_inside_sentence(text: str, start: int, end: int) -> bool:
    following = _NEXT.match(text, end)
    if following is not None and (following[1].islower() or following[1] in f"{SIGNS}§"):
        return True
    before = text[max(start, end - _REACH) : end]
    if before[-2:-1].isdigit():
        return _is_inside_date(before, text[end : end + _REACH])
    last = _LAST_WORD.search(before)
    word = last[0].lower() if last else ""
    if "'" in word or "’" in word:  # "l'art. 3"
        elided = word.replace("’", "'").rpartition("'")[2]
        word = elided if len(elided) > _INITIAL else word
    if word in INSIDE or (_NUMBER_NEXT.match(text, end) and _goes_before_number(text, before, word, end)):
        return True
    if following is not None and (
        (word.removesuffix(".") in _SHORT_MONTHS and _is_day_after(text, before, word, end))
        or (word in _DAYS and _CLOSED.match(text, end) is not None)
        or _is_inside_sum(text, before, word, end)
        or _is_measure(text, before, word, end)
        or _is_title(before, word, text[end : end + _REACH])
        or _is_between(before, word)
    ):
        return True
    return _LETTER.search(before) is not None


def _goes_before_number(text: str, before: str, word: str, end: int) -> bool:
    """Tell whether a full stop is that of an abbreviation, as a number follows."""
    counted = before[: -len(word)].rstrip()[-1:].isdigit()
    if counted and word in HOURS:
        return True
    if not counted and (word in _LEAST or (_VOWELLESS.fullmatch(word) and not before[-2:-1].isupper())):
        return True
    return word in BEFORE_NUMBERS or word.endswith(SUFFIXES) or (word in _DAYS and _is_date(text, end))


def _is_date(text: str, start: int) -> bool:
    """Tell whether a date or a time of day follows."""
    date = _DATE_AFTER.match(text, start, start + _REACH)
    return date is not None and (date["month"] is None or date["month"].lower() in _MONTH_BEGINNINGS)


def _is_inside_sum(text: str, before: str, word: str, end: int) -> bool:
    """Tell whether a full stop is that of "3,5 Mrd. Dollar"."""
    if word not in MAGNITUDES or not before[: -len(word)].rstrip()[-1:].isdigit():
        return False
    next_word = _NEXT_WORD.match(text, end, end + _REACH)
    if next_word is None:
        return False
    following = next_word[1].lower()
    return following in CURRENCIES or (word in GERMAN_MAGNITUDES and following not in WORDS["de"])


def _is_day_after(text: str, before: str, word: str, end: int) -> bool:
    """Tell "12 Kas. Çar. saat 9", in which a day of the week follows a date."""
    next_word = _NEXT_WORD.match(text, end, end + _REACH)
    return (
        next_word is not None
        and before[: -len(word)].rstrip(" .")[-1:].isdigit()
        and (f"{next_word[1].lower()}." in _DAYS or next_word[1].lower() in _DAY_NAMES)
    )


def _is_measure(text: str, before: str, word: str, end: int) -> bool:
    """Tell whether a full stop is that of "2 Pck. Backpulver", by a noun that does not begin sentences."""
    if word not in GERMAN_MEASURES or not before[: -len(word)].rstrip()[-1:].isdigit():
        return False
    next_word = _NEXT_WORD.match(text, end, end + _REACH)
    return next_word is not None and next_word[1].lower() not in WORDS["de"]


def _is_between(before: str, word: str) -> bool:
    """Tell the "vs." of two names from that of "and so on", by the word before it."""
    name = _WORD_BEFORE.search(before) if word == "vs." else None
    return name is not None and (name[1][0].isupper() or name[1][0].isdigit())


def _is_title(before: str, word: str, after: str) -> bool:
    """Tell "el Sr. López" from "Ken Griffey Sr.", and "Im II. Weltkrieg" from "World War II.", by the word before it.

    "Oak St. It" is told from "Visit St. Louis" by the word after it, "on Wall St. Traders" by the two before it.
    """
    if word not in TITLES and not _ROMAN.fullmatch(before[-len(word) :]):
        return False
    if word == "st.":
        counted = before[: -len(word)].rstrip(" .")[-1:].isdigit()  # centuries and pieces
        street = _STREET.search(before)
        named = street is not None and street[1] not in _BEFORE_SAINTS
        return not counted and not named and not begins_after_street(after)
    name = _NAME_BEFORE.search(before)
    return name is None or name[1].islower() or len(name[1]) <= _ARTICLE


def begins_after_street(text: str) -> bool:
    """Tell whether a text that follows "St." begins a sentence, in any language."""
    first = _FIRST_WORD.match(text)
    if first is None:
        return False
    word = first[0].strip().replace("’", "'")
    return word in _BEGINS or script_of(word[0]) not in {"", "LATIN"}


def _is_inside_date(before: str, after: str) -> bool:
    """Tell whether the full stop between two texts is that of a day, month or other ordinal."""
    next_word = _NEXT_WORD.match(after)
    short = _NEXT_MONTH.match(after)
    if next_word and (
        next_word[1].lower() in _MONTHS
        or (short is not None and short[1].lower() in _SHORT_MONTHS)
        or (next_word[1] in RANKED and _is_ranked(before))
        or _NUMBERED_THING.search(before)
    ):
        return True
    date = _DATE_BEFORE.search(before)
    if date is None:
        return False
    expected = _DAY_AND_MONTH if date["day"] else _MONTH_AND_DAY if date["year"] else _LAST_PART
    return expected.match(after) is not None


def _is_ranked(before: str) -> bool:
    """Tell "die 2. Bundesliga" from "Runde 2. Platz 3" and "Es gibt 12. Preis auf Anfrage", which are two sentences."""
    number = _RANKED_BEFORE.search(before)
    return number is not None and (number[1] is None or number[1].lower() in _BEFORE_RANKED)


def _inner_end(text: str, start: int, limit: int) -> int:
    """Return the last clause end, else the last space, else the limit itself: an endless word is cut anywhere."""
    tag = _OPEN_TAG.search(text, start + 1, limit)
    if tag:
        limit = tag.start()
    nearest = start + (limit - start) // 3  # a cut earlier than this would leave a stump
    clauses = [mark.end() for mark in _CLAUSE_END.finditer(text, nearest, limit)]
    if clauses:
        return clauses[-1]
    for position in range(limit - 1, nearest, -1):
        if text[position].isspace():
            return position + 1
    return max(limit, start + 1)
