"""Times of day: how they are written in a stretch, and what a language says for them."""

import re
from collections.abc import Iterator
from functools import partial

from spoken.neighbours import word_before
from spoken.quantity_grammar import Step, guard
from spoken.verbalizer import Verbalizer

_HALF_DAYS_NAMED = frozenset({"ar", "en", "es", "hi", "ko", "pt"})  # elsewhere hours are counted to 24
_NOT_IN_NUMBER = r"(?<![\d.,:/])"
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
_HALF_DAYS_RANGE = re.compile(
    rf"{_NOT_IN_NUMBER}(1?\d) ?[–-] ?(1?\d ?[ap]\.? ?m\b)", re.IGNORECASE
)  # "2-4 pm"
_HALF_DAY = re.compile(rf"{_NOT_IN_NUMBER}(?P<h>1?\d) ?(?P<ap>[ap])\.? ?m\b\.?(?! ?\d)", re.IGNORECASE)
_DOTTED_TIME = re.compile(
    rf"{_NOT_IN_NUMBER}(?P<h>{_CLOCK})\.(?P<m>[0-5]\d)(?P<word> (?:Uhr|uur|u(?=\.)(?:\.(?=,| [a-z(&+-]))?|hod(?:in)?(?:\.(?=[,;:)]))?|óra)(?![^\W_]))"
)
_TWO_DOTTED_TIMES = re.compile(
    rf"{_NOT_IN_NUMBER}({_CLOCK})\.([0-5]\d)(?= (?:a|bis|do|e|en|és|et|i|o|of|oder|tot|und|y) {_CLOCK}\.[0-5]\d (?:Uhr|uur|u\.|hod|óra|h)(?![^\W_]))"
)
_BEFORE_DOTTED_TIME = re.compile(
    rf"(?<=\b)(godz\.|godzin(?:a|ie|y|ą)|ore|alle|kl\.|saat) (?P<h>{_CLOCK})\.(?P<m>[0-5]\d)(?![\d.])",
    re.IGNORECASE,
)
_AT_TIMES = {
    language: re.compile(
        rf"(?<![^\W_])({at}) (?P<h>{_CLOCK})\.(?P<m>[0-5]\d)(?=[ ,;.!?)]|$)(?![.,][^\W_])(?! ?[%€$£]| (?:Kč|zł|mil|mld|mln|tis|tys|kg|km)(?![^\W_]))"
    )
    for language, at in {"cs": "[Vv]e?", "nl": "[Oo]m", "pl": "[Oo]"}.items()
}
"""What goes before a time of day that is written with a full stop."""
_ARABIC_HALF_DAY = re.compile(rf"{_NOT_IN_NUMBER}({_CLOCK}:[0-5]\d) ?([صم])(?![^\W_])")
_HOUR_TO_TIME = re.compile(
    rf"{_NOT_IN_NUMBER}(?<![–-])({_CLOCK})( ?[–-] ?)(?={_CLOCK}:[0-5]\d(?![\d:]))"
)  # "7–19:30"
_HOUR_TO_DOTTED = re.compile(
    rf"{_NOT_IN_NUMBER}(?<![–-])({_CLOCK})( ?[–-] ?)({_CLOCK})\.([0-5]\d)(?=[,;.!?)]|$| (?:Uhr|uur|hod|óra|h)(?![^\W_]))(?![.,]\d)"
)
_TURKISH_TIME = re.compile(rf"{_NOT_IN_NUMBER}({_CLOCK})\.([0-5]\d)(?=['’](?:[dt][ae]n?|y?[ae])(?![^\W_]))")
_ARABIC_HOUR = re.compile(
    r"(?:(?<=الساعة )|(?<=حتى )|(?<=قبل )|(?<=بعد )|(?<=[–-])|(?<=[–-] ))(1[0-2]|[1-9]) ?(?=[صم](?![^\W_]))"
    r"|(?<![\d.,:])(1[0-2]|[1-9]) ?(?=[صم] ?[–-] ?\d)"
)
_HALF_DAYS = {"ص": "صباحا", "م": "مساء"}
_DOTTED_TIMES = re.compile(
    rf"{_NOT_IN_NUMBER}({_CLOCK})\.([0-5]\d)( ?[–-] ?)({_CLOCK})\.([0-5]\d)(?!\d|[.,]\d|\s?[%€$£])"
)
_HOUR_NAMED = re.compile(r" ?बजे")


class Times:
    """The times of day of one language."""

    def __init__(self, verbalizer: Verbalizer) -> None:
        self._say = verbalizer

    def steps(self) -> Iterator[tuple[re.Pattern[str], Step]]:
        """Yield the steps of the language."""
        say = self._say
        if say.decimal == ",":
            yield guard(r"\.[0-5]"), partial(_HOUR_TO_DOTTED.sub, r"\1:00\2\3:\4")
            yield guard(r"\.[0-5]"), partial(_TWO_DOTTED_TIMES.sub, r"\1:\2")
            yield guard(r"\.[0-5]"), partial(_DOTTED_TIMES.sub, r"\1:\2\3\4:\5")
        if say.language == "ar":
            yield _ARABIC_HOUR, partial(_ARABIC_HOUR.sub, lambda match: f"{match[1] or match[2]}:00 ")
            yield (
                guard(":"),
                partial(_ARABIC_HALF_DAY.sub, lambda match: f"{match[1]} {_HALF_DAYS[match[2]]}"),
            )
        yield guard(" ?[–-]"), partial(_HOUR_TO_TIME.sub, r"\1:00\2")
        if say.language == "tr":
            yield guard(r"\.[0-5]\d['’]"), partial(_TURKISH_TIME.sub, r"\1:\2")
        yield guard("[:h]"), partial(_TIMES.sub, self._time_range)
        yield guard("[:hH]"), partial(_TIME.sub, self._time)
        if say.language == "en":
            yield guard(" ?[-–] ?\\d{1,2} ?[apAP]"), partial(_HALF_DAYS_RANGE.sub, r"\1 to \2")
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

    def _full_hour(self, match: re.Match[str]) -> str:
        if self._say.language == "es" and word_before(match).lower() not in {"la", "las"}:
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
        return self._say.time_after(word_before(match), self._say.time(hour, minute, named=named))
