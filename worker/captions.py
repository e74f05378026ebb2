"""Writes what is said into pictures: white on a dark box, on at most two lines near the lower edge.

What is read when is that of the captions that come as a file (`spoken.cues`), to the frame; whoever goes on with a
render is told what was said before, and writes the same.
"""

import threading
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import cast

import numpy as np
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from spoken.cues import Cue, spread, units
from worker.encode import FPS
from worker.planes import Picture, planes

_SANS = "fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"
_ARABIC = "fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"
_DEVANAGARI = "fontpkg_noto_sans_devanagari", "files/NotoSansDevanagari[wdth,wght].ttf"
_CJK = "manimgx_fonts_cjk", "NotoSansCJK-VF.otf.ttc"

_CJK_FACES = {"ja": 0, "ko": 1, "zh": 2}  # of the collection: the same letters are written otherwise in each
_WEIGHT = 600

_SIDES = 0.05  # of the width, which stay free: players, screens and round corners cut them
_BELOW = 0.06  # of the height
_LARGEST, _SMALLEST = 0.062, 0.02  # of the shorter side: height of the letters
_LINE = 1.42  # of the letters' height, and
_ASCENT = 1.07  # of that from the upper edge of a line to where letters stand
_PADDING = 0.32
_BOX = 0.72  # how dark it is behind letters
_WHITE, _BLACK = 235, 16  # Y in limited range

_LINES = 2

_drawing = threading.Lock()  # FreeType's faces are shared, and are for one thread at a time


