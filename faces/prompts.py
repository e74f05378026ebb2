"""From a prompt to a person: a lexicon says what the words mean, a seed decides the rest. Knows no OpenGL.

A word that means nothing here is returned, so that nobody believes it was drawn.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

import msgspec

from faces import lexicon
from faces.casting import Wishes, cast
from faces.looks import Look

Meaning = TypeVar("Meaning")

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+s?|[,;.:]")
_NEAR = 4  # words between a quality and its noun
_ADULT, _OLDEST = 18, 110


class Undrawable(ValueError):
    """A prompt that asks for what is never drawn."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """All that a portrait is drawn from; the same recipe gives the same picture.

    Attributes:
        look: who it is.
        emotion: what they show.
        seed: of strands and stubble, and of how they move; below 2^32.
    """

    look: Look
    emotion: str
    seed: int


class Imagined(msgspec.Struct, frozen=True, kw_only=True):
    """What a prompt became, and the words that it was not made of, in their order."""

    recipe: Recipe
    ignored_words: tuple[str, ...]


def imagine(prompt: str, seed: int | None = None) -> Imagined:
    """Read a prompt.

    Args:
        prompt: in English; `ignored_words` are those that say nothing about a face to this lexicon.
        seed: decides what the words leave open; of the prompt by default, so that it always gives the same face.

    Raises:
        Undrawable: it asks for a child or for several people, or has no words.
    """
    words = _WORD.findall(prompt.casefold().replace("-", " "))
    said = [word for word in words if word.isalnum()]
    if not said:
        raise Undrawable("Say who is to be drawn, in English.")
    reading = _Reading([word if word.isalnum() or "'" in word else "," for word in words])
    if seed is None:
        seed = int.from_bytes(hashlib.sha256(" ".join(said).encode()).digest()[:4])
    look = cast(_wishes(reading), seed)
    emotion = reading.told(lexicon.EMOTIONS) or "neutral"
    return Imagined(recipe=Recipe(look=look, emotion=emotion, seed=seed), ignored_words=reading.ignored())


def _wishes(reading: "_Reading") -> Wishes:
    """Read what a prompt says, from the narrowest meaning of a word to the widest."""
    _refuse(reading)
    years = reading.years()
    if years is not None and years < _ADULT:
        raise Undrawable("Children are not drawn.")
    bones = reading.taken(lexicon.BONES)  # first, for a long nose is no long hair
    of_people = reading.quality(lexicon.PEOPLE, lexicon.COLOUR_OF_PEOPLE, within=1)
    gender = reading.gender()
    scarf = reading.told(lexicon.SCARVES)
    beard = reading.told(lexicon.BEARDS)
    hair_colour = reading.quality(lexicon.HAIR | {"beard"}, lexicon.HAIR_COLOURS)
    cut = reading.cut()
    clothes = reading.told(lexicon.CLOTHES)
    suit = reading.quality(lexicon.SUITS, lexicon.COLOURS)
    cloth = reading.quality(lexicon.OTHER_CLOTHES, lexicon.COLOURS)
    tie = reading.quality(lexicon.TIE, lexicon.COLOURS)
    # `told` marks a word as used once it is understood, so each is asked even where another has answered.
    ancestry = reading.told(lexicon.ANCESTRIES)
    hair_word = reading.told(lexicon.HAIR_WORDS)
    age = reading.told(lexicon.AGES)
    wants_tie = reading.has(*lexicon.TIE)
    open_collar = reading.has("no tie", "without tie", "without a tie")
    backdrop = reading.quality(lexicon.BACKDROP, {**lexicon.COLOURS, **lexicon.BACKDROPS})
    reading.has(*lexicon.BACKDROP, *lexicon.SKIN, "hair", "haired", *lexicon.EYES, *lexicon.LIPS)
    return Wishes(
        male=gender if gender is not None else (True if beard else None),
        old=_age_of(years) if years is not None else age,
        ancestry=of_people or ancestry,
        weight=reading.told(lexicon.WEIGHTS),
        muscle=reading.told(lexicon.MUSCLES),
        skin=reading.quality(lexicon.SKIN, lexicon.SKINS),
        hair_colour=hair_colour or hair_word,
        cut=cut,
        beard=beard,
        stubble=reading.has(*lexicon.STUBBLE),
        iris=reading.quality(lexicon.EYES, lexicon.IRISES),
        lips=reading.quality(lexicon.LIPS, lexicon.LIP_COLOURS),
        clothes="suit" if clothes is None and wants_tie and not open_collar else clothes,
        colour=suit or cloth,
        shirt=cloth if suit or clothes == "suit" else None,
        tie=tie,
        wants_tie=False if open_collar else (True if wants_tie else None),
        scarf=scarf,
        scarf_colour=reading.quality(lexicon.SCARF, lexicon.COLOURS),
        backdrop=backdrop,
        bones={axis: amount for moved in bones for axis, amount in moved.items()},
    )


def _refuse(reading: "_Reading") -> None:
    for word in reading.words:
        if word in lexicon.CHILDREN:
            raise Undrawable(f"Children are not drawn, and {word!r} asks for one.")
        if word in lexicon.SEVERAL:
            raise Undrawable(f"One person is drawn at a time, and {word!r} asks for more.")


def _age_of(years: int) -> float:
    """Place an age on the mesh's axis from young to old."""
    known = ((18, 0.0), (30, 0.1), (40, 0.24), (50, 0.42), (60, 0.62), (70, 0.8), (85, 0.95), (110, 1.0))
    for (younger, low), (older, high) in pairwise(known):
        if years <= older:
            return low + (high - low) * (years - younger) / (older - younger)
    return 1.0


