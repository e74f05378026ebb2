"""What a client has said and what becomes of it: utterances in their order, each with one end. Knows no pictures."""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping

from worker.live.errors import BadMessage
from worker.live.records import Finished, Outcome
from worker.live.utterance import Recording, Text, Utterance

_MOST_WAITING = 64  # utterances
_REMEMBERED = 1_024  # ids of utterances that are over, of which late pieces may come
_FILES = {b"ID3": "MP3", b"fLaC": "FLAC"}  # that are not read as they come


class Script:
    """A class because what a piece means depends on those before it.

    An utterance ends with its `done`, or where the next one begins: clients lose their last message at times. A piece
    of one that is over says nothing.

    Args:
        text: begins a text.
        recording: begins a recording.
        max_characters: of one text.
        max_bytes: of recordings that wait to be shown.
        tell: takes the end of each utterance.
    """

    def __init__(
        self,
        *,
        text: Callable[[str], Text],
        recording: Callable[[str], Recording],
        max_characters: int,
        max_bytes: int,
        tell: Callable[[Finished], None],
    ) -> None:
        self._text = text
        self._recording = recording
        self._max_characters = max_characters
        self._max_bytes = max_bytes
        self._tell = tell
        self._present: OrderedDict[str, Utterance] = OrderedDict()  # all that have no end yet
        self._unread: deque[Utterance] = deque()  # those that nobody began to speak
        self._open: str | None = None
        self._past: OrderedDict[str, None] = OrderedDict()
        self.finished = False

    @property
    def empty(self) -> bool:
        """Whether every utterance has its end."""
        return not self._present

    @property
    def first(self) -> str | None:
        """The earliest utterance that has no end yet."""
        return next(iter(self._present), None)

    @property
    def count(self) -> int:
        """How many utterances have no end yet."""
        return len(self._present)

    def say(self, utterance: str, text: str) -> str | None:
        """Take a piece of text.

        Returns:
            Why the utterance cannot be, if that is so; it still wants an end then.

        Raises:
            BadMessage: nothing more was to come.
        """
        present = self._piece_of(utterance, self._text)
        if present is None:
            return None
        if not isinstance(present, Text):
            return "It is a recording already. Give a text an id of its own."
        if present.characters + len(text) > self._max_characters:
            return f"More than {self._max_characters} characters. Send less at a time."
        present.append(text)
        return self._too_many()

    def hear(self, utterance: str, pcm: bytes) -> str | None:
        """Take a piece of a recording; see `say`."""
        present = self._piece_of(utterance, self._recording)
        if present is None:
            return None
        if not isinstance(present, Recording):
            return "It is a text already. Give a recording an id of its own."
        file = next((name for start, name in _FILES.items() if pcm.startswith(start)), None)
        if file and present.empty:
            return f"This is {file}. Send plain samples, s16le mono, or WAV, WebM, Ogg, fragmented MP4."
        recordings = [each for each in self._present.values() if isinstance(each, Recording)]
        if sum(each.bytes_waiting for each in recordings) + len(pcm) > self._max_bytes:
            return f"More than {self._max_bytes} bytes wait. Send them later."
        present.append(pcm)
        return self._too_many()

    def done(self, utterance: str) -> None:
        """Take note that an utterance is whole; of one that is over it says nothing."""
        if utterance in self._present:
            self._present[utterance].done()
        if self._open == utterance:
            self._open = None

    def finish(self) -> None:
        """Take note that nothing more comes."""
        self.finished = True
        if self._open:
            self.done(self._open)

    def next(self) -> Utterance | None:
        """Return the next utterance to speak."""
        return self._unread.popleft() if self._unread else None

    def end(self, utterance: str, outcome: Outcome, *, samples: int = 0, detail: str | None = None) -> None:
        """Give an utterance its end, unless it has one."""
        present = self._present.pop(utterance, None)
        if present is None:
            return
        present.done()  # whoever waits for more of it shall not
        if present in self._unread:
            self._unread.remove(present)
        self._open = None if self._open == utterance else self._open
        self._past[utterance] = None
        if len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)
        self._tell(Finished(id=utterance, outcome=outcome, samples=samples, detail=detail))

    def interrupt(self, shown: Mapping[str, int]) -> None:
        """Interrupt all that have no end; the samples that were shown of them are given."""
        for utterance in list(self._present):
            self.end(utterance, "interrupted", samples=shown.get(utterance, 0))

    def _piece_of(self, utterance: str, begin: Callable[[str], Utterance]) -> Utterance | None:
        if utterance in self._past:
            return None
        if self.finished:
            raise BadMessage("Something was said after finish.")
        if utterance in self._present:
            return self._present[utterance] if utterance == self._open else None
        if self._open:
            self.done(self._open)
        self._present[utterance] = begun = begin(utterance)
        self._unread.append(begun)
        self._open = utterance
        return begun

    def _too_many(self) -> str | None:
        return f"{_MOST_WAITING} utterances wait already." if self.count > _MOST_WAITING else None