class Captions:
    """The captions of one video. A class since they grow as it is spoken.

    Args:
        text: all that is spoken.
        rate: samples of speech in a second.
        size: width and height of the pictures.
        language: what is spoken.
    """

    def __init__(self, text: str, rate: int, size: tuple[int, int], language: str | None) -> None:
        self._text = text
        self._rate = rate
        self._size = size
        self._language = language
        self._samples = self._spoken = 0
        self._cues: list[Cue] = []
        self._drawn: tuple[Cue, _Block | None] | None = None

    def hear(self, samples: int, spoken: int) -> None:
        """Take note that so many more samples say the text up to a character."""
        start_ms = self._samples * 1000 // self._rate
        self._samples += samples
        self._cues += spread(self._text[self._spoken : spoken], start_ms, self._samples * 1000 // self._rate)
        self._spoken = spoken

    def show(self, picture: Picture, frame: int) -> Picture:
        """Return a picture with what is read at a frame of the video; the same where nothing is."""
        ms = frame * 1000 // FPS
        while self._cues and self._cues[0].end_ms <= ms:
            del self._cues[0]
        if not self._cues or self._cues[0].start_ms > ms:
            return picture
        cue = self._cues[0]
        if self._drawn is None or self._drawn[0] is not cue:
            with _drawing:
                self._drawn = cue, _block(cue.text, self._size, self._language)
        block = self._drawn[1]
        return picture if block is None else block.on(picture)


class _Block:
    """Lines as they lie on a picture.

    Args:
        letters: how much of each pixel is letter, (H, W), 0 to 1; of even size.
        box: how much of it is box.
        left: where it is, even.
        top: as well.
    """

    def __init__(self, letters: NDArray[np.float32], box: NDArray[np.float32], left: int, top: int) -> None:
        through = (1 - letters) * (1 - _BOX * box)
        luma = letters * _WHITE + (1 - letters) * _BOX * box * _BLACK
        half = through.reshape(through.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3))
        self._parts = (through, luma), (half, 128 * (1 - half)), (half, 128 * (1 - half))
        self._left, self._top = left, top

    def on(self, picture: Picture) -> Picture:
        """Return a picture with the lines on it."""
        shown = picture.copy()
        for number, (plane, (through, own)) in enumerate(zip(planes(shown), self._parts, strict=True)):
            left, top = (self._left, self._top) if number == 0 else (self._left // 2, self._top // 2)
            there = plane[top : top + through.shape[0], left : left + through.shape[1]]
            there[:] = np.rint(there * through + own)
        return shown


def _block(text: str, size: tuple[int, int], language: str | None) -> _Block | None:
    """Lay a cue out and draw it; None where no letter of it can be written."""
    text = "".join(letter for letter in text if letter.isspace() or _file_of(letter, language) is not None)
    if not text.strip():
        return None
    width, height = size
    room = round(width * (1 - 2 * _SIDES))
    pixels = max(8, round(min(size) * _LARGEST))
    smallest = max(8, round(min(size) * _SMALLEST))
    while True:
        padding = round(pixels * _PADDING)
        lines = _lines(text, pixels, room - 2 * padding, language)
        if lines is not None or pixels <= smallest:
            break
        pixels = max(smallest, round(pixels * 0.92))
    lines = lines or [text]
    line = round(pixels * _LINE)
    high = line * len(lines)
    wide = 2 * (min(width, max(_length(each, pixels, language) for each in lines) + 2 * padding) // 2)
    letters, box = (Image.new("L", (wide, high + high % 2)) for _ in range(2))
    for number, each in enumerate(lines):
        length = min(wide, _length(each, pixels, language) + 2 * padding)
        left = (wide - length) // 2
        area = left, number * line, left + length - 1, (number + 1) * line - 1
        ImageDraw.Draw(box).rounded_rectangle(area, radius=padding, fill=255)
        _write(letters, each, (left + padding, number * line + round(pixels * _ASCENT)), pixels, language)
    left = 2 * ((width - wide) // 4)
    top = 2 * (max(0, height - round(height * _BELOW) - box.height) // 2)
    return _Block(_shares(letters), _shares(box), left, top)


def _shares(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(np.asarray(image, np.float32) / 255, np.float32)


def _lines(text: str, pixels: int, room: int, language: str | None) -> list[str] | None:
    """Break a text into as few lines as fit, of about the same length; None where they would be too many."""
    if _length(text, pixels, language) <= room:
        return [text]
    cut = list(units(text))
    best: list[str] | None = None
    shortest = room + 1
    for number in range(1, len(cut)):
        lines = ["".join(cut[:number]), "".join(cut[number:]).lstrip()]
        longest = max(_length(line, pixels, language) for line in lines)
        if longest < shortest:
            best, shortest = lines, longest
    return best


Run = tuple[str, tuple[str, str]]  # letters, and the font that has them


def _runs(text: str, language: str | None) -> list[Run]:
    """Part a line by font, in the order in which it is seen from the left: from right to left where it reads so."""
    fonts: list[tuple[str, str]] = []
    for letter in text:
        same = bool(fonts) and not letter.isalpha() and _has(fonts[-1], letter, language)
        fonts.append(fonts[-1] if same else _file_of(letter, language) or _SANS)
    grouped = groupby(zip(text, fonts, strict=True), key=lambda each: each[1])
    runs = [("".join(letter for letter, _ in letters), font) for font, letters in grouped]
    return runs[::-1] if _reads_from_right(text) else runs


def _reads_from_right(text: str) -> bool:
    first = next((letter for letter in text if letter.isalpha()), "")
    return _file_of(first, None) == _ARABIC


def _length(text: str, pixels: int, language: str | None) -> int:
    return round(
        sum(
            _font(font, pixels, language).getlength(run, direction=_direction(font))
            for run, font in _runs(text, language)
        )
    )


def _write(image: Image.Image, text: str, at: tuple[float, int], pixels: int, language: str | None) -> None:
    """Write a line from a point on which it stands."""
    x, y = at
    draw = ImageDraw.Draw(image)
    for run, file in _runs(text, language):
        font, direction = _font(file, pixels, language), _direction(file)
        draw.text((x, y), run, fill=255, font=font, anchor="ls", direction=direction, language=language)
        x += font.getlength(run, direction=direction)


def _direction(font: tuple[str, str]) -> str:
    return "rtl" if font == _ARABIC else "ltr"


def _file_of(letter: str, language: str | None) -> tuple[str, str] | None:
    """Find the font that has a letter; None where none has."""
    fonts = (_SANS, _ARABIC, _DEVANAGARI, _CJK)
    return next((font for font in fonts if letter and _has(font, letter, language)), None)


def _has(font: tuple[str, str], letter: str, language: str | None) -> bool:
    return ord(letter) in _known(font, _face(font, language))


def _face(font: tuple[str, str], language: str | None) -> int:
    return _CJK_FACES.get(language or "", 2) if font == _CJK else 0


@cache
def _known(font: tuple[str, str], face: int) -> frozenset[int]:
    """Return the letters that a font has."""
    package, name = font
    with TTFont(str(files(package) / name), fontNumber=face, lazy=True) as opened:
        return frozenset(cast("dict[int, str]", opened.getBestCmap()))


@cache
def _font(font: tuple[str, str], pixels: int, language: str | None) -> ImageFont.FreeTypeFont:
    package, name = font
    opened = ImageFont.truetype(
        str(files(package) / name),
        pixels,
        index=_face(font, language),
        layout_engine=ImageFont.Layout.RAQM,
    )
    axes = opened.get_variation_axes()
    opened.set_variation_by_axes(
        [_WEIGHT if axis["name"] == b"Weight" else axis["default"] or 0 for axis in axes]
    )
    return opened
