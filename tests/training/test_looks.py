"""Choices about a person: those that are not made leave no trace in a recipe, so nobody's footage is rendered anew."""

import msgspec

from faces.emotions import CLOSED_MOUTH, EMOTIONS, expression
from faces.looks import Hair
from training.cast import CAST

ABOVE_THE_NOSE = ("brow", "eye")


def test_a_choice_that_is_not_made_is_not_encoded():
    assert msgspec.to_builtins(Hair(style="long")) == {"style": "long"}


def test_a_choice_that_is_made_is_encoded():
    assert msgspec.to_builtins(Hair(style="long", layers=0.06))["layers"] == 0.06


def test_moods_move_nothing_that_the_films_of_mouths_show():
    moods = [mood for look in CAST.values() for mood in look.moods.values()]

    assert moods
    assert all(unit.startswith(ABOVE_THE_NOSE) for mood in moods for unit in mood)


def test_who_has_no_mood_of_their_own_shows_an_emotion_as_all_do():
    assert expression(CAST["colombian_woman"], "serious") == {**CLOSED_MOUTH, **EMOTIONS["serious"]}


def test_a_mood_adds_to_its_emotion_alone():
    assert expression(CAST["japanese_woman"], "serious")["browDown"] < EMOTIONS["serious"]["browDown"]
    assert expression(CAST["japanese_woman"], "neutral") == {**CLOSED_MOUTH, **EMOTIONS["neutral"]}
