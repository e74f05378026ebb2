# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""Turns eSpeak NG's phonetic alphabet into Kokoro's, language by language.

Where Kokoro was trained in a language it learnt eSpeak NG's own writing, but for affricates and diphthongs as
one letter. Languages that are lent a voice are written with the sounds that this voice has learnt.
"""

import re

from worker.speech.g2p.symbols import spelled

# What is tied together is one sound, and one symbol.
_TIED = {
    "a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "ɔ^ɪ": "Y", "d^z": "ʣ", "d^ʒ": "ʤ", "t^s": "ʦ",
    "t^ʃ": "ʧ", "s^s": "S", "t^ɕ": "ʨ", "d^ʑ": "ʥ", "dʑ": "ʥ", "tɕ": "ʨ",
}  # fmt: skip
_HARDLY_LEARNT = {"q": "k", "c": "tj", "ɟ": "dj", "ʔ": ""}
_BY_LANGUAGE = {
    "hi": {"r.": "ɽ", "t.": "ʈ", "d.": "ɖ", "n.": "ɳ", "l.": "l", "s.": "ʂ"},
    "hu": {"ʔ": ""},  # its c and ɟ are understood as they are
    "tr": {"ɯ": "ɨ", "ˈ": "", "ˌ": "", **_HARDLY_LEARNT},
}
_NATIVE = frozenset({"es", "fr", "it", "pt"})  # nothing is changed
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")


def kokoro_phonemes(ipa: str, language: str) -> str:
    """Write a clause of eSpeak NG's as Kokoro's symbols.

    Args:
        ipa: with `^` inside what is one sound.
        language: of the words.
    """
    ipa = _LANGUAGE_SWITCH.sub("", ipa)
    changes = _TIED | ({} if language in _NATIVE else _BY_LANGUAGE.get(language, _HARDLY_LEARNT))
    for written, meant in changes.items():
        ipa = ipa.replace(written, meant)
    # A dot, which eSpeak NG puts after some letters, would be the end of a sentence.
    return spelled(re.sub(r"[\^.-]", "", ipa))
