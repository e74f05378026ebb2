"""Somebody who takes a push, as a program of its own: libavformat waits in it for as long as it likes.

`python -m tests.live.rtmp_listener URL` tells what comes, in JSON, a line each.
"""

import contextlib
import json
import sys
import time
from typing import Any

import av
import numpy as np

LOUD = 0.05
BRIGHT = 150


def tell(**what: Any) -> None:
    print(json.dumps({**what, "at": time.monotonic()}), flush=True)


def main(url: str) -> None:
    pictures = 0
    with contextlib.suppress(av.FFmpegError), av.open(url, "r", options={"listen": "1"}) as movie:
        video, audio = movie.streams.video[0], movie.streams.audio[0]
        tell(
            event="begun",
            codecs=[video.codec_context.name, audio.codec_context.name],
            rate=audio.codec_context.sample_rate,
            profile=video.codec_context.profile,
        )
        was_bright = was_loud = False
        for packet in movie.demux(video, audio):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    pictures += 1
                    is_bright = float(frame.to_ndarray(format="gray")[::17].mean()) > BRIGHT
                    if is_bright and not was_bright:
                        tell(event="flash", time=frame.time, pictures=pictures)
                    was_bright = is_bright
                elif isinstance(frame, av.AudioFrame):
                    loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > LOUD)
                    if len(loud) and not was_loud:
                        tell(event="beep", time=(frame.time or 0) + int(loud[0]) / frame.sample_rate)
                    was_loud = bool(len(loud))
    tell(event="over", pictures=pictures)


if __name__ == "__main__":
    main(sys.argv[1])
