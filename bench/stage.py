"""What a stage costs: processor time a frame on each canvas, and how far a matte is from the truth."""

import json
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import click
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from worker.avatars import Avatars
from worker.canvas import Canvas
from worker.compose import IdleFrame
from worker.cutout import cut_film
from worker.encode import FPS, GOP, VideoCodec
from worker.footage import Footage
from worker.import_film import write_mattes
from worker.matte import Mattes, Studio, centres
from worker.mel import MEL
from worker.model import LipModel
from worker.planes import Picture, Rgb, Whole, parted, planes, to_yuv, whole
from worker.settings import Settings
from worker.stage import PLAIN, Place, Stage, lines

AVATAR, EMOTION = "european_woman", "neutral"
PEOPLE = (AVATAR, "african_man", "old_japanese_man", "arab_woman")
CANVASES = {"720p": (1280, 720), "1080p": (1920, 1080), "2160p": (3840, 2160)}
CORES = 2


@click.command()
@click.option("--frames", default=50, show_default=True, help="Of each canvas.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def main(frames: int, *, as_json: bool) -> None:
    """Measure processor time, which what else runs here hardly changes, and not the clock on the wall."""
    figures = measure(frames)
    for name, figure in figures.items():
        click.echo(f"{name:24} {figure:8}")
    if as_json:
        click.echo(json.dumps(figures))


def measure(frames: int = 50) -> dict[str, float]:
    """Return all figures; of each canvas those of so many frames."""
    model = LipModel(Settings().assets / "model", provider="cpu", threads=CORES)
    figures: dict[str, float] = {}
    for name, size in CANVASES.items():
        stage = Stage(width=size[0], height=size[1], background="#1f3b57")
        footage = footage_of(AVATAR, lines(stage))
        figures[f"matte_ms_{name}"] = round(_matte_ms(footage), 1)
        some = frames if name != "2160p" else max(1, frames // 5)
        draw_ms = _network_ms(model, footage, some)
        lay_ms, code_ms = _costs(footage, stage, some)
        figures[f"network_ms_{name}"] = round(draw_ms, 2)
        figures[f"lay_out_ms_{name}"] = round(lay_ms, 2)
        figures[f"encode_ms_{name}"] = round(code_ms, 2)
        figures[f"realtime_factor_{name}"] = round(CORES * 1000 / FPS / (draw_ms + lay_ms + code_ms), 2)
    model.close()
    footage = footage_of(AVATAR)
    figures["matte_error_levels"] = round(matte_error(footage), 2)
    for place, scene in (("wall", wall()), ("room", room())):
        errors = [filmed_matte_error(footage_of(name), scene) for name in PEOPLE]
        figures[f"matte_error_levels_before_a_{place}"] = round(float(np.mean(errors)), 2)
    return figures


def footage_of(avatar: str, of: int = PLAIN) -> Footage:
    """Open the footage, of so many lines, of an avatar that comes with the worker."""
    avatars = Avatars(Settings().assets / "avatars", memory_bytes=1 << 30)
    return avatars.footage(avatars.find(avatar, EMOTION), EMOTION, of)


def _network_ms(model: LipModel, footage: Footage, frames: int) -> float:
    """Measure the mouths of some frames that speak, in batches of a GOP, once all has been seen."""
    heard = model.graph(footage.references).mel.frames
    mel = np.random.default_rng(0).uniform(-4, 4, (GOP, 1, MEL.bands, heard)).astype(np.float32)
    batches = [footage.faces(range(first, first + GOP)) for first in range(0, frames, GOP)]
    for faces in batches:
        model.predict(mel, faces)
    started = time.process_time()
    for faces in batches:
        model.predict(mel, faces)
    return (time.process_time() - started) * 1000 / (GOP * len(batches))


def _matte_ms(footage: Footage) -> float:
    """Measure the mattes of some frames, which are made once; then have all of them."""
    film = footage.film
    assert footage.mattes is not None
    started = time.process_time()
    for frame in range(len(film)):
        footage.mattes[frame]
    return (time.process_time() - started) * 1000 / len(film)


def _costs(footage: Footage, stage: Stage, frames: int) -> tuple[float, float]:
    """Return the milliseconds of laying a picture out, and of encoding it."""
    canvas, codec = Canvas(stage, footage), VideoCodec(size=(stage.width, stage.height))
    laid, coded = 0.0, 0.0
    for frame in range(frames):
        started = time.process_time()
        picture = canvas.show(footage.frame(frame).picture, frame)
        between = time.process_time()
        codec.encode(picture, starts_gop=frame % 12 == 0)
        laid += between - started
        coded += time.process_time() - between
    return laid * 1000 / frames, coded * 1000 / frames


def matte_error(footage: Footage) -> float:
    """Tell by how many levels a rebacked picture differs from the person filmed there, on the average, at worst.

    The truth is drawn: a person's matte as it was found is taken for true, the person is laid over the studio as the
    renderer does, coded as footage is, and found again.
    """
    mattes = footage.mattes
    assert isinstance(mattes, Mattes)
    side = len(mattes.backdrop)
    at = centres(side) / side
    own, share = _person(footage, mattes)
    filmed = _coded(_laid(own, share, mattes.beyond(at, at)))
    return _error(own, share, Footage([_frame(footage, filmed)], "loop", studio=_studio()))


def filmed_matte_error(footage: Footage, scene: Rgb) -> float:
    """Tell the same of a person laid over a scene, of which the worker is told nothing, as of footage of one's own."""
    assert isinstance(footage.mattes, Mattes)
    own, share = _person(footage, footage.mattes)
    filmed = _coded(_laid(own, share, whole(to_yuv(scene))))
    [matte], _ = cut_film([_rgb(filmed)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mattes.mp4"
        write_mattes(path, [matte])
        return _error(own, share, Footage([_frame(footage, filmed)], "loop", mattes=path))


def before(footage: Footage, scene: Rgb) -> Rgb:
    """Show somebody of footage that can be cut out exactly before a scene."""
    assert isinstance(footage.mattes, Mattes)
    return _rgb(_laid(*_person(footage, footage.mattes), whole(to_yuv(scene))))


def _rgb(picture: Picture) -> Rgb:
    frame = av.VideoFrame.from_ndarray(picture, format="yuv420p").reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    return np.asarray(frame.to_ndarray(), np.uint8)


def wall() -> Rgb:
    """Draw a wall with light from one side, as a camera sees it: with noise."""
    light = np.linspace(205, 150, 512)[None, :, None] * np.array([1, 0.97, 0.9])
    noise = np.random.default_rng(0).normal(0, 2, (512, 512, 3))
    return np.asarray(np.clip(light + noise, 0, 255), np.uint8)


def room() -> Rgb:
    """Draw shelves full of books and a window, a little out of focus."""
    rng = np.random.default_rng(7)
    picture = np.full((512, 512, 3), (96, 70, 48), np.uint8)
    for shelf in range(0, 512, 128):
        left = 4
        while left < len(picture):
            width, top = int(rng.integers(10, 30)), shelf + int(rng.integers(10, 45))
            picture[top : shelf + 118, left : left + width] = rng.integers(20, 230, 3)
            left += width + 2
    picture[40:300, 350:490] = (225, 235, 245)
    noise = rng.normal(0, 2, picture.shape)
    return np.asarray(np.clip(cv2.GaussianBlur(picture, (0, 0), 3) + noise, 0, 255), np.uint8)


def _person(footage: Footage, mattes: Mattes) -> tuple[Whole, Whole]:
    """Return somebody's own colours, and how much of each pixel they are."""
    share = np.asarray(mattes[0][..., None] / 255, np.float32)
    own = whole(footage.first.picture)
    own = np.asarray((own - (1 - share) * mattes.backdrop) / np.maximum(share, 1 / 255), np.float32)
    own[share[..., 0] == 0] = 0
    return np.clip(own, 0, 255), share


def _error(own: Whole, share: Whole, found: Footage) -> float:
    """Compare what is shown of a film before three colours with what it would be; return the worst."""
    filmed, side, worst = found.first.picture, len(own), 0.0
    for colour in ("#000000", "#ffffff", "#00a040"):
        place = Place(x=0, y=0, width=side, height=side)
        stage = Stage(width=side, height=side, background=colour, person=place)
        canvas = Canvas(stage, found)
        shown = next(planes(canvas.show(filmed, 0))).astype(float)
        new = whole(to_yuv(np.full((side, side, 3), stage.colour, np.uint8)))
        truth = next(planes(_laid(own, share, new)))
        down = canvas.place.y
        worst = max(worst, float(np.abs(shown[down:] - truth[: side - down]).mean()))
    return worst


def _laid(own: Whole, share: Whole, behind: Whole) -> Picture:
    return parted(np.asarray(share * own + (1 - share) * behind, np.float32))


def _coded(picture: Picture) -> Picture:
    """Return what H.264 as the footage's makes of a picture."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.shape[1], picture.shape[1], "yuv420p"
    encoder.options = {"crf": "18", "tune": "zerolatency"}
    encoder.time_base = Fraction(1, FPS)
    packets = encoder.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")) + encoder.encode()
    decoder = av.CodecContext.create("h264", "r")
    [frame] = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode()
    return np.asarray(frame.to_ndarray(), np.uint8)


def _frame(footage: Footage, picture: Picture) -> IdleFrame:
    return IdleFrame(picture=picture, references=footage.first.references, box=None)


def _studio() -> Studio:
    avatars = Avatars(Settings().assets / "avatars", memory_bytes=1)
    studio = avatars.find(AVATAR, EMOTION).studio
    assert studio is not None
    return studio


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
