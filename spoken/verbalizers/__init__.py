"""What each language says: one module a language."""

from spoken.verbalizer import Verbalizer
from spoken.verbalizers.ar import Arabic
from spoken.verbalizers.cs import Czech
from spoken.verbalizers.de import German
from spoken.verbalizers.en import English
from spoken.verbalizers.es import Spanish
from spoken.verbalizers.fr import French
from spoken.verbalizers.hi import Hindi
from spoken.verbalizers.hu import Hungarian
from spoken.verbalizers.it import Italian
from spoken.verbalizers.ja import Japanese
from spoken.verbalizers.ko import Korean
from spoken.verbalizers.nl import Dutch
from spoken.verbalizers.pl import Polish
from spoken.verbalizers.pt import Portuguese
from spoken.verbalizers.ru import Russian
from spoken.verbalizers.tr import Turkish
from spoken.verbalizers.zh import Chinese

VERBALIZERS: dict[str, Verbalizer] = {
    made.language: made()
    for made in (
        Arabic, Czech, German, English, Spanish, French, Hindi, Hungarian, Italian, Japanese, Korean, Dutch, Polish,
        Portuguese, Russian, Turkish, Chinese,
    )
}  # fmt: skip
"""By language."""
