"""A live session for an hour: whether picture and sound stay together, what it costs, and how soon it answers.

The hour is pulled as fast as it is made, so it takes minutes: rests, texts, recordings and interruptions by turns. What
depends on a clock is measured apart, by a player that pulls as it plays. The worker is one of its own.
"""

import asyncio
import contextlib
import io
import json
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import click
import msgspec
import numpy as np
import soxr
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedOK

from bench.load import percentile
from bench.machine import machine
from bench.stages import Samples, speak_for
from regtest.ports import Ports
from regtest.process import Guard, Program
from satspeak import programs
from worker.avatars import Avatars
from worker.encode import FPS
from worker.footage import Footage
from worker.live.film import FRAME_SAMPLES, LEAD
from worker.live.records import (
    SAMPLE_RATE,
    Audio,
    Clear,
    Cleared,
    Done,
    End,
    Event,
    Finish,
    Finished,
    Init,
    Message,
    Open,
    Problem,
    Pull,
    Say,
    Segment,
    decode_event,
    encode,
)
from worker.settings import Settings
from worker.speech import SAMPLE_RATE as SPEECH_RATE

SESSION, AVATAR, EMOTION = "bench", "european_woman", "neutral"
TEXTS = (
    "Good evening, and welcome to the news.",
    "The weather stays warm until Friday, with rain in the west.",
    "Trains run on time again, and the museum opens its doors at nine.",
    "Nobody was hurt, and the road is open.",
)
CYCLE_S = 60  # of which one text and one recording are spoken, and one of three texts is interrupted
RECORDING_S = 2
WARM_CYCLES = 10  # until then memory may grow: footage, codecs, and the GOPs at rest that a worker keeps
BUFFER_S = 0.2  # of a player, below which it pulls
MICROPHONE_S = 0.02  # of sound, which a microphone gives at a time
SEED = 7


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    machine: str
    minutes: float  # of the session that was pulled
    spoken_s: float  # of it
    av_skew_ms_max: (
        float  # of the sound of recordings, the pictures' times and the footage at rest, against the clock
    )
    memory_growth_mb: float  # of the worker, from the tenth minute on; of a short session from its half on
    idle_cpu: float  # of one core, at rest
    speaking_cpu: float  # of one core, while it speaks
    text_to_first_frame_ms: float  # median, from sending a text to having the first segment that speaks it
    mic_latency_ms: float  # median, from a word at a microphone to having the first segment that shows it
    interrupt_ms_p95: float  # from sending a clear to having the first segment after it
    interrupt_heard_ms_p95: float  # until the player has played the last of it
    sessions_realtime: int  # that can speak at once without falling behind
    realtime_factor_by_sessions: dict[str, float]  # of the slowest of so many


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--minutes", default=60.0, help="Length of the session.")
@click.option("--rounds", default=20, help="Texts and interruptions that are timed.")
def main(*, as_json: bool, minutes: float, rounds: int) -> None:
    """Measure and print."""
    figures = msgspec.to_builtins(asyncio.run(_measure(minutes, rounds)))
    for name, value in figures.items():
        click.echo(f"{name:28} {value}")
    if as_json:
        click.echo(json.dumps(figures))


async def _measure(minutes: float, rounds: int) -> Figures:
    pcm = speak_for(10)
    async with _worker(live_sessions="8") as worker:
        click.echo("an hour", err=True)
        with tempfile.TemporaryFile() as film:
            hour = await _hour(worker, film, minutes, pcm)
            click.echo("reading it again", err=True)
            skew_ms = max(_sound_skew_ms(film, hour, pcm), _picture_skew_ms(film), hour.rest_skew_ms)
        click.echo("answers", err=True)
        answers = await _answers(worker, rounds, pcm[: RECORDING_S * SPEECH_RATE])
        by_sessions: dict[str, float] = {}
        for count in (1, 2, 3, 4, 5, 6):
            click.echo(f"{count} at once", err=True)
            by_sessions[str(count)] = await _realtime_factor(worker, count, pcm)
            if by_sessions[str(count)] < 1:
                break
    return Figures(
        machine=machine("cpu"),
        minutes=round(minutes, 2),
        spoken_s=round(hour.spoken_s, 1),
        av_skew_ms_max=round(skew_ms, 3),
        memory_growth_mb=round(hour.memory_growth_mb, 1),
        idle_cpu=round(hour.idle_cpu, 4),
        speaking_cpu=round(hour.speaking_cpu, 3),
        text_to_first_frame_ms=round(statistics.median(answers.first_ms)),
        mic_latency_ms=round(statistics.median(answers.microphone_ms)),
        interrupt_ms_p95=round(percentile(answers.interrupt_ms, 0.95)),
        interrupt_heard_ms_p95=round(percentile(answers.heard_ms, 0.95)),
        sessions_realtime=max(
            (int(count) for count, factor in by_sessions.items() if factor >= 1), default=0
        ),
        realtime_factor_by_sessions=by_sessions,
    )


