"""Amounts: sums of money, magnitudes, measures with their units, and percentages, alone or from one to another."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from spoken.characters import folded
from spoken.common_words import WORDS
from spoken.neighbours import apart, governor, word_after
from spoken.quantity_grammar import APART, CODES, NUMBER, RANGED, SIGNS_BY_CASE, UNITS, Grammar, Step, guard
from spoken.verbalizer import Verbalizer

_PERCENT = re.compile(rf"{RANGED} ?%")
_TURKISH_PERCENT = re.compile(rf"(?:{APART}(?P<minus>-) ?)?% ?(?P<number>{NUMBER})")


class Amounts:
    """The amounts of one language.

    Args:
        verbalizer: of the language.
        grammar: of the language.
        conjunction: what stands between a whole number and a fraction.
    """

    def __init__(self, verbalizer: Verbalizer, grammar: Grammar, conjunction: str) -> None:
        self._say = verbalizer
        self._grammar = grammar
        self._conjunction = conjunction

    def sums(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        """Yield the steps for sums of money and for magnitudes."""
        grammar = self._grammar
        yield grammar.guards["money_before"], partial(grammar.money_before.sub, self._money)
        yield grammar.guards["money_after"], partial(grammar.money_after.sub, self._money)
        yield grammar.guards["scaled"], partial(grammar.scaled.sub, self._scaled)

    def measures(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        """Yield the steps for what has a unit, and for percentages."""
        grammar = self._grammar
        yield guard(r"/\d"), partial(grammar.part.sub, self._part_of_unit)
        yield grammar.guards["unit"], partial(grammar.unit.sub, self._unit)
        yield guard(" ?%"), partial(_PERCENT.sub, self._hundredths)
        yield _TURKISH_PERCENT, partial(_TURKISH_PERCENT.sub, self._hundredths)

    def _money(self, match: re.Match[str]) -> str:
        written = folded(match.groupdict().get("named") or match["sign"])
        sign = (
            self._grammar.names.get(written)
            or CODES.get(written)
            or SIGNS_BY_CASE.get(written)
            or (written.upper() if match.groupdict().get("named") else match["sign"])
        )
        scale = self._magnitude(match)
        say = self._say.governed(governor(match), "")
        said = self._amount_range(match, say.money(match["number"], sign, scale=scale), say)
        return apart(match, said, named=True) + self._per(match)

    def _scaled(self, match: re.Match[str]) -> str:
        scale = self._magnitude(match)
        forms = self._say.magnitudes[scale][1]
        say = self._say.governed(governor(match), word_after(match))
        gender = say.gender_of(forms.split("/")[0])
        said = say.join(say.say(match["number"], gender), say.form(forms, match["number"]))
        return apart(match, self._amount_range(match, said, say))

    def _magnitude(self, match: re.Match[str]) -> str:
        """Return the magnitude that was found by the name that the table has for it; empty where there is none."""
        return self._grammar.magnitudes[folded(match["scale"])] if match["scale"] else ""

    def _unit(self, match: re.Match[str]) -> str:
        written = re.sub(r"\s+", " ", match["unit"])
        name = self._unit_name(written)
        say = self._say.governed(governor(match), name)
        below = self._say.below_zero if name.startswith("temperature") else None
        said = self._amount_range(match, say.unit(match["number"], name, ""), say, below=below)
        return apart(match, said, named=True) + self._per(match) + self._stop(match)

    def _part_of_unit(self, match: re.Match[str]) -> str:
        """Say "one quarter pound", "un cuarto de kilogramo"; a whole number with it as it is said before any noun."""
        written = re.sub(r"\s+", " ", match["unit"])
        name = self._unit_name(written)
        noun = self._say.unit("0.5" if self._say.parts_decline else "1", name, "\0").replace("\0", "").strip()
        numerator, denominator = int(match["a"]), int(match["b"])
        said = self._say.part(numerator, denominator) if 1 <= numerator < denominator <= 10 else None
        if said is None:
            return match[0]
        stop = self._stop(match)
        if match["whole"]:
            many = self._say.unit(match["whole"], name, "\0").replace("\0", "").strip()
            return f"{match['whole']} {self._conjunction} {said} {many}{stop}"
        half = self._say.half_of(noun) if (numerator, denominator) == (1, 2) else None
        return (
            apart(match, self._say.join(half, noun) if half else self._say.part_of(said, noun), named=True)
            + stop
        )

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
        say = self._say.governed(governor(match), "")
        said = say.hundredths(number, say.say(number))
        if "low" in match.groupdict():
            said = self._amount_range(match, said, say)
        elif match["minus"]:
            said = say.join(say.minus, said)
        return apart(match, said, named=True)

    def _amount_range(
        self, match: re.Match[str], said: str, say: Verbalizer, *, below: Callable[[str], str] | None = None
    ) -> str:
        """Say the lower end of a range, or the minus, before an amount.

        Args:
            match: of both ends.
            said: the upper one, without its minus.
            say: who said it.
            below: how what is below zero is said.
        """
        below = below or partial(self._say.join, self._say.minus)
        said = below(said) if match["minus"] else said
        if not match["low"]:
            return said
        low = say.say(match["low"].removeprefix("-"))
        return self._say.spoken_range(below(low) if match["low"][0] == "-" else low, said)

    def _stop(self, match: re.Match[str]) -> str:
        """Return the full stop after a unit where it ends a sentence: not in "5 min. lang" and "2 Pck. Backpulver"."""
        following = word_after(match)
        if not match["stop"] or not following[:1].isupper():
            return ""
        return "" if self._say.language == "de" and following.lower() not in WORDS["de"] else "."
