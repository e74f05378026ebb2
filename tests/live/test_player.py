"""The clock of a live output, and how segments are taken apart."""

import asyncio
import time

import numpy as np
import pytest

from live.errors import BadMedia
from live.film import FRAME_SAMPLES, Packets, Pictures
from live.mute import Mute
from live.player import AHEAD, FRAME_S, Player
from live.records import Finished, Segment
from tests.live.feeding import picture
from worker.live.film import LEAD, SEGMENT_FRAMES, Film, session_header


def segments(count: int) -> list[Segment]:
    film = Film()
    made = []
    for n in range(count):
        frames = range(n * SEGMENT_FRAMES, (n + 1) * SEGMENT_FRAMES)
        t = (np.arange(SEGMENT_FRAMES * FRAME_SAMPLES) + (frames[0] + LEAD) * FRAME_SAMPLES) / 48_000
        pcm = (8_000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
        each = film.show([picture(frame) for frame in frames], pcm)
        made.append(Segment(first_frame=each.first_frame, frames=each.frames, utterance=None, data=each.data))
    return made


def test_each_shot_has_its_own_picture_and_the_sound_of_its_time():
    pictures = Pictures(session_header())

    shots = [shot for segment in segments(6) for shot in pictures.cut(segment)]

    assert len(shots) == 24
    assert [n for n, shot in enumerate(shots) if shot.key] == [0, 12]
    assert all(shot.picture.startswith(b"\0\0\0\1") for shot in shots)
    heard = np.concatenate([shot.pcm for shot in shots[LEAD + 2 :]]).astype(float)
    t = np.arange(len(heard)) / 48_000 + (LEAD + 2) * FRAME_S
    assert np.corrcoef(heard, np.sin(2 * np.pi * 440 * t))[0, 1] > 0.99  # to the sample


def test_the_times_of_packets_go_on_from_one_session_to_the_next():
    times: list[float] = []
    for first_frame in (0, 12):
        packets = Packets(session_header(), first_frame=first_frame)
        for segment in segments(3):
            for shot in packets.cut(segment):
                times += [float(packet.dts * packet.time_base) for packet in shot.packets[:1]]

    assert times == pytest.approx([n * FRAME_S for n in range(24)])


@pytest.mark.parametrize("data", [b"", b"nonsense", session_header()])
def test_what_is_no_film_is_refused(data):
    with pytest.raises(BadMedia):
        Pictures(session_header()).cut(Segment(first_frame=0, frames=4, utterance=None, data=data))
    with pytest.raises(BadMedia):
        Packets(session_header()).cut(Segment(first_frame=0, frames=4, utterance=None, data=data))


class Stage:
    """Notes what a player does, and when."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, float]] = []
        self.seen: list[tuple[int, float]] = []
        self.ends: list[tuple[str, int]] = []
        self.asked = 0
        self._changed = asyncio.Event()
        self.player: Player[int] = Player(
            sound=self._sound, picture=self._picture, finished=self._finished, pull=self._pull
        )

    async def _sound(self, shot: int, due: float) -> None:
        self.heard.append((shot, due))

    async def _picture(self, shot: int, due: float, utterance: str | None) -> None:
        self.seen.append((shot, time.monotonic()))
        self._changed.set()

    async def until_seen(self, count: int) -> None:
        while len(self.seen) < count:
            self._changed.clear()
            await self._changed.wait()

    def _finished(self, end: Finished) -> None:
        self.ends.append((end.id, len(self.seen)))

    def _pull(self, segments: int) -> None:
        self.asked += segments


async def test_all_is_shown_in_its_time_and_an_utterance_is_over_after_its_last_picture():
    stage = Stage()
    playing = asyncio.create_task(stage.player.play())
    stage.player.load([0, 1, 2, 3], "hello")
    stage.player.mark(Finished(id="hello", outcome="shown", samples=4 * FRAME_SAMPLES))
    stage.player.load([4, 5, 6, 7], None)
    stage.player.end()
    await playing

    assert [shot for shot, _ in stage.seen] == [shot for shot, _ in stage.heard] == list(range(8))
    assert stage.seen[-1][1] - stage.seen[0][1] >= 7 * FRAME_S - 0.02
    assert stage.ends == [("hello", 4)]


async def test_nothing_is_asked_for_that_there_is_no_room_for():
    stage = Stage()
    playing = asyncio.create_task(stage.player.play())
    await asyncio.sleep(0)  # it runs until it waits

    assert stage.asked == 2
    playing.cancel()


async def test_sound_is_handed_on_before_its_picture_and_both_wait_together_where_nothing_comes():
    stage = Stage()
    playing = asyncio.create_task(stage.player.play())
    stage.player.load([0, 1, 2, 3], None)
    await stage.until_seen(4 - AHEAD)
    assert len(stage.heard) == 4
    stopped = time.monotonic()
    await asyncio.sleep(0.3)  # as long as nothing new comes, nothing more is shown
    assert len(stage.seen) == 4 - AHEAD

    stage.player.load([4, 5, 6, 7], None)
    stage.player.end()
    await playing

    due = dict(stage.heard)
    assert due[4] > stopped + 0.3  # later than it would have been
    assert all(due[n + 1] - due[n] == pytest.approx(FRAME_S) for n in range(4, 7))


def test_of_two_interruptions_the_last_decides_from_where_on_something_is_heard():
    mute = Mute()
    assert not mute(0)

    mute.silence()
    mute.silence()
    mute.cleared()
    mute.speak(8)  # said before the second one
    assert mute(8)
    mute.cleared()
    assert mute(20)  # what was cut fades there
    mute.speak(24)
    mute.speak(28)

    assert [mute(frame) for frame in (23, 24, 28)] == [True, False, False]


def test_a_session_that_goes_on_elsewhere_is_heard_once_it_speaks():
    mute = Mute()
    mute.silence()

    mute.begin()

    assert mute(3)
    mute.speak(4)
    assert not mute(4)
