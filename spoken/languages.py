"""The languages that are spoken, and which of them a text is in: by the letter sequences that py3langid has learnt."""

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # ships no types

LANGUAGES = (
    "ar",
    "cs",
    "de",
    "en",
    "es",
    "fr",
    "hi",
    "hu",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt",
    "ru",
    "tr",
    "zh",
)

_SAMPLE = 200  # characters; more cost time and change nothing


def detect_language(text: str) -> str:
    """Return the most likely of `LANGUAGES`; "en" for a text without letters. The first call loads the model."""
    sample = text.strip()[:_SAMPLE]
    if not any(character.isalpha() for character in sample):
        return "en"
    return str(_identifier().classify(sample)[0])


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(LANGUAGES)
    return identifier
