"""Finished files as players read them: libavformat, MediaInfo, mutagen, OpenCV, and Chromium as a file and as a stream.

Needs the `bench` group (`uv sync --group bench`) and a Chromium that plays H.264, as Debian's does. A reader that is
not installed is left out, and named in `missing`.
"""

import asyncio
import base64
import importlib.util
import io
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import av.logging
import click
import cv2
import msgspec
import numpy as np

from service.jobs.port import SegmentPart
from service.rendering.container import whole_start, with_room
from worker.encode import FPS, Encoder, header, samples_per_frame

FILMS = ((1, 24_000), (3, 16_000), (29, 24_000), (161, 24_000), (161, 16_000), (750, 24_000), (2_503, 16_000))
"""Frames and sample rates."""

DARKEST, STEPS = 40, 160
"""Every picture is one grey, a step brighter than the one before, so that it tells which one it is."""

SPAN = 219 / 255  # of limited range, in which a film is coded

_PLAY = """async ([data, codecs]) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const video = document.createElement('video');
  video.muted = true;
  const happens = (target, name) => new Promise((done, fail) => {
    target.addEventListener(name, done, {once: true});
    video.addEventListener('error', () => fail(new Error(video.error.message)), {once: true});
  });
  if (codecs) {
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await happens(source, 'sourceopen');
    const buffer = source.addSourceBuffer(`video/mp4; codecs="${codecs}"`);
    buffer.appendBuffer(bytes);
    await happens(buffer, 'updateend');
    window.told = source.duration;  // as it stands in the file, not what was buffered
    source.endOfStream();
  } else {
    video.src = URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'}));
    await happens(video, 'loadeddata');
  }
  window.video = video;
  return codecs ? window.told : video.duration;
}"""

_SEEK = """async second => {
  const video = window.video;
  const seeked = new Promise(done => video.addEventListener('seeked', done, {once: true}));
  video.currentTime = second;
  await seeked;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 16;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 16, 16);
  return context.getImageData(8, 8, 1, 1).data[1];
}"""


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """A finished file."""

    frames: int
    path: Path

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / FPS

    def looks(self) -> Iterator[tuple[int, int]]:
        """Yield frames to seek, to and fro, and the grey (RGB) of each."""
        shares = (0.7, 0.1, 0.95, 0.4, 0.0)
        for frame in dict.fromkeys(int(share * (self.frames - 1)) for share in shares):
            yield frame, round((DARKEST + frame % STEPS - 16) / SPAN)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader makes of a film."""

    length_ms: float
    wrong_seeks: int = 0
    warnings: int = 0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Over all films and readers.

    Attributes:
        length_error_ms_max: By which a reader's length is wrong, at most.
        length_error_ms: The same by reader.
        wrong_seeks: Seeks that did not show the frame that was asked for.
        warnings: Lines that a reader complained in.
        missing: Readers that are not installed.
    """

    length_error_ms_max: float
    length_error_ms: dict[str, float]
    wrong_seeks: int
    warnings: int
    missing: list[str]


def make(folder: Path, frames: int, sample_rate: int) -> Film:
    """Make a finished file as the worker and the service do."""
    encoder = Encoder(sample_rate=sample_rate)
    samples = np.arange(frames * samples_per_frame(sample_rate))
    encoder.hear((8_000 * np.sin(samples * 2 * np.pi * 300 / sample_rate)).astype(np.int16))
    encoder.end_of_speech()
    made = []
    for frame in range(frames):
        picture = np.full((768, 512), 128, np.uint8)
        picture[:512] = DARKEST + frame % STEPS
        made.append(encoder.show(picture))
    segments = [segment for segment in [*made, encoder.finish()] if segment]
    start = with_room(header(sample_rate), frames)
    parts = []
    offset = len(start)
    for segment in segments:
        size = len(segment.data)
        parts.append(
            SegmentPart(
                first_frame=segment.first_frame, frames=segment.frames, offset=offset, size=size, object=""
            )
        )
        offset += size
    path = folder / f"{frames}-{sample_rate}.mp4"
    path.write_bytes(whole_start(start, parts) + b"".join(segment.data for segment in segments))
    return Film(frames=frames, path=path)


