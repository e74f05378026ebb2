"""How much of a text can be spoken while it still grows."""

import pytest

from spoken import settled


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("", ""),
        ("Hello there", ""),
        ("Hello there.", ""),
        ("Hello there. And", ""),  # it may become a part of the sentence
        ("Hello there. And this is what follows it", "Hello there. "),
        ("One is here. Two is here. Three is here, and it still goes on", "One is here. Two is here. "),
        ("On 3. October he came to the town where", ""),
    ],
)
def test_whole_stretches_are_spoken_once_nothing_that_follows_can_change_them(text, spoken):
    assert text[: settled(text)] == spoken


@pytest.mark.parametrize("text", ["Hello there.", "Hello there! ", 'He said: "No."', "你好。", "नमस्ते।"])
def test_a_sentence_that_is_followed_by_nothing_for_a_while_is_whole(text):
    assert not settled(text)
    assert settled(text, paused=True) == len(text)


@pytest.mark.parametrize("text", ["Hello there", "Hello, ", ""])
def test_half_a_sentence_waits_for_its_other_half(text):
    assert not settled(text, paused=True)
