"""The process that draws: portraits, and packs of people drawn, filmed or pictured: `python -m worker.drawing 10`.

It stands aside from renders: a process of its own, of lower priority, that can be killed. One request at a time comes
in by its standard input and one answer goes out by its standard output, each a message of msgpack behind its length.
"""

import os
import struct
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO, Literal

import cv2
import msgspec
import numpy as np

from faces.emotions import EMOTIONS
from faces.prompts import Recipe, Undrawable, imagine
from worker import import_pack
from worker.avatars import Emotion, Pack, read_pack
from worker.errors import BadAssets, CannotDraw, Unimportable
from worker.fitting import fit
from worker.footage import Mouths, square
from worker.import_faces import FaceFinder, Rgb
from worker.import_film import read_film, write_footage
from worker.import_mouths import LONGEST_S, find_mouths
from worker.import_pack import Person
from worker.importing import Take, one_face, rounded, study, study_still
from worker.matte import Studio

NEEDED = "Install satspeak[faces] on this worker, and libegl1 with libgl1-mesa-dri (or a driver of your graphics card)."

LONGEST_FILM_S = 20.0
"""Of a film that is sent; the rest is left out."""

_QUALITY = 92
_LARGEST_PICTURE = 50_000_000  # pixels
_LENGTH = struct.Struct(">I")


class DrawPortrait(msgspec.Struct, frozen=True, kw_only=True, tag="portrait"):
    """A prompt to be drawn."""

    prompt: str
    width: int
    height: int
    seed: int | None
    format: Literal["jpeg", "png"]


class FitPicture(msgspec.Struct, frozen=True, kw_only=True, tag="fit"):
    """A picture of somebody that was drawn elsewhere, to be cut and scaled to a size."""

    picture: bytes
    width: int
    height: int


class FilmPerson(msgspec.Struct, frozen=True, kw_only=True, tag="film"):
    """Somebody drawn, to be filmed into a pack in a folder."""

    folder: str
    name: str
    label: str
    gender: Literal["male", "female"]
    recipe: Recipe
    emotions: tuple[str, ...]
    mouths: bool


class ImportPerson(msgspec.Struct, frozen=True, kw_only=True, tag="import"):
    """A picture or film of somebody, to be made into a pack in a folder."""

    folder: str
    name: str
    label: str
    gender: Literal["male", "female"]
    source: str
    mouths: str | None = None  # a film of four shapes of the mouth


class Drawn(msgspec.Struct, frozen=True, kw_only=True, tag="drawn"):
    """A portrait."""

    picture: bytes
    recipe: Recipe
    ignored_words: tuple[str, ...]


class Fitted(msgspec.Struct, frozen=True, kw_only=True, tag="fitted"):
    """A picture of that size, as a JPEG."""

    picture: bytes


class Packed(msgspec.Struct, frozen=True, kw_only=True, tag="packed"):
    """The pack is in its folder."""

    warnings: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The request can never be met."""

    reason: str


class Missing(msgspec.Struct, frozen=True, kw_only=True, tag="missing"):
    """What this machine lacks to draw."""

    reason: str


Request = DrawPortrait | FitPicture | FilmPerson | ImportPerson
Answer = Drawn | Fitted | Packed | Refused | Missing


def write_message(stream: BinaryIO, message: Request | Answer) -> None:
    """Write a message behind its length."""
    stream.write(packed(message))
    stream.flush()


def packed(message: Request | Answer) -> bytes:
    """Return a message behind its length."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


