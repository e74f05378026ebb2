"""Memory that nobody needs any more, in processes of their own: what malloc once did in one is never undone."""

import ctypes
import subprocess
import sys

import pytest

THREADS = """
import ctypes, threading
from worker.memory import share_arenas
share_arenas()
together = threading.Barrier(12)
def take():
    together.wait()
    taken = [bytearray(60_000) for _ in range(50)]
    together.wait()
threads = [threading.Thread(target=take) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""
PROMPT = """
from faces import geometry
from worker.drawing import imagine
imagine("a woman with a square jaw")
print(geometry._data.cache_info().currsize)
"""


def output(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="not glibc")
def test_all_threads_of_a_worker_take_memory_from_two_heaps():
    assert output(THREADS).count("<heap nr=") <= 2


def test_who_only_reads_prompts_keeps_no_heads_in_memory():
    assert output(PROMPT) == "0\n"
