"""Keeps little of the memory that was needed for a moment only, where the C library can do so."""

import ctypes
import gc

_M_ARENA_MAX = -8  # of glibc's malloc.h
_ARENAS = 2


def share_arenas() -> None:
    """Have all threads take memory from two heaps of glibc's, in place of up to eight for each core.

    Every heap keeps what its threads once needed at the same time: some 45 MB with the threads of networks, voices,
    films and codecs. Call it before there are any. Smaller blocks mapped on their own would keep still less, but
    each picture of a video would be mapped anew, on large canvases for a fifth more of processor time.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust:
        adjust(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return what is free.

    To load a network takes a hundred megabytes that nobody needs afterwards and that glibc keeps. Other C libraries
    return them by themselves, and have no such call.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
