"""What a terminal's options make of a stage."""

import click
import pytest
from click.testing import CliRunner

from satspeak.client.requests import quote_audio
from satspeak.commands.canvas import Canvas, Colour, with_stage
from satspeak.commands.looking import wish_options


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("720p", (1280, 720)),
        ("1080P", (1920, 1080)),
        ("1080p-portrait", (1080, 1920)),
        ("4k", (3840, 2160)),
        ("4k-square", (2160, 2160)),
        ("854x480", (854, 480)),
    ],
)
def test_a_canvas_has_a_name_or_a_size(said, size):
    assert Canvas().convert(said, None, None) == size


@pytest.mark.parametrize("said", ["", "8k", "720p-wide", "1280*720", "12800x720"])
def test_what_is_no_canvas_is_told_what_one_is(said):
    with pytest.raises(click.BadParameter, match="1280x720"):
        Canvas().convert(said, None, None)


@pytest.mark.parametrize("said", ["", "red", "#fff", "1f3b57", "#1f3b57\n"])
def test_what_is_no_colour_is_told_what_one_is(said):
    with pytest.raises(click.BadParameter, match="#1f3b57"):
        Colour().convert(said, None, None)

    assert Colour().convert("#1F3b57", None, None) == "#1F3b57"


def test_a_wish_without_a_stage_stays_as_it_was():
    assert with_stage({"avatar": "ann", "speed": None}) == {"avatar": "ann"}


def test_captions_are_asked_for_by_a_flag():
    @click.command()
    @wish_options
    def said(**wish):
        click.echo(repr(wish["captions"]))

    assert CliRunner().invoke(said, ["--captions"]).output == "True\n"
    assert CliRunner().invoke(said, []).output == "None\n"


def test_what_is_said_of_a_stage_is_one_field():
    wish = {"avatar": "ann", "canvas": (1280, 720), "background": "#1f3b57", "captions": True, "speed": 1.1}

    assert with_stage(wish) == {
        "avatar": "ann",
        "stage": {"width": 1280, "height": 720, "background": "#1f3b57", "captions": True, "speed": 1.1},
    }


def test_a_form_has_a_stage_as_json(tmp_path):
    request = quote_audio(tmp_path / "a.wav", None, {"stage": {"width": 1280}, "private": True})

    assert request.form == {"stage": '{"width":1280}', "private": "true"}
