"""What a text must be to be sold, and how long it takes."""

import msgspec

from service.catalogue.built_in import LANGUAGES
from service.errors import InvalidRequest
from service.orders.stage import Stage, paced
from service.quotes.terms import Terms
from service.speech.speech_length import SpeechLength, estimate, longest, longest_at_most
from spoken.languages import unspoken_script


def speech_of(text: str, language: str | None, terms: Terms, stage: Stage | None = None) -> SpeechLength:
    """Tell how long a text takes, which has no white space around it, and in which language.

    Args:
        text: What is to be spoken.
        language: In which; None: the one that it is taken for, and a delivery may choose another.
        terms: How much is sold at once.
        stage: On which it is spoken: by how fast a voice.

    Raises:
        InvalidRequest: No voice can speak it, or not in so much time.
    """
    if not text:
        raise InvalidRequest("Field 'text' is empty: send the words to be spoken.", field="text")
    if len(text) > terms.max_text_chars:
        raise InvalidRequest(
            f"Field 'text' has {len(text):,} characters; at most {terms.max_text_chars:,} are taken.",
            field="text",
        )
    script = unspoken_script(text) if language is None else None
    if script:
        spoken = ", ".join(f"{name} ({code})" for code, name in LANGUAGES.items())
        raise InvalidRequest(
            f"Field 'text' is mostly in {script} letters, and no voice speaks a language that is written in them."
            f" Spoken are: {spoken}.",
            field="text",
        )
    speech = estimate(text, language)
    duration_ms = speech.milliseconds
    if duration_ms == 0:  # paid for, it could never be rendered
        raise InvalidRequest(
            "Field 'text' has nothing that our voices can speak: send words or numbers.", field="text"
        )
    # A delivery may still choose the language, so the slowest reading has to fit.
    limit_ms, longest_ms = terms.max_video_s * 1000, duration_ms
    pace = 1.0 if stage is None else stage.speed
    if language is None and paced(duration_ms, stage) <= limit_ms < paced(longest_at_most(speech), stage):
        longest_ms = longest(speech, enough=limit_ms * pace)
    longest_ms = paced(longest_ms, stage)
    if longest_ms > limit_ms:
        raise InvalidRequest(
            f"Field 'text' is too long: it may take {longest_ms / 1000:.0f} s to speak,"
            f" and at most {terms.max_video_s} s are sold at once. Split it.",
            field="text",
        )
    if stage is None:
        return speech
    return msgspec.structs.replace(speech, milliseconds=paced(duration_ms, stage))
