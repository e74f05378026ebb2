"""Look at a video without playing it: its facts, and a sheet of its frames above its sound.

The sheet answers the two questions one has of a talking head: does the mouth move with the sound, and does it
rest in silence?
"""

from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
import numpy.typing as npt

_COLUMNS = 8
_ROWS = 4
_CELL_PX = 192
_LOUDNESS_PX = 96
_INK = (40, 40, 40)
_SOUND = (180, 120, 60)

Image = npt.NDArray[np.uint8]


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a player would find in the file; lengths in seconds."""

    video_codec: str
    audio_codec: str
    width: int
    height: int
    fps: float
    frames: int
    video_s: float
    audio_s: float


def examine(path: Path) -> VideoFacts:
    """Decode a whole MP4 and tell what is in it."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        frames = samples = 0
        for frame in container.decode(video, audio):
            if isinstance(frame, av.VideoFrame):
                frames += 1
            elif isinstance(frame, av.AudioFrame):
                samples += frame.samples
        fps = float(video.average_rate or 0)
        return VideoFacts(
            video_codec=video.codec_context.name,
            audio_codec=audio.codec_context.name,
            width=video.width,
            height=video.height,
            fps=fps,
            frames=frames,
            video_s=frames / fps,
            audio_s=samples / audio.rate,
        )


def write_contact_sheet(path: Path, png: Path) -> None:
    """Write frames spread evenly over the video, each with its time, above the loudness of the sound."""
    facts = examine(path)
    cells = min(_COLUMNS * _ROWS, facts.frames)
    wanted = {round(i * (facts.frames - 1) / max(cells - 1, 1)) for i in range(cells)}
    columns = min(_COLUMNS, len(wanted))
    pictures, loudness = _pictures_and_loudness(path, wanted, facts.fps)
    blank = np.full((_CELL_PX, _CELL_PX, 3), 255, np.uint8)
    pictures += [blank] * (-len(pictures) % columns)
    rows = [np.hstack(pictures[i : i + columns]) for i in range(0, len(pictures), columns)]
    strip = _draw_loudness(loudness, width=columns * _CELL_PX, marks=sorted(wanted))
    if not cv2.imwrite(str(png), np.vstack([*rows, strip])):
        raise OSError(f"cannot write {png}")


def _pictures_and_loudness(
    path: Path, wanted: set[int], fps: float
) -> tuple[list[Image], npt.NDArray[np.float64]]:
    """Return the wanted frames as BGR cells, and the sound's RMS for each video frame, shape (frames,)."""
    pictures: list[Image] = []
    squares: list[float] = []
    counts: list[int] = []
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        number = heard = 0
        for frame in container.decode(video, audio):
            if isinstance(frame, av.VideoFrame):
                if number in wanted:
                    picture = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
                    pictures.append(_labelled(picture, number / fps))
                number += 1
                continue
            assert isinstance(frame, av.AudioFrame)  # no other stream is decoded
            pcm = frame.to_ndarray()[0].astype(np.float64)  # (samples,)
            at = ((heard + np.arange(len(pcm))) * fps / audio.rate).astype(int)
            heard += len(pcm)
            while len(squares) <= at[-1]:
                squares.append(0.0)
                counts.append(0)
            for bin_number in np.unique(at):
                here = pcm[at == bin_number]
                squares[bin_number] += float(here @ here)
                counts[bin_number] += len(here)
    return pictures, np.sqrt(np.array(squares) / np.maximum(counts, 1))[:number]


def _labelled(picture: Image, seconds: float) -> Image:
    cell = cv2.resize(picture, (_CELL_PX, _CELL_PX), interpolation=cv2.INTER_AREA)
    cv2.putText(cell, f"{seconds:.2f} s", (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)
    return np.asarray(cell, np.uint8)


def _draw_loudness(loudness: npt.NDArray[np.float64], *, width: int, marks: list[int]) -> Image:
    """Draw loudness as bars over the video's length, with a tick where each picture was taken."""
    strip = np.full((_LOUDNESS_PX, width, 3), 255, np.uint8)
    per_frame = width / max(len(loudness), 1)
    loudest = max(float(loudness.max(initial=0)), 1e-9)
    for frame, value in enumerate(loudness):
        left, right = int(frame * per_frame), max(int((frame + 1) * per_frame) - 1, int(frame * per_frame))
        top = _LOUDNESS_PX - 1 - int(value / loudest * (_LOUDNESS_PX - 12))
        cv2.rectangle(strip, (left, top), (right, _LOUDNESS_PX - 1), _SOUND, cv2.FILLED)
    for frame in marks:
        at = int((frame + 0.5) * per_frame)
        cv2.line(strip, (at, 0), (at, 8), _INK, 1)
    return strip
