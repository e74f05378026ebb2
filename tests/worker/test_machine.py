"""What a machine has, and whether natural voices keep up on it."""

import os

import pytest

from worker.machine import cores, memory_bytes
from worker.speech.kokoro import keeps_up

GB = 1_000_000_000


@pytest.mark.parametrize(("said", "found"), [("150000 100000", 1.5), ("50000 100000", 0.5)])
def test_a_container_has_the_cores_that_it_was_given(tmp_path, said, found):
    (tmp_path / "cpu.max").write_text(f"{said}\n")

    assert cores(tmp_path) == min(found, len(os.sched_getaffinity(0)))


def test_without_a_limit_all_of_the_machine_is_there(tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")

    assert cores(tmp_path) == cores(tmp_path / "none") == len(os.sched_getaffinity(0))
    assert memory_bytes(tmp_path) == memory_bytes(tmp_path / "none") > GB


def test_a_container_has_the_memory_that_it_was_given(tmp_path):
    (tmp_path / "memory.max").write_text("300000000\n")

    assert memory_bytes(tmp_path) == 300_000_000


@pytest.mark.parametrize(
    ("has_cores", "memory", "bfloat16", "natural"),
    [
        (4, 8 * GB, False, True),
        (2, 8 * GB, True, True),
        (2, 8 * GB, False, False),
        (1.5, 8 * GB, True, False),
        (16, 2 * GB, True, False),
    ],
)
def test_natural_voices_speak_where_they_keep_up(has_cores, memory, bfloat16, natural):
    assert keeps_up(has_cores, memory, bfloat16=bfloat16) is natural
