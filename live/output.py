"""What every output does with what it is told: it takes segments apart and plays them."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from live.errors import BadRecord
from live.mute import Mute
from live.player import Player
from live.records import Cleared, Event, Finished, Init, Leave, Message, Pull, Segment

Shot = TypeVar("Shot")


class Cutter(Protocol[Shot]):
    """Takes the segments of one session apart."""

    def cut(self, segment: Segment) -> list[Shot]:
        """Return the shots of a segment; raises `BadMedia`."""
        ...


class Stage(Protocol[Shot]):
    """Where a session is shown.

    Attributes:
        mute: what of it is not to be heard.
    """

    mute: Mute

    def begin(self, header: bytes, first_frame: int) -> Cutter[Shot]:
        """Take the header of a session, which goes on at this frame of all."""
        ...

    async def sound(self, shot: Shot, due: float) -> None:
        """Take the sound of a shot."""
        ...

    async def picture(self, shot: Shot, due: float, utterance: str | None) -> None:
        """Show a picture."""
        ...

    def finished(self, end: Finished) -> None:
        """Take note that the last of an utterance was shown."""
        ...


class Output(Generic[Shot]):
    """A class because segments mean what the header before them says.

    Args:
        stage: where it is shown.
        tell: takes what is told.
    """

    def __init__(self, stage: Stage[Shot], tell: Callable[[Event], None]) -> None:
        self._stage = stage
        self._cutter: Cutter[Shot] | None = None
        self._loaded = 0  # frames
        self._player = Player(
            sound=stage.sound,
            picture=stage.picture,
            finished=stage.finished,
            pull=lambda segments: tell(Pull(segments=segments)),
        )

    async def play(self) -> None:
        """Show all, until the end."""
        await self._player.play()

    def take(self, message: Message) -> None:
        """Take what is told.

        Raises:
            BadMedia: It cannot be shown.
            BadRecord: It does not fit.
        """
        match message:
            case Init():
                self._stage.mute.begin()
                self._cutter = self._stage.begin(message.data, self._loaded)
                self._player.restart()
            case Segment() if self._cutter is not None:
                shots = self._cutter.cut(message)
                if message.utterance is not None:
                    self._stage.mute.speak(self._loaded)
                self._loaded += len(shots)
                self._player.load(shots, message.utterance)
            case Finished():
                self._player.mark(message)
            case Cleared():
                self._stage.mute.cleared()
            case Leave():
                self._player.end()
            case _:
                raise BadRecord(f"{type(message).__name__} does not fit here")