def libavformat(film: Film) -> Finding:
    """Read it as FFmpeg does."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger("libav").addHandler(handler)
    av.logging.set_level(av.logging.WARNING)
    wrong = 0
    with av.open(film.path, "r") as container:
        video = container.streams.video[0]
        assert container.duration
        length_ms = max(
            (container.duration + (container.start_time or 0)) / 1000,
            *(
                float(((stream.duration or 0) + (stream.start_time or 0)) * (stream.time_base or 0)) * 1000
                for stream in (video, container.streams.audio[0])
            ),
        )
        for frame, grey in film.looks():
            container.seek(frame * 1_000_000 // FPS, backward=True)
            shown = next((each for each in container.decode(video) if round(each.time * FPS) == frame), None)
            wrong += shown is None or abs(shown.to_ndarray(format="rgb24").mean() - grey) > 2  # noqa: PLR2004 - grey levels
    logging.getLogger("libav").removeHandler(handler)
    return Finding(length_ms=length_ms, wrong_seeks=int(wrong), warnings=len(heard.getvalue().splitlines()))


def opencv(film: Film) -> Finding:
    """Read it as OpenCV does."""
    capture = cv2.VideoCapture(str(film.path))
    length_ms = capture.get(cv2.CAP_PROP_FRAME_COUNT) / capture.get(cv2.CAP_PROP_FPS) * 1000
    wrong = 0
    for frame, grey in film.looks():
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        found, picture = capture.read()
        wrong += not found or abs(float(np.mean(picture)) - grey) > 2  # noqa: PLR2004 - grey levels
    capture.release()
    return Finding(length_ms=length_ms, wrong_seeks=int(wrong))


def mutagen(film: Film) -> Finding:
    """Read it as taggers do."""
    length_s: float = importlib.import_module("mutagen.mp4").MP4(film.path).info.length
    return Finding(length_ms=length_s * 1000)


def media_info(film: Film) -> Finding:
    """Read it as MediaInfo does."""
    tracks = importlib.import_module("pymediainfo").MediaInfo.parse(film.path).tracks
    lengths = [float(track.duration) for track in tracks if track.duration]
    wrong = sum(1 for track in tracks if track.conformance_errors)
    return Finding(
        length_ms=max(lengths, key=lambda length: abs(length - film.seconds * 1000)), warnings=wrong
    )


async def in_chromium(films: list[Film], browser: str) -> dict[str, list[Finding]]:
    """Play each as a file and by MediaSource."""
    playwright = importlib.import_module("playwright.async_api")
    found: dict[str, list[Finding]] = {"chromium <video>": [], "chromium MediaSource": []}
    async with playwright.async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for film in films:
            content = film.path.read_bytes()
            profile = content[content.index(b"avcC") + 5 :][:3].hex()
            for reader, codecs in zip(found, (None, f"avc1.{profile},mp4a.40.2"), strict=True):
                page = await chromium.new_page()
                told: list[Any] = []
                page.on("console", lambda message, told=told: told.append(message))
                data = base64.b64encode(content).decode()
                length_s = await page.evaluate(_PLAY, [data, codecs])
                wrong = 0
                for frame, grey in film.looks():
                    shown = await page.evaluate(_SEEK, (frame + 0.5) / FPS)
                    wrong += abs(shown - grey) > 3  # noqa: PLR2004 - grey levels
                found[reader].append(
                    Finding(length_ms=length_s * 1000, wrong_seeks=wrong, warnings=len(told))
                )
                await page.close()
        await chromium.close()
    return found


READERS: dict[str, Callable[[Film], Finding]] = {
    "libavformat": libavformat,
    "opencv": opencv,
    "mutagen": mutagen,
    "mediainfo": media_info,
}


def measure(browser: str | None) -> Figures:
    """Make the films and have every reader read each."""
    missing: list[str] = []
    with tempfile.TemporaryDirectory(prefix="satspeak-files-") as folder:
        films = [make(Path(folder), frames, rate) for frames, rate in FILMS]
        found: dict[str, list[Finding]] = {}
        for name, reader in READERS.items():
            try:
                found[name] = [reader(film) for film in films]
            except ModuleNotFoundError:
                missing.append(name)
        if browser is not None and importlib.util.find_spec("playwright"):
            found |= asyncio.run(in_chromium(films, browser))
        else:
            missing.append("chromium")
    errors = {
        name: max(
            abs(finding.length_ms - film.seconds * 1000)
            for film, finding in zip(films, findings, strict=True)
        )
        for name, findings in found.items()
    }
    return Figures(
        length_error_ms_max=round(max(errors.values()), 3),
        length_error_ms={name: round(error, 3) for name, error in errors.items()},
        wrong_seeks=sum(finding.wrong_seeks for findings in found.values() for finding in findings),
        warnings=sum(finding.warnings for findings in found.values() for finding in findings),
        missing=missing,
    )


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--browser", default=shutil.which("chromium"), help="A Chromium that plays H.264.")
def main(*, as_json: bool, browser: str | None) -> None:
    """Measure and print."""
    figures = measure(browser)
    for name, error in figures.length_error_ms.items():
        click.echo(f"{name:24} {error:8.3f} ms off at most")
    click.echo(f"wrong seeks {figures.wrong_seeks}, warnings {figures.warnings}, missing {figures.missing}")
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(figures)))


if __name__ == "__main__":
    main()
