"""Grapheme to phoneme: writes words as the symbols that Kokoro was trained on. Knows no voice and no sound.

Each language has its own way: eSpeak NG's rules, hibari's dictionary, or a reader of our own for a script whose rules
eSpeak NG does not know.
"""

from worker.speech.g2p.phonemizer import Phonemizer
from worker.speech.g2p.symbols import SYMBOLS

__all__ = ["SYMBOLS", "Phonemizer"]
