"""What can go wrong with a network.

RegtestError
├── BuildFailed          the nodes could not be built
├── ProgramExited        a program ended although it was needed
├── NotReady             something awaited did not come in time
├── ChainError           the chain's node refused a command or could not be reached
├── NodeError            an LND refused a command or could not be reached
│   └── PaymentFailed    a payment did not succeed
├── NetworkNotRunning    no network runs in that folder
├── NetworkRunning       one already does
└── NotOurs              a program of a network that another process runs
"""

from pathlib import Path


class RegtestError(Exception):
    """Base of everything that this package raises on purpose."""


class BuildFailed(RegtestError):
    """Go could not build one of the nodes."""

    def __init__(self, target: str, reason: str, *, output: str = "") -> None:
        self.target = target
        self.reason = reason
        self.output = output
        super().__init__(f"could not build {target}: {reason}" + (f"\n{output}" if output else ""))


class ProgramExited(RegtestError):
    """A program ended although it was needed."""

    def __init__(self, program: str, returncode: int, log: Path, tail: str) -> None:
        self.program = program
        self.returncode = returncode
        self.log = log
        self.tail = tail
        super().__init__(f"{program} exited with {returncode}; the end of {log}:\n{tail}")


class NotReady(RegtestError):
    """Something awaited did not come in time."""

    def __init__(self, awaited: str, timeout_s: float, tail: str = "") -> None:
        self.awaited = awaited
        self.timeout_s = timeout_s
        self.tail = tail
        super().__init__(f"{awaited}: not within {timeout_s:g} s" + (f"\n{tail}" if tail else ""))


class ChainError(RegtestError):
    """The chain's node refused a command or could not be reached."""

    def __init__(self, method: str, detail: str) -> None:
        self.method = method
        self.detail = detail
        super().__init__(f"{method}: {detail}")


class NodeError(RegtestError):
    """An LND refused a command or could not be reached."""

    def __init__(self, node: str, detail: str) -> None:
        self.node = node
        self.detail = detail
        super().__init__(f"{node}: {detail}")


class PaymentFailed(NodeError):
    """A payment did not succeed; `reason` is LND's failure reason, or `refused` where it was not even tried."""

    def __init__(self, node: str, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(node, f"payment failed: {reason}" + (f" ({detail})" if detail else ""))


class NetworkNotRunning(RegtestError):
    """No network runs in that folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"no network runs in {folder}: start one with `python -m regtest up`")


class NetworkRunning(RegtestError):
    """A network already runs in that folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"a network already runs in {folder}: `python -m regtest down` ends it")


class NotOurs(RegtestError):
    """The program belongs to a network that another process runs, so it cannot be started or stopped from here."""

    def __init__(self, program: str) -> None:
        self.program = program
        super().__init__(f"{program} was started by another process")