def main(niceness: int) -> None:
    """Answer requests until there are no more; `niceness` lets renders go first."""
    os.nice(niceness)
    os.environ.setdefault("LP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))  # of Mesa's llvmpipe
    cv2.setNumThreads(1)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a driver prints is no answer
    studio = _Studio()
    decoder = msgspec.msgpack.Decoder(Request)
    while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
        request = decoder.decode(sys.stdin.buffer.read(_LENGTH.unpack(head)[0]))
        write_message(answers, studio.answer(request))


class _Studio:
    """Keeps the OpenGL context, and those who were drawn lately."""

    def __init__(self) -> None:
        self._painter: Any = None

    def answer(self, request: Request) -> Answer:
        try:
            if isinstance(request, DrawPortrait):
                return self._portrait(request)
            if isinstance(request, FilmPerson):
                return self._film(request)
            if isinstance(request, FitPicture):
                return fit_picture(request)
            return import_person(request)
        except (BadAssets, Undrawable, Unimportable) as exc:
            return Refused(reason=str(exc))
        except CannotDraw as exc:
            return Missing(reason=str(exc))

    def _open(self) -> Any:
        if self._painter is None:
            demand("moderngl", "scipy")
            from faces.portraits import Painter  # noqa: PLC0415 - needs what may be missing

            try:
                self._painter = Painter()
            except Exception as exc:  # whatever a driver says
                raise CannotDraw(f"There is no OpenGL by EGL here ({exc}). {NEEDED}") from exc
        return self._painter

    def _portrait(self, request: DrawPortrait) -> Drawn:
        imagined = imagine(request.prompt, request.seed)
        picture = self._open().draw(imagined.recipe, request.width, request.height)
        written = _written(picture, request.format)
        return Drawn(picture=written, recipe=imagined.recipe, ignored_words=imagined.ignored_words)

    def _film(self, request: FilmPerson) -> Packed:
        """Film each emotion's idle loop and, if they are wanted, the mouths beside it."""
        painter = self._open()
        from faces import filming  # noqa: PLC0415 - needs what may be missing
        from faces.avatar import SIZE as FRAME  # noqa: PLC0415
        from faces.motion import blinks, turns  # noqa: PLC0415
        from faces.shapes import SHAPES, SIZE  # noqa: PLC0415

        look, seed, home = request.recipe.look, request.recipe.seed, Path(request.folder)
        for emotion in request.emotions:
            if emotion not in EMOTIONS:
                raise Undrawable(f"There is no emotion {emotion!r}, only {', '.join(EMOTIONS)}.")
        person = painter.person(look, seed)
        poses = [moment.pose for emotion in request.emotions for moment in filming.moments(seed, emotion)]
        person.widen(poses, SIZE - 1)  # also without mouths: a second pass is to look the same
        emotions: dict[str, Emotion] = {}
        for emotion in request.emotions:
            painter.renderer.resize(FRAME, supersampling=3)
            takes = list(filming.film_idle(person, look, seed, emotion))
            write_footage(home / f"{emotion}.mp4", [picture for picture, _, _ in takes])
            moments = filming.moments(seed, emotion)
            mouths = None
            if request.mouths:
                painter.renderer.resize(filming.mouth_side(FRAME), supersampling=1)
                tiles = list(filming.film_mouths(painter.renderer, person, seed, emotion, square))
                write_footage(home / f"{emotion}.mouths.mp4", tiles)
                mouths = Mouths(film=f"{emotion}.mouths.mp4", shapes=len(SHAPES), size=SIZE)
            emotions[emotion] = Emotion(
                footage=f"{emotion}.mp4",
                frames=len(takes),
                playback="pingpong",
                boxes=tuple((round(x, 2), round(y, 2), round(side, 2)) for _, (x, y, side), _ in takes),
                eyes=tuple(rounded(eyes) for _, _, eyes in takes),
                mouths=mouths,
                turns=tuple(turns(moments)),
                blinks=tuple(blinks(moments)),
            )
        pack = Pack(
            name=request.name,
            label=request.label,
            gender=request.gender,
            elderly=look.elderly,
            emotions=emotions,
            studio=Studio(centre=look.backdrop[0], edge=look.backdrop[1]),
        )
        (home / "avatar.json").write_bytes(msgspec.json.encode(pack) + b"\n")
        read_pack(home / "avatar.json")  # nobody is to pay for one that no worker shows
        return Packed()


def demand(*modules: str) -> None:
    """Refuse where a module is not installed.

    Raises:
        CannotDraw: it is missing; says what to install.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise CannotDraw(f"This worker has no {', '.join(missing)}. {NEEDED}")


def fit_picture(request: FitPicture) -> Fitted:
    """Cut a picture of one person to a size, around the face."""
    with NamedTemporaryFile(prefix="satspeak-picture-") as file:
        file.write(request.picture)
        file.flush()
        picture = read_picture(Path(file.name))
    if picture is None:
        raise Unimportable("It is no JPEG, PNG or WebP.")
    face = one_face(picture, FaceFinder())
    return Fitted(picture=_written(fit(picture, face, request.width, request.height), "jpeg"))


def _written(picture: Any, form: str) -> bytes:
    """Write a picture, RGB (height, width, 3), as a file."""
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY] if form == "jpeg" else []
    written, data = cv2.imencode(f".{form}", np.ascontiguousarray(picture[..., ::-1]), options)
    assert written
    return bytes(data)


def import_person(request: ImportPerson) -> Packed:
    """Make a pack of one emotion of a picture or of a film."""
    source = Path(request.source)
    picture = read_picture(source)
    warnings: list[str] = []
    if picture is None:
        take = study(lambda: read_film(source, longest_s=LONGEST_FILM_S), FaceFinder())
        take, warnings = cut_out(take, take.frames)
    else:
        take, warnings = bring_to_life(picture)
    squares = None if request.mouths is None else mouths_of(take, Path(request.mouths))
    person = Person(name=request.name, label=request.label, gender=request.gender, elderly=False)
    import_pack.add(Path(request.folder).parent, person, ("neutral",), take, squares)
    return Packed(warnings=tuple(warnings))


def mouths_of(take: Take, film: Path) -> Iterable[Rgb]:
    """Find the four shapes of a mouth in a film, for footage of the same person.

    Raises:
        UnusableFootage: as `find_mouths` says.
    """
    demand("ai_edge_litert")
    from worker.landmarks import Landmarks  # noqa: PLC0415 - needs what may be missing

    def frames() -> Iterable[Rgb]:
        return read_film(film, longest_s=LONGEST_S)

    return find_mouths(take, frames, FaceFinder(), Landmarks().find)


def read_picture(path: Path) -> Any:
    """Return a JPEG, PNG or WebP upright as RGB, (height, width, 3); None if the file is none of these.

    Raises:
        Unimportable: it is one that cannot be read, or is too large.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if not (head.startswith((b"\xff\xd8\xff", b"\x89PNG")) or (head[:4], head[8:]) == (b"RIFF", b"WEBP")):
        return None
    try:
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV reads
        bgr = None
    if bgr is None or bgr.shape[0] * bgr.shape[1] > _LARGEST_PICTURE:
        raise Unimportable("The picture cannot be read, or is larger than 50 megapixels.")
    return np.ascontiguousarray(bgr[..., ::-1])


def cut_out(take: Take, frames: Iterable[Any]) -> tuple[Take, list[str]]:
    """Give a film its mattes where that can be done, and tell what is wrong with them.

    Args:
        take: the film.
        frames: its own, as they are to be gone through.
    """
    if find_spec("ai_edge_litert") is None:
        return take, [f"Nobody is cut out of this film. {NEEDED}"]
    from worker.cutout import cut_film  # noqa: PLC0415 - needs what may be missing

    mattes, warnings = cut_film(frames)
    return msgspec.structs.replace(take, mattes=mattes), warnings


def bring_to_life(picture: Any) -> tuple[Take, list[str]]:
    """Make footage of a picture (height, width, 3), and tell what is wrong with it.

    Raises:
        UnusableFootage: it does not show one face, large enough and with its mouth closed.
    """
    demand("ai_edge_litert")
    from worker.cutout import cut_film  # noqa: PLC0415 - needs what may be missing
    from worker.landmarks import Landmarks  # noqa: PLC0415
    from worker.stills import idle_loop, judge_mouth  # noqa: PLC0415

    still = study_still(picture, FaceFinder())
    points = Landmarks().find(still.picture, *still.eyes)
    (left_x, left_y), (right_x, right_y) = still.eyes
    warnings = judge_mouth(points, float(np.hypot(right_x - left_x, right_y - left_y)))
    mattes, doubts = cut_film([still.picture])
    layers = np.dstack([still.picture, *mattes])
    filmed = list(idle_loop(layers, points, still.box, (*still.eyes[0], *still.eyes[1])))
    boxes = tuple((round(x, 2), round(y, 2), round(side, 2)) for _, (x, y, side), _ in filmed)
    eyes = tuple(rounded(eyes) for _, _, eyes in filmed)
    size = picture.shape[0]
    take = Take(
        frames=[np.ascontiguousarray(frame[..., :3]) for frame, _, _ in filmed],
        boxes=boxes,
        eyes=eyes,
        cut=(0, 0, size),
        mattes=[frame[..., 3] for frame, _, _ in filmed] if mattes else (),
    )
    return take, warnings + doubts


if __name__ == "__main__":
    main(int(sys.argv[1]))