class _Session:
    """A client of one session."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.init = b""
        self.events: list[Event] = []

    async def send(self, *messages: Message) -> None:
        for message in messages:
            await self._socket.send(encode(message))

    async def next(self) -> Event:
        event = decode_event(await self._socket.recv(decode=False))
        match event:
            case Init():
                self.init = event.data
            case Problem():
                raise click.ClickException(event.detail)
            case Segment():
                pass
            case _:
                self.events.append(event)
        return event

    async def segment(self) -> Segment | None:
        """Take what comes up to a segment, or to the end."""
        while True:
            event = await self.next()
            if isinstance(event, Segment):
                return event
            if isinstance(event, End):
                return None

    async def pull(self) -> Segment | None:
        with contextlib.suppress(ConnectionClosedOK):  # it closes after the end, which then waits to be read
            await self.send(Pull())
        return await self.segment()


def _ended(session: _Session, utterance: str) -> bool:
    return any(isinstance(event, Finished) and event.id == utterance for event in session.events[-4:])


class _Worker:
    """A worker of our own, what it uses, and sessions with it."""

    def __init__(self, program: Program, url: str) -> None:
        self._program = program
        self._url = url

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[_Session]:
        async with connect(self._url, max_size=None, proxy=None, compression=None) as socket:
            session = _Session(socket)
            await session.send(Open(session=SESSION, avatar=AVATAR, emotion=EMOTION, sample_rate=SPEECH_RATE))
            yield session

    def cpu_s(self) -> float:
        """Return the processor time that it took so far."""
        fields = Path(f"/proc/{self._program.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def resident_mb(self) -> float:
        """Return the memory that it has."""
        status = Path(f"/proc/{self._program.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


class _Hour(msgspec.Struct, kw_only=True):
    """What an hour told."""

    recordings: list[int] = []  # first samples of their sound, on the clock
    spoken_s: float = 0.0
    rest_s: float = 0.0
    speaking_cpu_s: float = 0.0
    rest_cpu_s: float = 0.0
    memory_growth_mb: float = 0.0
    rest_skew_ms: float = 0.0

    @property
    def idle_cpu(self) -> float:
        return self.rest_cpu_s / self.rest_s

    @property
    def speaking_cpu(self) -> float:
        return self.speaking_cpu_s / self.spoken_s


class _Reel:
    """A session that is pulled into a file, without a clock."""

    def __init__(self, session: _Session, film: Any) -> None:
        self.session = session
        self.frame = 0
        self._film = film

    async def pull(self) -> Segment:
        segment = await self.session.pull()
        assert segment
        assert segment.first_frame == self.frame
        self._keep(segment)
        return segment

    async def rest(self, end: int) -> None:
        while self.frame < end:
            await self.pull()

    async def resting_gop(self) -> Segment:
        """Pull up to a segment at rest that begins with a key frame."""
        while True:
            segment = await self.pull()
            if segment.key and segment.utterance is None:
                return segment

    async def speech(self, cycle: int, pcm: bytes) -> int:
        """Have a recording and a text spoken, the latter perhaps not to its end.

        Returns:
            The first frame of the recording.
        """
        recording, text = f"recording {cycle}", f"text {cycle}"
        await self.session.send(Audio(id=recording, pcm=pcm), Done(id=recording))
        await self.session.send(Say(id=text, text=TEXTS[cycle % 4]), Done(id=text))
        begun = None
        while not self._is_over(text, (await self.pull()).utterance, interrupt=cycle % 3 == 0):
            begun = self._from if begun is None and self._speaks == recording else begun
        if cycle % 3 == 0:
            await self.session.send(Clear())
        assert begun is not None
        return begun

    async def end(self) -> None:
        await self.session.send(Finish())
        while segment := await self.session.pull():
            self._keep(segment)

    def _is_over(self, text: str, utterance: str | None, *, interrupt: bool) -> bool:
        return _ended(self.session, text) or (interrupt and utterance == text)

    def _keep(self, segment: Segment) -> None:
        self.frame += segment.frames
        self._from, self._speaks = segment.first_frame, segment.utterance
        if not self._film.tell():
            self._film.write(self.session.init)
        self._film.write(segment.data)


async def _hour(worker: _Worker, film: Any, minutes: float, pcm: Samples) -> _Hour:
    """Pull a session of so many minutes into a file."""
    hour = _Hour()
    said = pcm[: RECORDING_S * SPEECH_RATE].tobytes()
    footage = _footage()
    warm_mb = 0.0
    async with worker.session() as session:
        reel = _Reel(session, film)
        cycles = round(minutes * 60 / CYCLE_S)
        for cycle in range(cycles):
            if cycle == min(WARM_CYCLES, cycles // 2):
                warm_mb = worker.resident_mb()
            cpu_s, started = worker.cpu_s(), reel.frame
            hour.recordings.append((await reel.speech(cycle, said) + LEAD) * FRAME_SAMPLES)
            hour.speaking_cpu_s += worker.cpu_s() - cpu_s
            hour.spoken_s += (reel.frame - started) / FPS
            await reel.resting_gop()
            cpu_s, started = worker.cpu_s(), reel.frame
            await reel.rest((cycle + 1) * CYCLE_S * FPS)
            hour.rest_cpu_s += worker.cpu_s() - cpu_s
            hour.rest_s += (reel.frame - started) / FPS
            gop = await reel.resting_gop()
            skew = _rest_skew_frames(session.init + gop.data, footage, gop.first_frame)
            hour.rest_skew_ms = max(hour.rest_skew_ms, abs(skew) * 1_000 / FPS)
            if cycle % 10 == 0:
                click.echo(f"  minute {cycle + 1}, {worker.resident_mb():.0f} MB", err=True)
        hour.memory_growth_mb = worker.resident_mb() - warm_mb
        await reel.end()
    return hour


def _footage() -> Footage:
    """Return what the session shows at rest, which goes its own way through the film."""
    avatars = Avatars(Settings().assets / "avatars", memory_bytes=1)
    return avatars.footage(avatars.find(AVATAR, EMOTION), EMOTION).walk(SESSION)


def _rest_skew_frames(movie: bytes, footage: Footage, first: int) -> int:
    """Return by how many frames pictures at rest are not those of the clock: those of the footage tell."""
    with av.open(io.BytesIO(movie), "r") as container:
        shown = [frame.to_ndarray()[:512].astype(np.int16) for frame in container.decode(video=0)]

    def differs(by: int) -> float:
        return sum(
            float(np.abs(picture - footage.frame(first + index + by).picture[:512]).mean())
            for index, picture in enumerate(shown)
        )

    return min(range(-3, 4), key=differs)


def _sound_skew_ms(film: Any, hour: _Hour, pcm: Samples) -> float:
    """Return how far the sound of a recording lies from where the clock has it, at worst."""
    said = soxr.resample(pcm[: RECORDING_S * SPEECH_RATE].astype(np.float32), SPEECH_RATE, SAMPLE_RATE)
    reach = SAMPLE_RATE // 5
    film.seek(0)
    worst = 0
    heard = np.zeros(reach, np.float32)  # from sample `start` on; the first may begin sooner than that
    start = -reach
    waiting = list(hour.recordings)
    with av.open(film) as container:
        for frame in container.decode(audio=0):
            assert frame.pts == start + len(heard)
            heard = np.concatenate([heard, frame.to_ndarray()[0]])
            if waiting and start + len(heard) >= waiting[0] + len(said) + reach:
                at = waiting.pop(0) - start
                lag = _lag(heard[at - reach : at + len(said) + reach], said) - reach
                worst = max(worst, abs(lag))
            if len(heard) > 8 * SAMPLE_RATE:  # all that may still be wanted
                gone = len(heard) - 4 * SAMPLE_RATE
                heard, start = heard[gone:], start + gone
    assert not waiting
    return worst * 1_000 / SAMPLE_RATE


def _lag(heard: NDArray[np.float32], said: NDArray[np.float32]) -> int:
    """Return at which of its samples the one is most like the other."""
    size = len(heard) + len(said)
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(said, size).conj(), size)
    return int(np.argmax(match[: len(heard) - len(said) + 1]))


def _picture_skew_ms(film: Any) -> float:
    """Return how far a picture's time lies from its number, at worst."""
    film.seek(0)
    worst = 0.0
    with av.open(film) as container:
        packets = (packet for packet in container.demux(video=0) if packet.pts is not None)
        for number, packet in enumerate(packets):
            assert packet.pts is not None
            worst = max(worst, abs(float(packet.pts * packet.time_base) - number / FPS))
    return worst * 1_000


