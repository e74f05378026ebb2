"""When Python looks for objects that hold each other, which costs as much as there are objects."""

import gc

COLLECT_AFTER = 10_000
"""Objects made and not yet gone until those are looked for that hold each other. A request makes and drops hundreds, so
at Python's 700 that is done for every few requests."""


def collect_seldom() -> None:
    """Look for them less often.

    A program does so before it imports what it is made of, which stays: else a sixth of importing is looking.
    """
    gc.set_threshold(COLLECT_AFTER)


def keep_what_is_there() -> None:
    """Look through what is there once, and no more: it stays, and to look through it again would be in vain."""
    gc.collect()
    gc.freeze()
