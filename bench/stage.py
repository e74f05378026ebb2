"""What a stage costs: processor time a frame on each canvas, and how far a matte is from the truth."""

import json
import time
from fractions import Fraction

import av
import click
import cv2
import numpy as np

from worker.avatars import Avatars
from worker.canvas import Canvas
from worker.compose import IdleFrame
from worker.encode import FPS, VideoCodec
from worker.footage import Footage
from worker.matte import Studio, centres
from worker.planes import Picture, Whole, parted, planes, to_yuv, whole
from worker.settings import Settings
from worker.stage import Place, Stage

AVATAR, EMOTION = "european_woman", "neutral"
CANVASES = {"720p": (1280, 720), "1080p": (1920, 1080), "2160p": (3840, 2160)}
NETWORK_MS = 9.0
"""Of one core for each frame, whatever the canvas: `bench.render` measures it."""

CORES = 2


@click.command()
@click.option("--frames", default=50, show_default=True, help="Of each canvas.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
def main(frames: int, *, as_json: bool) -> None:
    """Measure processor time, which what else runs here hardly changes, and not the clock on the wall."""
    footage = _footage()
    figures: dict[str, float] = {"matte_ms": round(_matte_ms(footage), 1)}
    for name, size in CANVASES.items():
        lay_ms, code_ms = _costs(footage, size, frames if name != "2160p" else max(1, frames // 5))
        figures[f"lay_out_ms_{name}"] = round(lay_ms, 2)
        figures[f"encode_ms_{name}"] = round(code_ms, 2)
        figures[f"realtime_factor_{name}"] = round(CORES * 1000 / FPS / (NETWORK_MS + lay_ms + code_ms), 2)
    figures["matte_error_levels"] = round(matte_error(footage), 2)
    for name, figure in figures.items():
        click.echo(f"{name:24} {figure:8}")
    if as_json:
        click.echo(json.dumps(figures))


def _footage() -> Footage:
    avatars = Avatars(Settings().assets / "avatars", memory_bytes=1 << 30)
    return avatars.footage(avatars.find(AVATAR, EMOTION), EMOTION)


def _matte_ms(footage: Footage) -> float:
    """Measure the mattes of some frames, which are made once; then have all of them."""
    film = footage.film
    assert footage.mattes is not None
    started = time.process_time()
    for frame in range(len(film)):
        footage.mattes[frame]
    return (time.process_time() - started) * 1000 / len(film)


def _costs(footage: Footage, size: tuple[int, int], frames: int) -> tuple[float, float]:
    """Return the milliseconds of laying a picture out, and of encoding it."""
    stage = Stage(width=size[0], height=size[1], background="#1f3b57")
    canvas, codec = Canvas(stage, footage), VideoCodec(size=size)
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
    assert mattes is not None
    side = len(mattes.backdrop)
    at = centres(side) / side
    share = np.asarray(mattes[0][..., None] / 255, np.float32)
    own = whole(footage.first.picture)
    own = np.asarray((own - (1 - share) * mattes.backdrop) / np.maximum(share, 1 / 255), np.float32)
    own[share[..., 0] == 0] = 0
    filmed = _coded(_laid(own, share, mattes.beyond(at, at)))
    found = Footage([_frame(footage, filmed)], "loop", studio=_studio())
    worst = 0.0
    for colour in ("#000000", "#ffffff", "#00a040"):
        stage = Stage(background=colour, person=Place(x=0, y=0, width=side, height=side))
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
