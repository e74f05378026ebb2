"""What can go wrong in the worker.

WorkerError
├── Unrenderable
│   ├── MalformedRequest
│   ├── UnknownAvatar
│   ├── UnknownEmotion
│   ├── NoSpeech
│   ├── NoFilm
│   ├── BadPack
│   ├── BadBackground
│   └── CannotBeDrawn
├── Busy
├── CannotDraw
├── NoTemplate
├── StudioBusy
├── DrawingFailed
├── CallerGone
├── BackgroundMissing
├── NetworkStopped
├── BadAssets
├── ProviderUnavailable
└── Unimportable
    ├── UnusableFootage
    ├── BadAvatarName
    └── AvatarExists

`Unrenderable` is the caller's to mend: asked again, the same request fails again. `BadAssets` and
`ProviderUnavailable` end the program at its start. `Unimportable` is for the operator who adds an avatar. Speech
has a tree of its own (`worker.speech`).
"""

from collections.abc import Iterable


class WorkerError(Exception):
    """The worker could not do what it was asked for."""


class Unrenderable(WorkerError):
    """A request that can never become a video."""


class MalformedRequest(Unrenderable):
    """The body is not a render record followed by PCM, or its fields contradict each other."""


class UnknownAvatar(Unrenderable):
    """There is no pack for this avatar."""

    def __init__(self, avatar: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no avatar {avatar!r}. Choose one of: {', '.join(sorted(known))}.")
        self.avatar = avatar


class UnknownEmotion(Unrenderable):
    """The avatar has no footage for this emotion."""

    def __init__(self, avatar: str, emotion: str, known: Iterable[str]) -> None:
        super().__init__(
            f"The avatar {avatar!r} has no emotion {emotion!r}. Choose one of: {', '.join(sorted(known))}."
        )
        self.avatar = avatar
        self.emotion = emotion


class NoSpeech(Unrenderable):
    """The request has neither text nor samples."""

    def __init__(self) -> None:
        super().__init__("There is nothing to speak. Send a text, or PCM samples after the record.")


class NoFilm(Unrenderable):
    """What was sent is no film that can be read."""

    def __init__(self) -> None:
        super().__init__("This film cannot be read. Send an MP4 from its first byte on.")


class BadPack(Unrenderable):
    """What was lent is no avatar that can be shown here."""


class BadBackground(Unrenderable):
    """What was lent is no picture and no film that can be shown behind a person; says why."""


class BackgroundMissing(WorkerError):
    """A stage names a background that is not here, or not any more: whoever lends it can ask again."""

    def __init__(self) -> None:
        super().__init__("The background was not lent to this worker.")


class CannotBeDrawn(Unrenderable):
    """A prompt, a recipe, a picture or a film that never becomes a portrait or an avatar; says why."""


class CannotDraw(WorkerError):
    """This worker lacks what drawing needs; says what to install."""


class NoTemplate(WorkerError):
    """Nothing here speaks like a recording, or not in this language; says what to set."""


class StudioBusy(WorkerError):
    """As much is drawn and waits as this worker allows."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"This worker draws as much as it can. Ask again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class DrawingFailed(WorkerError):
    """The process that draws broke off or took too long."""


class Busy(WorkerError):
    """As many renders run and wait as this worker allows."""

    def __init__(self, renders: int, waiting: int, retry_after_s: int) -> None:
        super().__init__(
            f"This worker renders {renders} videos, and {waiting} wait. Ask again in {retry_after_s} s."
        )
        self.renders = renders
        self.waiting = waiting
        self.retry_after_s = retry_after_s


class CallerGone(WorkerError):
    """The caller went away while its render waited."""

    def __init__(self) -> None:
        super().__init__("The connection was closed while the render waited.")


class NetworkStopped(WorkerError):
    """What serves the network has ended: this worker draws nothing until it is started again."""

    def __init__(self, message: str = "The network has stopped.") -> None:
        super().__init__(message)


class BadAssets(WorkerError):
    """A weights file or an avatar pack is missing or not what its description says."""


class ProviderUnavailable(WorkerError):
    """The installed ONNX Runtime cannot run on the wanted device."""

    def __init__(self, provider: str, available: Iterable[str]) -> None:
        super().__init__(f"ONNX Runtime has no {provider!r} here, only {', '.join(available)}.")
        self.provider = provider


class Unimportable(WorkerError):
    """What was given cannot become an avatar."""


class UnusableFootage(Unimportable):
    """The film cannot be read, or does not show what an avatar needs."""


class BadAvatarName(Unimportable):
    """The name of an avatar or emotion could not be that of a file everywhere."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no name: use up to 40 of a-z, 0-9 and _, and begin with a letter.")
        self.name = name


class AvatarExists(Unimportable):
    """The avatar already has these emotions."""

    def __init__(self, avatar: str, emotions: Iterable[str]) -> None:
        super().__init__(f"{avatar!r} already is {', '.join(emotions)}. Replace that with --force.")
        self.avatar = avatar
