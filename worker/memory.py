"""Gives memory that was needed for a moment back to the system, where the C library can."""

import ctypes
import gc


def give_back() -> None:
    """Return what is free.

    To load a network takes a hundred megabytes that nobody needs afterwards and that glibc keeps. Other C libraries
    return them by themselves, and have no such call.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
