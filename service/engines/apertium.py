"""Apertium, a translator by rules that an operator can install: a program, asked once for each step.

`apertium -l` tells its pairs; between languages that are no pair there may be a third. A word that it does not know
comes back behind an asterisk, one that it cannot inflect behind another mark: so the share that it knew is measured.
"""

import asyncio
import contextlib
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections import deque
from itertools import pairwise

from service.engines.terms import TranslationTerms
from service.runtime.cached import Cached
from service.studio.script_port import EngineFailed, Translated

LONG = {
    "eng": "en", "spa": "es", "fra": "fr", "ita": "it", "por": "pt", "deu": "de", "nld": "nl", "pol": "pl", "rus": "ru",
    "tur": "tr", "ces": "cs", "ara": "ar", "hin": "hi", "hun": "hu", "jpn": "ja", "kor": "ko", "zho": "zh", "cat": "ca",
    "oci": "oc", "ukr": "uk", "glg": "gl",
}  # fmt: skip
"""ISO 639-3 → 639-1: its pairs have names of both."""

MOST_STEPS = 2
"""Each loses something."""

PAIRS_FRESH_S = 60.0

AT_ONCE = 4

_PAIR = re.compile(r"^\s*([a-z]{2,3})-([a-z]{2,3})\s*$", re.MULTILINE)
_KEPT = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+|[#@]\w+")
_PLACE = re.compile(r"[*#@]?Qz(\d+)zQ")
_UNKNOWN = re.compile(r"[*#@](?=\w)")
"""No word of the dictionary, or none that can be written in this form."""
_WORD = re.compile(r"\w+")
_SPACES = re.compile(r"[ \t]{2,}")

Pair = tuple[str, str]


class Apertium:
    """Translates by the pairs that are installed."""

    def __init__(self, terms: TranslationTerms) -> None:
        self._program = shutil.which(terms.apertium) if terms.apertium else None
        self._timeout_s = terms.apertium_timeout_s
        self._pairs = Cached(self._list, fresh_s=PAIRS_FRESH_S)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def way(self, source: str, target: str) -> tuple[str, ...] | None:
        """Find the shortest way: a pair, or two with a language between."""
        pairs = await self._pairs.get()
        waiting: deque[tuple[str, ...]] = deque([(source,)])
        while waiting:
            way = waiting.popleft()
            if way[-1] == target and len(way) > 1:
                return way
            if len(way) <= MOST_STEPS:
                waiting.extend((*way, after) for before, after in sorted(pairs) if before == way[-1])
        return None

    async def translate(self, text: str, source: str, target: str) -> Translated:
        """Translate a text; addresses of pages and people stay as they are."""
        way = await self.way(source, target)
        if way is None:
            raise EngineFailed(f"Apertium has no way from {source} to {target}", passing=False)
        kept: list[str] = []

        def keep(found: re.Match[str]) -> str:
            kept.append(found.group())
            return f"Qz{len(kept) - 1}zQ"

        text = _KEPT.sub(keep, text)
        confidence = 1.0
        pairs = await self._pairs.get()
        for before, after in pairwise(way):
            text = _PLACE.sub(r"Qz\1zQ", await self._ask(text, pairs[before, after]))
            words = len(_WORD.findall(_PLACE.sub("", text)))
            confidence *= 1 - len(_UNKNOWN.findall(text)) / words if words else 1.0
            text = _UNKNOWN.sub("", text)
        text = _PLACE.sub(lambda place: _original(kept, place), text)
        return Translated(
            text=_SPACES.sub(" ", text).strip(), confidence=confidence, engine="apertium", through=way[1:-1]
        )

    async def _list(self) -> dict[Pair, str]:
        """Tell which pairs there are, each with the name that it is asked by."""
        if self._program is None:
            return {}
        told = await self._run("-l", given=None)
        return {
            (LONG.get(one, one), LONG.get(other, other)): f"{one}-{other}"
            for one, other in _PAIR.findall(told)
        }

    async def _ask(self, text: str, pair: str) -> str:
        return await self._run(pair, given=text.encode())

    async def _run(self, argument: str, *, given: bytes | None) -> str:
        assert self._program is not None
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                self._program,
                argument,
                stdin=PIPE if given is not None else DEVNULL,
                stdout=PIPE,
                stderr=DEVNULL,
            )
            try:
                async with asyncio.timeout(self._timeout_s):
                    said, _ = await process.communicate(given)
            except TimeoutError:
                raise EngineFailed("Apertium took too long", passing=True) from None
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if process.returncode:
            raise EngineFailed(f"Apertium ended with {process.returncode}", passing=False)
        return said.decode(errors="replace")


def _original(kept: list[str], place: re.Match[str]) -> str:
    number = int(place.group(1))
    return kept[number] if number < len(kept) else place.group()
