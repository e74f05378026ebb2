"""What can go wrong in a live session.

LiveError
├── BadMessage
├── Full
├── Left
└── Silent

Each ends the session. What is wrong with one utterance alone is told in its `Finished`, and the session goes on.
"""

from worker.errors import WorkerError


class LiveError(WorkerError):
    """The session ends here."""


class BadMessage(LiveError):
    """The client sent what is no message, or none that fits."""


class Full(LiveError):
    """As many sessions run as this worker allows."""

    def __init__(self, sessions: int) -> None:
        super().__init__(f"This worker has {sessions} live sessions and takes no more. Ask another.")
        self.sessions = sessions


class Left(LiveError):
    """The client is gone."""


class Silent(LiveError):
    """The client neither took nor asked for anything, or had nothing to say, in too long a time.

    Args:
        what: was not done.
        seconds: for so long.
    """

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"Nothing was {what} for {seconds:g} seconds.")
        self.seconds = seconds