class _Answers(msgspec.Struct, kw_only=True):
    first_ms: list[float] = []
    microphone_ms: list[float] = []
    interrupt_ms: list[float] = []
    heard_ms: list[float] = []


class _Player:
    """Plays a session in real time, and pulls when it has little left."""

    def __init__(self, session: _Session) -> None:
        self._session = session
        self._frame = 0
        self._began: float | None = None

    def plays_at(self, frame: int) -> float:
        """Return when it comes to a frame."""
        assert self._began is not None
        return self._began + frame / FPS

    async def pull(self) -> Segment:
        """Take the next segment when its time has come."""
        if self._began is not None:
            await asyncio.sleep(max(0, self.plays_at(self._frame) - BUFFER_S - time.perf_counter()))
        segment = await self._session.pull()
        assert segment
        now = time.perf_counter()
        if self._began is None or now > self.plays_at(
            self._frame
        ):  # it stalls, as a player does that has nothing
            self._began = now - self._frame / FPS
        self._frame = segment.first_frame + segment.frames
        return segment

    async def until(self, utterance: str) -> None:
        """Play up to the first segment that shows an utterance."""
        while (await self.pull()).utterance != utterance:
            pass

    async def over(self, utterance: str) -> None:
        """Play up to the end of an utterance: what is said before that waits for it."""
        while not _ended(self._session, utterance):
            await self.pull()

    async def play(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            await self.pull()


async def _answers(worker: _Worker, rounds: int, spoken: Samples) -> _Answers:
    """Talk to a player: it says something, waits for it, and interrupts it somewhere; then somebody speaks."""
    draw = random.Random(SEED)
    answers = _Answers()
    async with worker.session() as session:
        player = _Player(session)
        await player.play(5)  # its rest is kept from then on
        for number in range(rounds):
            sent = time.perf_counter()
            await session.send(Say(id=str(number), text=TEXTS[number % 4]), Done(id=str(number)))
            await player.until(str(number))
            answers.first_ms.append((time.perf_counter() - sent) * 1_000)
            await player.play(draw.uniform(0.2, 1))
            sent = time.perf_counter()
            session.events.clear()
            await session.send(Clear())
            await player.pull()
            answers.interrupt_ms.append((time.perf_counter() - sent) * 1_000)
            (cleared,) = [event for event in session.events if isinstance(event, Cleared)]
            answers.heard_ms.append(max(0, player.plays_at(cleared.first_frame + LEAD) - sent) * 1_000)
            await player.play(1)
            began = time.perf_counter()
            microphone = asyncio.create_task(_speak(session, f"microphone {number}", spoken))
            await player.until(f"microphone {number}")
            answers.microphone_ms.append((time.perf_counter() - began) * 1_000)
            await microphone
            await player.over(f"microphone {number}")
            await player.play(1)
    return answers


async def _speak(session: _Session, utterance: str, spoken: Samples) -> None:
    """Send a recording as a microphone does: each piece when the last of its samples was spoken."""
    began = time.perf_counter()
    step = round(MICROPHONE_S * SPEECH_RATE)
    for end in range(step, len(spoken) + 1, step):
        await asyncio.sleep(began + end / SPEECH_RATE - time.perf_counter())
        await session.send(Audio(id=utterance, pcm=spoken[end - step : end].tobytes()))
    await session.send(Done(id=utterance))


async def _realtime_factor(worker: _Worker, count: int, pcm: Samples) -> float:
    """Let so many sessions speak at once; return seconds of video a second of the slowest."""

    async def speak() -> float:
        async with worker.session() as session:
            await session.send(Audio(id="a", pcm=pcm.tobytes()), Done(id="a"))
            frames, started = 0, time.perf_counter()
            while segment := await session.pull():
                if segment.utterance:
                    started = started if frames else time.perf_counter()
                    frames += segment.frames
                elif frames:
                    break
            return (frames - 4) / FPS / (time.perf_counter() - started)

    return round(min(await asyncio.gather(*(speak() for _ in range(count)))), 2)


@contextlib.asynccontextmanager
async def _worker(**settings: str) -> AsyncIterator[_Worker]:
    async with contextlib.AsyncExitStack() as closing:
        folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="satspeak-bench-"))
        ports = closing.enter_context(contextlib.closing(Ports()))
        guard = closing.enter_context(contextlib.closing(Guard()))
        port = ports.take()
        program = programs.worker_program(port=port, folder=Path(folder), guard=guard, **settings)
        closing.push_async_callback(program.stop)
        await program.start()
        await programs.healthy(program, f"http://127.0.0.1:{port}")
        yield _Worker(program, f"ws://127.0.0.1:{port}/sessions")


if __name__ == "__main__":
    main()
