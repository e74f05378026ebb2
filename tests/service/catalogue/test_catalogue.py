"""The vocabulary is the source API's, typed here a second time from its documentation."""

from service.catalogue.built_in import AVATARS, EMOTIONS, LANGUAGES


def test_the_avatars_are_those_of_the_source_api():
    assert AVATARS == {
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
    assert len(AVATARS) == 14


def test_the_languages_are_those_of_the_source_api():
    assert LANGUAGES == {
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
    assert len(LANGUAGES) == 17


def test_the_emotions_are_those_of_the_source_api():
    assert EMOTIONS == ("happy", "neutral", "serious")
