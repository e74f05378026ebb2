"""Small real files of every kind that a library takes, made by those who make such files for others."""

import functools
import io
from typing import Any

import av
import cv2
import numpy as np

SIDE, FRAMES, RATE = 64, 5, 48_000


@functools.cache
def picture(extension: str) -> bytes:
    """A picture of nothing."""
    pixels = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    return bytes(cv2.imencode(f".{extension}", pixels)[1])


@functools.cache
def film(form: str, codec: str, *, sound: bool = False) -> bytes:
    """A film of nothing."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=25)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        audio = container.add_stream("libopus" if form == "webm" else "aac", rate=RATE) if sound else None
        for n in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.full((SIDE, SIDE, 3), 40 * n, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            for packet in _spoken(audio):
                container.mux(packet)
    return file.getvalue()


@functools.cache
def speech(form: str, codec: str) -> bytes:
    """A tone."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=RATE)
        for packet in _spoken(stream):
            container.mux(packet)
    return file.getvalue()


def _spoken(stream: Any) -> list[Any]:
    packets: list[Any] = []
    size = stream.frame_size or 960
    for n in range(RATE // 4 // size):
        at = np.arange(n * size, (n + 1) * size) / RATE
        wave = (8000 * np.sin(2 * np.pi * 220 * at)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, n * size
        packets += stream.encode(frame)
    return packets + stream.encode(None)


FILES = {
    "png": ("picture", "image/png", lambda: picture("png")),
    "jpg": ("picture", "image/jpeg", lambda: picture("jpg")),
    "webp": ("picture", "image/webp", lambda: picture("webp")),
    "wav": ("speech", "audio/wav", lambda: speech("wav", "pcm_s16le")),
    "mp3": ("speech", "audio/mpeg", lambda: speech("mp3", "libmp3lame")),
    "ogg": ("speech", "audio/ogg", lambda: speech("ogg", "libopus")),
    "m4a": ("speech", "audio/mp4", lambda: speech("ipod", "aac")),
    "webm of sound": ("speech", "audio/webm", lambda: speech("webm", "libopus")),
    "mp4": ("film", "video/mp4", lambda: film("mp4", "libx264", sound=True)),
    "mov": ("film", "video/quicktime", lambda: film("mov", "libx264")),
    "webm": ("film", "video/webm", lambda: film("webm", "libvpx", sound=True)),
}
"""By extension: the kind and the type that a library tells, and what makes one."""
