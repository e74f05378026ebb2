# ruff: noqa: RUF001 - letters of Chinese
"""What is said is written into the picture: in every script, within the safe area, the same after a resume."""

from pathlib import Path

import numpy as np
import pytest

from spoken.cues import LONGEST, columns, spread, units
from tests.worker.test_worker_process import decoded, movie, problem, speechlike
from worker.captions import Captions, _file_of, _lines, _runs
from worker.planes import to_yuv
from worker.records import InitRecord, SegmentRecord, SpeechRecord
from worker.stage import Stage

SENTENCES = sorted((Path(__file__).parents[2] / "bench" / "sentences").glob("??.txt"))
SIZES = [(512, 512), (1280, 720), (720, 1280), (256, 256)]


def grey(size, level=128):
    return to_yuv(np.full((size[1], size[0], 3), level, np.uint8))


def written(text, size=(640, 360), language="en", level=128, frame=3):
    """The luma of a grey picture with a text on it, and of the same without."""
    captions = Captions(text, 16_000, size, language)
    captions.hear(160_000, len(text))
    plain = grey(size, level)
    shown = captions.show(plain, frame)
    return shown[: size[1]].astype(int), plain[: size[1]].astype(int)


@pytest.mark.parametrize("path", SENTENCES, ids=lambda path: path.stem)
def test_every_language_has_its_letters_and_fits_on_two_lines(path):
    language = path.stem
    text = path.read_text().strip()

    assert [letter for letter in text if not letter.isspace() and not _file_of(letter, language)] == []
    for cue in spread(text, 0, 1000):
        assert columns(cue.text) <= LONGEST
        for pixels, room in ((20, 500), (15, 620)):
            lines = _lines(cue.text, pixels, room, language)
            assert lines is None or len(lines) <= 2


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_stays_within_the_safe_area(size):
    words = "Those are the words of a long sentence, which takes the two lines that there are."
    shown, plain = written(words, size)

    rows, across = np.nonzero(np.abs(shown - plain) > 8)
    width, height = size
    assert across.min() >= 0.04 * width
    assert across.max() <= 0.96 * width
    assert rows.max() <= 0.96 * height
    assert rows.min() >= height / 2


@pytest.mark.parametrize("level", [0, 128, 255])
def test_letters_are_light_on_a_dark_box_whatever_is_behind(level):
    shown, plain = written("Hello there.", level=level)

    rows, across = np.nonzero(shown != plain)
    box = shown[rows.min() : rows.max(), across.min() : across.max()]
    assert np.percentile(box, 97) > 210
    assert np.median(box) < 90


def test_arabic_is_laid_out_from_the_right_around_other_words():
    runs = [run.strip() for run, _ in _runs("ادفع مع Lightning الآن", "ar")]

    assert runs == ["الآن", "Lightning", "ادفع مع"]


def test_a_script_without_spaces_breaks_between_letters_and_before_no_comma():
    cut = list(units("你好，欢迎使用。Lightning很快"))

    assert cut == ["你", "好，", "欢", "迎", "使", "用。", "Lightning", "很", "快"]


def test_what_no_font_has_is_left_out():
    shown, plain = written("\U0001f600 \u1234")

    assert (shown == plain).all()


def test_words_are_read_while_they_are_said():
    captions = Captions("One. Two.", 16_000, (512, 512), "en")
    captions.hear(16_000, 4)
    captions.hear(16_000, 9)

    plain = grey((512, 512))
    shown = [captions.show(plain, frame) for frame in range(51)]
    assert all((shown[0] == frame).all() for frame in shown[:25])
    assert all((shown[25] == frame).all() for frame in shown[25:50])
    assert not (shown[0] == shown[25]).all()
    assert shown[50] is plain


async def test_a_video_with_captions_is_taken_up_with_the_same_pictures(worker):
    text, stage = "Hello there. This is a second sentence.", Stage(captions=True)
    whole = await worker.records(text=text, language="en", stage=stage)
    plain = await worker.records(text=text, language="en")
    spoken = [each for each in whole if isinstance(each, SpeechRecord)]
    start = [each for each in whole if isinstance(each, SegmentRecord) and each.first_frame < 12]

    rest = await worker.records(
        spoken[0].pcm,
        text=text,
        language="en",
        voice=spoken[0].voice,
        stage=stage,
        sample_rate=spoken[0].sample_rate,
        first_frame=12,
        spoken=spoken[0].spoken,
        told=((len(spoken[0].pcm) // 2, spoken[0].spoken),),
    )

    before, _, _ = decoded(movie(whole))
    header = next(each for each in whole if isinstance(each, InitRecord))
    after, _, _ = decoded(movie([header, *start, *rest]))
    bare, _, _ = decoded(movie(plain))
    lines = slice(420, 490)
    assert min(np.abs(a[lines].astype(int) - b[lines]).mean() for a, b in zip(before, bare, strict=True)) > 5
    assert len(after) == len(before)
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(before, after, strict=True)) < 1


async def test_captions_of_a_recording_are_refused(worker, request_bytes):
    told = await problem(worker, request_bytes(stage=Stage(captions=True)) + speechlike(1))

    assert told["status"] == 400
    assert "words" in told["detail"]
