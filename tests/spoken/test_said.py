"""What people write is said as people say it."""

from pathlib import Path

import pytest

from spoken import LANGUAGES, passages

SAID = Path(__file__).parent / "said"


def lines():
    """Yield language, text and words of each line "text → words" of a language's table; " / " parts passages."""
    for language in LANGUAGES:
        for line in (SAID / f"{language}.txt").read_text(encoding="utf-8").splitlines():
            yield language, *line.split(" → ")


@pytest.mark.parametrize(("language", "text", "words"), [*lines()])
def test_what_is_written_is_said_as_people_say_it(language, text, words):
    assert words == " / ".join(passage.words for passage in passages(text, language))
