"""Finds numbers and what they count, and has the language's `Verbalizer` say them.

In this order: telephone numbers, dates, times, sums, measures, percentages, ordinals, fractions, ranges, and what is
left of numbers and signs. What one step has written in words, no later one sees. `spoken.dates`, `spoken.times` and
`spoken.amounts` know theirs; numbers alone and the order are known here.
"""

import re
from collections.abc import Iterator
from functools import cache, partial

from spoken import shorthand
from spoken.amounts import Amounts
from spoken.characters import folded
from spoken.dates import Dates
from spoken.neighbours import apart, governor, word_after, word_before
from spoken.postcodes import code_of, spell_postcodes
from spoken.quantity_grammar import APART, CODES, NUMBER, PART, SIGNS_BY_CASE, Grammar, Step, guard
from spoken.telephones import spell_telephones
from spoken.times import Times
from spoken.verbalizer import Verbalizer
from spoken.verbalizers import VERBALIZERS
from spoken.verbalizers.ar import PLACED, Arabic
from spoken.verbalizers.hu import Hungarian
from spoken.vocabulary import CURRENCIES, SIGNS, VOCABULARIES, Vocabulary

_MANY = {"10": "tens", "100": "hundreds", "1000": "thousands"}
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
_HUNDREDS = re.compile(r"(?<![\w.,])(100?|1000)s(?= of\b)")
_PRICE_FOR = re.compile(r"((?<![^\W_])[$€£¥₹₩₺] ?\d[\d.,]*) ?/ ?(?=\d+ ?[^\W\d_]{1,8})")  # "₹55/100 ग्राम"
_HOUSES = frozenset({"cs", "hu", "pl", "ru", "tr"})  # that write a flat after its house so
_NUMBER_WORDS = (" no.", " no", " nr", " nr.", "号")
_NUMBERED = re.compile(r"#(?=\d|[A-Z]{1,4}-\d{2})")
_HOURS = frozenset({"Uhr", "uur", "h", "hod", "óra", "बजे", "часов", "ч", "heures", "horas", "ore"})
_IN_WORD = re.compile(r"[-–][^\W\d_]{3}")  # "32-Bit-System"
_PAIRED = re.compile(r" (?:a|či|i|lub|nebo|oraz|und|oder|и|или) \d+(?:\+\d+)?(?:\.|-[а-я]{1,3})? ([^\W\d_]+)")
_BEFORE_ADDED = re.compile(r"(?<![^\W_])([^\W\d_]+) \d+\+$")
_SUFFIXED = re.compile(r"(?<![\w.,:–-])(\d+)-([a-záéíóöőúüű]{1,5})(?![^\W_])")
_HUNGARIAN_SUFFIX = re.compile(
    r"([^\W\d_]{2,}) ?-((?:[kvst]?[ae]l|[rbntv]?[ae]|[bn][ae]n|[ao]?t|[eö]t|[aeoö]?s|[oeö]n|[nt][áóéő]l|[bt]ól|[bt]ől|r[óő]l|h[oeö]z"
    r"|n[ae]k|ig|ért|ként|kor|jú|j[aei]|[áé]n|[ae]s[oe]k|[aeoö]sok|[eö]sek)(?:[ao]t|[eö]t)?)(?![^\W_])"
)
_ARTICLE = re.compile(r"(?<![^\W_])الـ? ?(\d{1,2})(?!\d)(?= ?(?:[!,.:;?،؛؟]|$))")  # "عيدك الـ 18"
_JOINED = re.compile(r"(?<![^\W_][بلك])(?<=[بلك])(?<!\w\w) (?=\d)")  # "بـ 250", one word
_MIXED = re.compile(r"(?<=[A-Za-z])(\d+)(?![.,]\d)|(?<![\d.,])(\d+)(?=[A-Za-z])")
_PLAIN = re.compile(
    rf"(?:{APART}(?P<minus>-) ?)?(?<![\d.,])(?P<number>{NUMBER})(?P<apostrophe>['’](?=[^\W\d_]))?"
)
_LEFT = re.compile(r"\d+")
_RULE = re.compile(rf"([{SIGNS}{CURRENCIES}@]) ?(?:\1 ?){{2,}}")  # ====== and the like: drawn, not said
_SIGNS = re.compile(rf"[{SIGNS}{CURRENCIES}@]")
_CASHTAG = re.compile(r"[$£€](?=[A-Za-z])")  # "$AAPL"
_WHOLE_PRICE = re.compile(r"(?<=\d),[-–]{1,2}(?!\d)")  # "1.299,-"
_MATCH_MINUTE = re.compile(r"(?<=\d)['’′](?![^\W_])")  # "gol al 23'"
_DIGIT = re.compile(r"\d")
_BESIDE_LETTERS = re.compile(r"[A-Za-z\d](?:(?<=[A-Za-z])\d|(?<=\d)[A-Za-z])")
_SCORED = 3  # digits
_ONE_BY_ONE = 3  # digits among letters
_DENOMINATORS = 100


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
        if vocabulary.language != "en":
            text = _MATCH_MINUTE.sub("", text)
        text = _speller(vocabulary.language).spell(text)
    text = _CASHTAG.sub("", text)
    return _SIGNS.sub(lambda match: _sign(match[0], vocabulary), text)


