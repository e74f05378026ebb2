"""Makes another kind of file of a whole video: QuickTime, WebM or AVI. Knows no avatar and no HTTP."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags

from worker.encode import FPS
from worker.errors import NoFilm

FORMATS = {"mov": "video/quicktime", "webm": "video/webm", "avi": "video/x-msvideo"}
"""What there is, and what it is called."""

_TOLD = "comment", "description"  # that it was generated
_OPUS_RATE = 48_000
_WEBM = {
    "deadline": "realtime",
    "cpu-used": "8",
    "crf": "33",
}  # as good as the MP4 to the eye, at twice its time
_BITS_PER_PIXEL = 0.16  # of MPEG-4 Part 2, which wants twice as much as H.264


def finish(source: Path, kind: str, target: Path) -> None:
    """Write a video as another kind of file.

    Args:
        source: the MP4.
        kind: one of `FORMATS`.
        target: where it goes.

    Raises:
        NoFilm: there is no video with sound in it.
    """
    try:
        with (
            av.open(source) as film,
            av.open(target, "w", format=kind, options=_options(kind)) as made,
        ):
            if not film.streams.video or not film.streams.audio:
                raise NoFilm
            made.metadata.update({name: film.metadata[name] for name in _TOLD if name in film.metadata})
            if kind == "mov":
                _copy(film, made)
            else:
                _code_anew(film, made, webm=kind == "webm")
    except av.FFmpegError as exc:
        raise NoFilm from exc


def _options(kind: str) -> dict[str, str]:
    return {"movflags": "faststart"} if kind == "mov" else {}


def _copy(film: av.container.InputContainer, made: av.container.OutputContainer) -> None:
    """Put the packets into another container as they are."""
    kept: dict[int, Any] = {
        stream.index: made.add_stream_from_template(stream)
        for stream in (film.streams.video[0], film.streams.audio[0])
    }
    for packet in film.demux(film.streams.video[0], film.streams.audio[0]):
        if packet.dts is None:  # the end of a stream
            continue
        packet.stream = kept[packet.stream.index]
        made.mux(packet)


def _code_anew(film: av.container.InputContainer, made: av.container.OutputContainer, *, webm: bool) -> None:
    """Decode pictures and sound, and encode them as the container wants it."""
    shown, heard = film.streams.video[0], film.streams.audio[0]
    shown.thread_count = 1
    video = made.add_stream("libvpx-vp9" if webm else "mpeg4", rate=FPS, options=_WEBM if webm else {})
    video.width, video.height, video.pix_fmt = shown.width, shown.height, "yuv420p"
    video.bit_rate = 0 if webm else round(_BITS_PER_PIXEL * FPS * shown.width * shown.height)
    codec = video.codec_context
    codec.thread_count = 1
    codec.time_base = Fraction(1, FPS)
    for name in ("colorspace", "color_primaries", "color_trc", "color_range"):
        setattr(codec, name, getattr(shown.codec_context, name))
    rate = _OPUS_RATE if webm else heard.rate
    audio = made.add_stream("libopus" if webm else "libmp3lame", rate=rate, layout="mono")
    if made.format.name in ("mov", "mp4", "webm"):
        codec.flags |= Flags.global_header
    resampler = av.AudioResampler(
        format=audio.codec_context.format, layout="mono", rate=rate, frame_size=audio.codec_context.frame_size
    )
    pictures = 0
    for packet in film.demux(shown, heard):
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame):
                frame.pts, frame.time_base = pictures, Fraction(1, FPS)
                frame.pict_type = 0
                pictures += 1
                made.mux(video.encode(frame))
            elif isinstance(frame, av.AudioFrame):
                for sound in resampler.resample(frame):
                    made.mux(audio.encode(sound))
    for sound in resampler.resample(None):
        made.mux(audio.encode(sound))
    made.mux(video.encode(None))
    made.mux(audio.encode(None))
