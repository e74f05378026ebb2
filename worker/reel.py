"""Decodes a file of a pack, picture by picture."""

from pathlib import Path

import av

from worker.errors import BadAssets


class Reel:
    """The pictures of a file, from the first to the last.

    Args:
        path: of the film.
        frames: that it should have.

    Raises:
        BadAssets: it cannot be opened or has another number of frames.
    """

    def __init__(self, path: Path, frames: int) -> None:
        self._path = path
        try:
            self._container = av.open(path)
            stream = self._container.streams.video[0]
        except (av.FFmpegError, IndexError) as exc:
            raise BadAssets(f"{path} is no film.") from exc
        if stream.frames != frames:
            raise BadAssets(f"{path} has {stream.frames} frames and not {frames}.")
        stream.thread_count = 1  # those of the encoders and of the network fill the cores
        self.size = stream.width, stream.height
        self._pictures = self._container.decode(stream)
        self._shown = 0

    def next(self) -> av.VideoFrame:
        """Return the next picture as it was coded.

        Raises:
            BadAssets: the film is damaged there.
        """
        try:
            picture = next(self._pictures)
        except (av.FFmpegError, StopIteration) as exc:
            raise BadAssets(f"{self._path} is damaged at frame {self._shown}.") from exc
        self._shown += 1
        return picture

    def close(self) -> None:
        """Free what the decoder holds."""
        self._container.close()
