"""What commands say that run in the process of a test; of one that fails the test tells all that it said."""

import json
from typing import Any

from click.testing import Result


def told(done: Result) -> str:
    """Return what a command that went well printed for whoever asked."""
    if done.exit_code != 0:
        raise AssertionError(
            f"exit status {done.exit_code}, {done.exception!r}\n"
            f"standard error: {done.stderr or 'nothing'}\nstandard output: {done.stdout or 'nothing'}"
        ) from done.exception
    return done.stdout


def answer(done: Result) -> Any:
    """Read what a command answers to programs, by `--json`."""
    printed = told(done)
    try:
        return json.loads(printed)
    except ValueError as error:
        raise AssertionError(f"no JSON: {printed!r}; standard error: {done.stderr or 'nothing'}") from error