class _Reading:
    """The words of a prompt, and which of them were understood; a class since each meaning marks its words."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self._used = [word in lexicon.SILENT for word in words]

    def ignored(self) -> tuple[str, ...]:
        """Return the words that were not understood, each once."""
        left = [word for word, used in zip(self.words, self._used, strict=True) if not used]
        return tuple(dict.fromkeys(left))

    def has(self, *phrases: str) -> bool:
        """Tell whether any of these stands there."""
        return bool([place for phrase in phrases for place in self._places(phrase)])

    def told(self, meanings: Mapping[str, Meaning]) -> Meaning | None:
        """Return what the longest phrase means that stands there, the first of those."""
        found = [
            (-len(phrase.split()), place, meaning)
            for phrase, meaning in meanings.items()
            for place in self._places(phrase)
        ]
        return min(found, key=lambda each: each[:2])[2] if found else None

    def taken(self, meanings: Mapping[str, Meaning]) -> list[Meaning]:
        """Return what all phrases mean that stand there, whose words then mean nothing else.

        But for what a colour may be said of: lips that are full may be red as well.
        """
        found = []
        for phrase in sorted(meanings, key=lambda phrase: -len(phrase.split())):
            *_, noun = parts = phrase.split()
            left = [""] * (len(parts) - 1) + [noun if noun in lexicon.COLOURED else ","]
            for place in self._places(phrase):
                self.words[place : place + len(parts)] = left
                if not self._is_denied(place):
                    found.append(meanings[phrase])
        return found

    def quality(
        self, nouns: Collection[str], meanings: Mapping[str, Meaning], *, within: int = _NEAR
    ) -> Meaning | None:
        """Return what is said of a noun: before it, as in `long red hair`, or after it, as in `hair is red`."""
        said: Meaning | None = None
        for place, word in enumerate(self.words):
            if word in meanings and self._noun_of(place, within) in nouns:
                self._used[place] = True
                said = meanings[word] if said is None else said
        return said

    def gender(self) -> bool | None:
        """Tell whether a man is asked for, or a woman, by the first word that says so."""
        first = None
        for place, word in enumerate(self.words):
            if word in lexicon.MALE | lexicon.FEMALE:
                self._used[place] = True
                first = word in lexicon.MALE if first is None else first
        return first

    def cut(self) -> lexicon.Cut | None:
        """Tell how the hair is cut."""
        qualities: list[lexicon.Cut] = []
        for place, word in enumerate(self.words):
            if word in lexicon.HAIR_CUTS and self._noun_of(place, _NEAR) in lexicon.HAIR:
                self._used[place] = True
                qualities.append(lexicon.HAIR_CUTS[word])
        if self.has("shoulder length"):
            qualities.append("bob")
        told = self.told(lexicon.CUT_WORDS)
        if told:
            qualities.append(told)
        if "long" in qualities and {"curly", "wavy"} & set(qualities):
            return "long curly" if "curly" in qualities else "wavy"
        if "short" in qualities and "curly" in qualities:
            return "tight"
        return qualities[0] if qualities else None

    def years(self) -> int | None:
        """Read `45 year old`, `aged 45`, `in his 40s`, `in her forties`."""
        for place, word in enumerate(self.words):
            if word in lexicon.DECADES:
                self._used[place] = True
                return lexicon.DECADES[word] + 5
            number = word.removesuffix("s")
            if not number.isdigit() or int(number) > _OLDEST:
                continue
            before = self.words[place - 1] if place else ""
            after = self.words[place + 1] if place + 1 < len(self.words) else ""
            if word != number or after in ("year", "years", "yo") or before in ("age", "aged"):
                self._used[place] = True
                for near in (place + 1, place + 2):  # `year old` says no more than the number
                    if near < len(self.words) and self.words[near] in ("year", "years", "yo", "old"):
                        self._used[near] = True
                return int(number) + (5 if word != number else 0)
        return None

    def _noun_of(self, place: int, within: int) -> str | None:
        """Return the noun that a quality belongs to."""
        for word in self.words[place + 1 : place + 1 + within]:
            if word == ",":
                break
            if word in lexicon.COLOURED:
                return word
        for word in reversed(self.words[max(0, place - within) : place]):
            if word == ",":
                break
            if word in lexicon.COLOURED:
                return word
        return None

    def _is_denied(self, place: int) -> bool:
        """Tell whether what stands at a place is said not to be, and take note that this was understood."""
        before = place - 1
        while before > 0 and self.words[before] in ("a", "an", "any", "the"):
            before -= 1
        denied = before >= 0 and self.words[before] in ("no", "not", "without")
        self._used[before] |= denied
        return denied

    def _places(self, phrase: str) -> list[int]:
        """Return where a phrase stands, and take note that it was understood."""
        parts = phrase.split()
        size = len(parts)
        places = [k for k in range(len(self.words) - size + 1) if list(self.words[k : k + size]) == parts]
        for place in places:
            self._used[place : place + size] = [True] * size
        return places
