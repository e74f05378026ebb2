"""What clients say that name no utterances: each text is one, and so are the pieces of a recording."""

import itertools

from service.sessions.playing import LiveSession


class Texts:
    """Texts, each an utterance of its own."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session
        self._numbers = itertools.count(1)

    async def add(self, text: str) -> None:
        """Say one."""
        utterance = str(next(self._numbers))
        await self._session.say(utterance, text)
        await self._session.done(utterance)


class Recordings:
    """Pieces of a recording, which are one utterance until it is over: plain samples go on as another then.

    What comes of a file after that says nothing: its beginning is gone, without which the rest cannot be read.
    """

    def __init__(self, session: LiveSession) -> None:
        self._session = session
        self._numbers = itertools.count(1)
        self._utterance: str | None = None
        self._file: bool | None = None  # None: nothing has come

    async def add(self, data: bytes) -> None:
        """Play a piece."""
        if self._file is None:
            self._file = is_file(data)
        if self._utterance is None or not self._session.hears(self._utterance):
            if self._file and self._utterance is not None:
                return
            self._utterance = str(next(self._numbers))
        await self._session.hear(self._utterance, data)


def is_file(data: bytes) -> bool:
    """Tell a file by how it begins: WAV, WebM, Ogg and MP4; anything else is plain samples."""
    return data.startswith((b"RIFF", b"\x1aE\xdf\xa3", b"OggS")) or data[4:8] == b"ftyp"
