"""Text normalization: decides what is spoken of a text in a language, for who prices speech and for who speaks it.

Pure: knows no voice and no price. `passages` is the answer to both; the rest is what it is made of.
"""

from spoken.languages import LANGUAGES
from spoken.passage import Passage, passages
from spoken.scripts import runs_by_script, script_of
from spoken.stretches import settled
from spoken.vocabulary import VOCABULARIES, Vocabulary

__all__ = [
    "LANGUAGES",
    "VOCABULARIES",
    "Passage",
    "Vocabulary",
    "passages",
    "runs_by_script",
    "script_of",
    "settled",
]
