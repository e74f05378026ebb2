"""Voices of accounts that a service lends, to speak in their videos alone.

What is kept of them is somebody's voice: it goes a day after it was last used, and the service lends it again.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from worker.errors import NoTemplate
from worker.shelf import Shelf
from worker.speech.clones import NAME, VoicePack, read_voice_pack
from worker.speech.errors import BadVoicePack

KEPT_UNUSED_S = 24 * 3600
"""How long a recording is kept that nobody speaks with: its account may have taken it back."""

_LOOK_EVERY_S = 3600.0

log = structlog.get_logger()


class LentVoices:
    """The voices that were lent. Safe to use from several threads.

    Args:
        folder: where they are kept, also over a restart.
        limit_bytes: how much of them.
        speaks: tells whether anything here speaks a voice.
    """

    def __init__(self, folder: Path, *, limit_bytes: int, speaks: Callable[[VoicePack], bool]) -> None:
        self._shelf = Shelf(folder, limit_bytes=limit_bytes, names=NAME)
        self._speaks = speaks

    def find(self, name: str) -> VoicePack | None:
        """Find one that can speak here, and keep it for longer; None where there is none."""
        path = self._shelf.find(name)
        if path is None:
            return None
        try:
            pack = read_voice_pack(path.read_bytes())
        except (OSError, BadVoicePack):  # just going
            return None
        return pack if self._speaks(pack) else None

    def path(self, name: str) -> Path | None:
        """Tell where one is, and keep it for longer; None where it is not here."""
        return self._shelf.find(name)

    def keep(self, name: str, content: bytes) -> None:
        """Take one in.

        Raises:
            BadVoicePack: it is none; says why.
            NoTemplate: nothing here speaks with it.
        """
        if not NAME.fullmatch(name):
            raise BadVoicePack(f"{name[:80]!r} is no name of an account's voice.")
        pack = read_voice_pack(content)
        if not self._speaks(pack):
            raise NoTemplate(
                f"This worker has no template {pack.template[:80]!r} for {pack.language[:10]!r}."
            )
        self._shelf.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._shelf.folder, prefix=".coming-") as file:
            file.write(content)
            file.flush()
            self._shelf.put(name, Path(file.name))
        log.info("voice lent", voice=name, template=pack.template)

    def forget_unused(self) -> None:
        """Forget those that nobody has spoken with for a day."""
        self._shelf.forget(before=time.time() - KEPT_UNUSED_S)

    async def watch(self) -> None:
        """Forget those that nobody speaks with any more, for ever."""
        while True:
            await asyncio.to_thread(self.forget_unused)
            await asyncio.sleep(_LOOK_EVERY_S)
