"""What a command's exit status says, and what it prints where it fails. `docs/command-line.md` lists them."""

import json
from enum import IntEnum
from typing import Any, NoReturn

import click

from satspeak.client import (
    ContentRefused,
    InsufficientCredits,
    InvoiceNotPaid,
    PaymentGivenBack,
    SatspeakError,
    ServiceFailed,
    ServiceRefused,
    StreamBroken,
    TryLater,
    Unreachable,
)
from satspeak.payers import (
    BillRefused,
    NotPaid,
    OutcomeUnknown,
    PaymentError,
    TooExpensive,
    WalletUnusable,
)


class Exit(IntEnum):
    """What a script goes by."""

    DONE = 0
    FAILED = 1  # a fault of the service, or of this program
    USAGE = 2  # click's own
    UNREACHABLE = 3  # the service, or later: the same command may work
    REFUSED = 4  # the service refuses this request
    NOT_PAID = 5  # nothing was paid
    TOO_EXPENSIVE = 6  # nothing was paid: the invoice asks for more than the bound
    OUTCOME_UNKNOWN = 7  # it may have been paid: do not buy the same again, resume
    VIDEO_FAILED = 8  # it was paid and cannot be made: ask for the money
    INTERRUPTED = 130  # by Ctrl-C; the order is kept


_BY_ERROR: tuple[tuple[type[Exception], Exit], ...] = (
    # The narrower first.
    (TooExpensive, Exit.TOO_EXPENSIVE),
    (OutcomeUnknown, Exit.OUTCOME_UNKNOWN),
    (NotPaid, Exit.NOT_PAID),
    (WalletUnusable, Exit.NOT_PAID),
    (BillRefused, Exit.NOT_PAID),
    (InvoiceNotPaid, Exit.NOT_PAID),
    (PaymentGivenBack, Exit.NOT_PAID),
    (InsufficientCredits, Exit.NOT_PAID),
    (ContentRefused, Exit.REFUSED),
    (TryLater, Exit.UNREACHABLE),
    (ServiceFailed, Exit.FAILED),
    (ServiceRefused, Exit.REFUSED),
    (StreamBroken, Exit.UNREACHABLE),
    (Unreachable, Exit.UNREACHABLE),
)

KNOWN = (SatspeakError, PaymentError)
"""What is told in a sentence; the rest is a fault of ours, and shows where."""


class CommandFailed(Exception):
    """A command cannot do what it was asked; the message is for people."""

    def __init__(self, exit_status: Exit, message: str) -> None:
        super().__init__(message)
        self.exit_status = exit_status


def status_of(error: Exception) -> Exit:
    """Find the exit status of an error."""
    if isinstance(error, CommandFailed):
        return error.exit_status
    return next((status for kind, status in _BY_ERROR if isinstance(error, kind)), Exit.FAILED)


def fail(error: Exception, *, as_json: bool) -> NoReturn:
    """Tell an error, and end with its status."""
    status = status_of(error)
    message = error.detail if isinstance(error, ServiceRefused) else str(error)
    if isinstance(error, InsufficientCredits):
        message = f"{error.missing_s} s are missing: satspeak top-up {error.missing_s} buys them."
    if as_json:
        told: dict[str, Any] = {"event": "failed", "exit": int(status), "message": message}
        if isinstance(error, ServiceRefused):
            told |= {"type": error.problem.type, "retry_after": error.retry_after_s}
        if isinstance(error, InsufficientCredits):
            told["missing_s"] = error.missing_s
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        later = (
            f" Try again in {error.retry_after_s} s."
            if isinstance(error, TryLater) and error.retry_after_s
            else ""
        )
        click.secho(f"{message}{later}", fg="red", err=True)
    raise SystemExit(status)
