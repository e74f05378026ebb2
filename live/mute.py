"""Says which frames are not to be heard, because somebody interrupted what was said."""


class Mute:
    """A class because interruptions and what is shown are told in different orders.

    What is cut fades for a moment after the frame that a worker names, so silence goes on up to the next utterance.
    """

    def __init__(self) -> None:
        self._silences = 0  # that no clear has followed yet
        self._until: float = 0  # a frame

    def __call__(self, frame: int) -> bool:
        """Tell whether nothing is heard of a frame, counted over all sessions."""
        return frame < self._until

    def silence(self) -> None:
        """Let nothing more be heard of what was said so far; a clear follows."""
        self._silences += 1
        self._until = float("inf")

    def cleared(self) -> None:
        """Take note that a worker has dropped what was said before a silence."""
        self._silences = max(0, self._silences - 1)

    def begin(self) -> None:
        """Take note that another session goes on, in which nothing of the one before is said."""
        self._silences = 0

    def speak(self, frame: int) -> None:
        """Take note that from a frame on an utterance is shown."""
        if not self._silences:
            self._until = min(self._until, frame)
