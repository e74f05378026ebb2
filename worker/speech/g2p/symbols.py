# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""The 114 symbols that Kokoro knows, and what stands for those that it does not.

The numbers are those of its own configuration (hexgrad/Kokoro-82M, config.json); 0 is the padding at both ends.
"""

import re
import unicodedata

_RUNS = {
    1: ";:,.!?", 9: '—…"()“” ̃ʣʥʦʨᵝꭧAI', 31: "O", 33: "Q", 35: "ST", 39: "W", 41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyzɑɐɒæ", 75: "βɔɕç", 80: "ɖðʤə", 85: "ɚɛɜ", 90: "ɟ", 92: "ɡ", 99: "ɥ", 101: "ɨɪʝ",
    110: "ɯɰŋɳɲɴø", 118: "ɸθœ", 123: "ɹ", 125: "ɾɻ", 128: "ʁɽʂʃʈʧ", 135: "ʊʋ", 138: "ʌɣɤ", 142: "χʎ", 147: "ʒʔ",
    156: "ˈˌː", 162: "ʰ", 164: "ʲ", 169: "↓", 171: "→↗↘", 177: "ᵻ",
}  # fmt: skip

SYMBOLS: dict[str, int] = {
    symbol: number for first, run in _RUNS.items() for number, symbol in enumerate(run, first)
}
"""By symbol, the number that the network takes."""

MARKS = frozenset(";:,.!?—…")
"""Symbols at which it pauses."""

# Sounds that it lacks or hardly learnt, by the nearest that it knows.
_NEAREST = {
    "ʏ": "y", "ɦ": "h", "ʀ": "ʁ", "ħ": "h", "ɱ": "m", "ʑ": "ʒ", "ʐ": "ʒ", "ɫ": "l", "ɬ": "l", "ɭ": "l", "ʉ": "u",
    "g": "ɡ", "ʷ": "w", "ɵ": "ø", "ɘ": "ə", "ɞ": "ɜ", "ɶ": "œ", "ɓ": "b", "ɗ": "d", "ɠ": "ɡ", "ʕ": "", "ʟ": "l",
    "ʙ": "b", "ɧ": "ʃ", "ɮ": "l", "ʍ": "w", "ᵿ": "ʊ",
}  # fmt: skip


def spelled(phonemes: str) -> str:
    """Write phonemes with `SYMBOLS` alone: by the nearest sound, without the diacritics that it lacks."""
    written = "".join(_spelled(letter) for letter in unicodedata.normalize("NFC", phonemes))
    return re.sub(r" {2,}", " ", written).strip()


def _spelled(letter: str) -> str:
    if letter in SYMBOLS:
        return letter
    if letter in _NEAREST:
        return _NEAREST[letter]
    parts = unicodedata.normalize("NFD", letter)
    return "".join(_NEAREST.get(part, part if part in SYMBOLS else "") for part in parts)
