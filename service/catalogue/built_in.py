"""What a buyer can choose from: the vocabulary of the public API, in the order in which it is shown.

Data only. Workers say which avatars there are beside these, and how they can look.
"""

AVATARS = {
    "japanese_man": "Japanese Man",
    "old_european_woman": "Elderly Woman",
    "european_woman": "European Woman",
    "european_man": "European Man",
    "african_man": "African Man",
    "african_woman": "African Woman",
    "japanese_woman": "Japanese Woman",
    "iranian_man": "Iranian Man",
    "mexican_man": "Mexican Man",
    "mexican_woman": "Mexican Woman",
    "colombian_woman": "Colombian Woman",
    "old_japanese_man": "Elderly Japanese Man",
    "arab_man": "Arab Man",
    "arab_woman": "Arab Woman",
}
"""Avatar name → label for people."""

LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "it": "Italian",
    "pt": "Portuguese",
    "pl": "Polish",
    "tr": "Turkish",
    "ru": "Russian",
    "nl": "Dutch",
    "cs": "Czech",
    "ar": "Arabic",
    "zh": "Chinese",
    "ja": "Japanese",
    "hu": "Hungarian",
    "ko": "Korean",
    "hi": "Hindi",
}
"""Language code (ISO 639-1) → English name."""

EMOTIONS = ("happy", "neutral", "serious")
"""What each of these avatars can look like while it speaks."""