def spell_days(text: str, vocabulary: Vocabulary) -> str:
    """Write days of the week out that are cut short: from which to which, as in "Mon–Fri", or before a date or time."""
    return _speller(vocabulary.language).dates.spell_days(text)


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
        self.dates = Dates(verbalizer, self._grammar, self._between)
        self._steps = tuple(self._in_order())

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
        return apart(match, self._say.whole(match[0]))

    def _in_order(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        """Yield each step, with an expression for what it cannot do without.

        That expression begins with a digit, so that it looks at digits alone, and is tried in a twentieth of the time.
        """
        say, grammar = self._say, self._grammar
        yield from shorthand.steps(say, self._vocabulary.signs["×"])
        yield guard(r"[^\d/]{1,24}/ ?-?\D?\d"), partial(grammar.either_amount.sub, self._either)
        if say.spaced:
            yield _PRICE_FOR, partial(_PRICE_FOR.sub, rf"\1 {say.per} ")
        if self._between:
            yield guard(r"[^\d–-]{1,24}[–-]"), partial(grammar.amount.sub, rf"\1{_BETWEEN}")
        yield from self.dates.in_digits()
        yield from self._codes()
        yield from self.dates.short()
        yield from Times(say).steps()
        yield guard(r"\d{9}"), partial(_LONG.sub, lambda match: say.digit_by_digit(match[0]))
        yield guard(r"[ ',.]\d"), self._ungrouped
        yield guard(" ?[kMG]b"), partial(_BITS.sub, r"\1b/s")
        yield from self.dates.in_words()
        if say.language == "en":
            yield guard("0?0s"), partial(_HUNDREDS.sub, lambda match: _MANY[match[1]])
        amounts = Amounts(say, grammar, self._vocabulary.signs["&"])
        yield from amounts.sums()
        if grammar.ordinal and say.language == "hi":  # "2ली", which is no litre
            yield grammar.guards["ordinal"], partial(grammar.ordinal.sub, self._ordinal)
        yield from amounts.measures()
        if grammar.ordinal:
            yield grammar.guards["ordinal"], partial(grammar.ordinal.sub, self._ordinal)
        if say.language == "hu":
            yield guard("-"), partial(_SUFFIXED.sub, lambda match: f"{_whole(match[1], '', say)}-{match[2]}")
        yield _NUMBERED, partial(_NUMBERED.sub, self._numbered)
        yield guard(r"\.\d"), partial(_VERSION.sub, self._version)
        yield guard(r" ?/ ?\d"), partial(_DIVIDED.sub, " ÷ ")
        yield guard(r"/\d"), partial(_FRACTION.sub, self._part)
        yield guard(r" ?[-–] ?\d"), partial(_MINUS.sub, f" {say.minus} ")
        yield guard(r":\d"), partial(_SCORE.sub, self._score)
        between = _RANGE if say.spaced and say.language != "ko" else _CJK_RANGE
        yield guard(r" ?[-–] ?\d"), partial(between.sub, self._range)
        yield _BESIDE_LETTERS, partial(_MIXED.sub, self._mixed)

    def _codes(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        say, plus = self._say, self._vocabulary.signs["+"]
        if code := code_of(say.language):
            yield code, partial(spell_postcodes, verbalizer=say)
        yield guard(r"[\d ()./–-]{5}"), lambda text: spell_telephones(text, say, plus)
        if isinstance(say, Arabic):
            yield _ARTICLE, partial(_ARTICLE.sub, lambda match: say.place(int(match[1]), ""))
            yield _JOINED, partial(_JOINED.sub, "")
            yield (
                PLACED,
                partial(
                    PLACED.sub,
                    lambda match: f"{match['noun']} {say.place(int(match['number']), match['noun'])}",
                ),
            )
        if say.compounds:
            yield say.compounds, partial(say.compounds.sub, lambda match: say.compound(int(match[1])))

    # Each of these says one kind.

    def _either(self, match: re.Match[str]) -> str:
        """Say "per" of a price for an amount, nothing between two ways to say one."""
        priced = self._grammar.money_after.fullmatch(match[1])
        amount = self._grammar.unit.match(match.string, match.end())
        return f"{match[1]} {self._say.per} " if priced and amount and self._say.spaced else f"{match[1]}, "

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

    def _ordinal(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        number = int(match["number"])
        paired = _PAIRED.match(match.string, match.end())  # "w 12. i 45. minucie"
        noun = paired[1] if paired else word_after(match)
        if found.get("ending"):
            return self._say.inflected(number, found["ending"], noun)
        if found.get("f") or found.get("f2"):
            return self._say.ordinal(number, "f")
        added = _BEFORE_ADDED.search(match.string[: match.start()])  # "in der 45+2. Minute"
        return self._say.ordinal_before(number, added[1] if added else word_before(match), noun)

    def _numbered(self, match: re.Match[str]) -> str:
        """Say "number" for "#", unless it is written before it."""
        before = match.string[: match.start()].rstrip().removesuffix(":").lower()
        return "" if before.endswith((self._say.number.lower(), *_NUMBER_WORDS)) else f"{self._say.number} "

    def _version(self, match: re.Match[str]) -> str:
        words = [
            self._say.marks[0] if part == "." else self._say.whole(part)
            for part in re.split(r"(\.)", match[0])
        ]
        return apart(match, self._say.join(*words))

    def _part(self, match: re.Match[str]) -> str:
        numerator, denominator = int(match["a"]), int(match["b"])
        following = word_after(match)
        if (
            word_before(match)[:1].isupper() and not following and self._say.language in _HOUSES
        ):  # "ul. Leśna 4/7"
            return f"{match['a']} {match['b']}"
        said = None
        if 1 <= numerator < denominator <= _DENOMINATORS and (
            denominator <= 10 or denominator % 10 == 0 or denominator == 16
        ):
            said = self._say.part(numerator, denominator)
        if (numerator, denominator) == (1, 2) and following and not match["whole"]:
            said = self._say.half_of(following) or said
        whole = f"{match['whole']} " if match["whole"] else ""
        if said is None:
            return f"{whole}{match['a']} {match['b']}"
        conjunction = self._vocabulary.signs["&"]
        if whole:
            said = self._say.join(conjunction, said) if self._vocabulary.spaced else said
        return apart(match, f"{whole}{said}")

    def _score(self, match: re.Match[str]) -> str:
        verse = self._say.language in _VERSES and word_before(match)[:1].isupper()
        return self._result(match[1], match[2], named=not verse)

    def _result(self, first: str, last: str, *, named: bool = True) -> str:
        between = _SCORES.get(self._say.language, "") if named else ""
        return self._say.join(self._say.cardinal(int(first)), between, self._say.cardinal(int(last)))

    def _range(self, match: re.Match[str]) -> str:
        first, last = match[1], match[match.lastindex or 2]
        if _is_score(first, last) and word_after(match) not in _HOURS:
            return apart(match, self._result(first, last), named=True)
        if first[0] == "0" and len(first) > 1 and (first + last).isdigit():  # of an address
            return apart(match, f"{self._say.digit_by_digit(first)}, {self._say.digit_by_digit(last)}")
        noun = word_after(match)
        say = self._say.governed(governor(match), noun)
        return apart(match, say.spoken_range(_whole(first, noun, say), _whole(last, noun, say)))

    def _counted(self, number: int, before: str, noun: str) -> str:
        placed = self._say.placed(number, before, noun)
        return placed or self._say.governed(before, noun).counted(number, noun)

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
        following = word_after(match)
        after = following
        if number.isdigit() and (number == "0" or number[0] != "0") and len(number) < 16:
            before = word_before(match)
            if len(number) == 4 and self._say.is_year(int(number), before, after):
                said = self._say.year(int(number))
            else:
                placed = self._say.language == "zh" and match.string[: match.start()].endswith("第")
                placed = (
                    placed
                    or before == self._say.number
                    or _IN_WORD.match(match.string, match.end()) is not None
                )
                said = (
                    self._say.cardinal(int(number))
                    if placed
                    else self._counted(int(number), governor(match), after)
                )
        else:
            said = self._say.say(number)
        said = self._say.join(self._say.minus, said) if match["minus"] else said
        return said if match["apostrophe"] else apart(match, said)


def _whole(number: str, noun: str, say: Verbalizer) -> str:
    if number.isdigit() and (number == "0" or number[0] != "0"):
        return say.counted(int(number), noun)
    return say.say(number)


def _is_score(first: str, last: str) -> bool:
    """Tell "3-1" and "0-0", which do not go up and are no range."""
    written = (first, last)
    if not all(
        number.isdigit() and len(number) <= _SCORED and number == str(int(number)) for number in written
    ):
        return False
    return int(first) >= int(last)


@cache
def _speller(language: str) -> _Speller:
    return _Speller(VERBALIZERS[language], VOCABULARIES[language])


def _swapped(number: str) -> str:
    """Write a number that is grouped as in another language without groups: "1,250.50" as "1250,50"."""
    mark = "," if number[-3] in ".," or number[-2] in ".," else ""
    whole, fraction = re.split(r"[.,](?=\d{1,2}$)", number)
    return f"{re.sub('[.,]', '', whole)}{number[len(whole)].translate(_SWAP)}{fraction}" if mark else number
