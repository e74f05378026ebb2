"""What a prompt becomes; nothing is drawn here."""

import pytest

from faces.emotions import EMOTIONS
from faces.geometry import phenotype
from faces.lexicon import BONES
from faces.prompts import Undrawable, imagine


def test_the_words_of_a_prompt_become_a_look():
    imagined = imagine("an elderly African man with a grey beard, wearing a dark suit and a red tie")
    look = imagined.recipe.look

    assert imagined.ignored_words == ()
    assert look.gender == "male"
    assert look.elderly
    assert look.phenotype.race == (1.0, 0.0, 0.0)
    assert look.beard
    assert look.hair_colour == "#8f8c89"
    assert (look.clothes.kind, look.clothes.colour, look.clothes.tie) == ("suit", "#282b31", "#8f2f33")


def test_a_colour_belongs_to_the_noun_that_it_stands_before():
    look = imagine(
        "woman with long curly red hair, green eyes and a blue sweater, white background"
    ).recipe.look

    assert look.hair
    assert (look.hair.style, look.hair_colour) == ("long", "#8a3d20")
    assert look.iris == "#587f57"
    assert (look.clothes.kind, look.clothes.colour) == ("crew", "#35568a")
    assert look.backdrop[0] == (1, 1, 1)


def test_a_colour_may_also_stand_after_its_noun():
    look = imagine("a woman whose hair is black, background: blue").recipe.look

    assert look.hair_colour == "#14100e"
    assert look.backdrop[0][2] > look.backdrop[0][0]


@pytest.mark.parametrize(
    ("prompt", "old"),
    [
        ("a young man", 0.02),
        ("a woman in her forties", 0.33),
        ("a 70-year-old man", 0.8),
        ("aged 50, male", 0.42),
    ],
)
def test_an_age_is_understood_in_words_and_numbers(prompt, old):
    assert imagine(prompt).recipe.look.phenotype.old == pytest.approx(old, abs=0.01)


def test_black_is_a_colour_of_cloth_or_of_a_person():
    assert imagine("a black man in a white shirt").recipe.look.phenotype.race == (1.0, 0.0, 0.0)
    assert imagine("a japanese man in a black shirt").recipe.look.phenotype.race == (0.0, 1.0, 0.0)


def test_a_nose_is_as_long_as_wished_and_the_hair_is_not():
    imagined = imagine("a man with a long nose, a square jaw, thin lips and short brown hair")
    look = imagined.recipe.look

    assert imagined.ignored_words == ()
    assert look.hair
    assert look.hair.style == "short"
    assert look.phenotype.details["nose/nose-scale-vert-incr"] == 0.5
    assert look.phenotype.details["chin/chin-bones-incr"] == 0.5
    assert look.phenotype.details["mouth/mouth-lowerlip-height-decr"] == 0.4
    assert (
        look.phenotype.weight
        == imagine("a man with short brown hair", imagined.recipe.seed).recipe.look.phenotype.weight
    )


def test_lips_that_are_full_are_red_as_well_and_a_chin_is_not_double_that_is_said_not_to_be():
    red, denied = (
        imagine("a woman with red full lips"),
        imagine("a man, no double chin, without a big nose", 1),
    )
    details = denied.recipe.look.phenotype.details

    assert red.ignored_words == denied.ignored_words == ()
    assert red.recipe.look.lips == imagine("a woman with red lips", red.recipe.seed).recipe.look.lips
    assert details == imagine("a man", 1).recipe.look.phenotype.details


def test_every_word_about_bones_has_its_targets():
    for phrase in BONES:
        phenotype(details=imagine(f"a woman with {phrase}").recipe.look.phenotype.details)


def test_the_two_sides_of_a_face_differ():
    details = imagine("a woman", 1).recipe.look.phenotype.details

    assert details["cheek/l-cheek-bones-incr"] != details["cheek/r-cheek-bones-incr"]


def test_a_head_covering_covers_the_hair():
    look = imagine("a woman wearing a purple hijab").recipe.look

    assert look.hair is None
    assert look.scarf
    assert (look.scarf.kind, look.scarf.colour) == ("wrapped", "#5d4573")


def test_what_is_not_drawn_is_told():
    assert imagine("a man with glasses and a hat on a beach").ignored_words == ("glasses", "hat", "beach")


@pytest.mark.parametrize(
    ("word", "emotion"), [("smiling", "happy"), ("stern", "serious"), ("calm", "neutral")]
)
def test_an_emotion_is_one_that_can_be_filmed(word, emotion):
    recipe = imagine(f"a {word} woman").recipe

    assert recipe.emotion == emotion
    assert recipe.emotion in EMOTIONS


@pytest.mark.parametrize(
    "prompt", ["a happy child", "a 12 year old", "a boy in a suit", "two women", " ", "?!"]
)
def test_children_crowds_and_nothing_are_refused(prompt):
    with pytest.raises(Undrawable):
        imagine(prompt)


def test_the_same_prompt_gives_the_same_face_whatever_its_case_and_another_one_another():
    assert imagine("A Man, friendly") == imagine("a man friendly")
    assert imagine("a tall man").recipe.look != imagine("a small man").recipe.look


def test_a_seed_gives_another_face_of_the_same_description():
    one, other = imagine("a bald man", seed=1).recipe, imagine("a bald man", seed=2).recipe

    assert one.look.hair is other.look.hair is None
    assert one.look.phenotype.details != other.look.phenotype.details


def test_what_is_wished_for_changes_nothing_else_about_a_face():
    plain, tied = (
        imagine("man in a suit", seed=7).recipe.look,
        imagine("man in a suit with a blue tie", seed=7).recipe.look,
    )

    assert tied.clothes.tie == "#35568a"
    assert tied.phenotype == plain.phenotype
    assert tied.hair == plain.hair


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_seed_a_face_is_made_of_targets_that_there_are(seed):
    person = imagine("somebody", seed=seed).recipe.look.phenotype

    base = phenotype(gender=person.gender, old=person.old, race=person.race, details=person.details)

    assert base.shape == (19158, 3)
