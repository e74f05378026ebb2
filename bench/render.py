"""What a render costs: each stage alone, the first segment of a text, several renders at once, and the memory.

The stages are measured in this process, all the rest on workers of its own over HTTP, as a service would see them.
Everything is measured in one run on one machine, which the figures name.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
import numpy as np

from bench.machine import machine
from bench.stages import (
    AVATAR,
    EMOTION,
    TEXT,
    Samples,
    frames_per_second,
    network_by_batch,
    onnx_vs_torch,
    speak_for,
    stream_speedup,
)
from regtest.ports import Ports
from regtest.process import Guard, Program
from satspeak import programs
from worker.encode import FPS, samples_per_frame
from worker.records import RecordReader, RenderRecord, RenderRequest, SegmentRecord, encode_record
from worker.speech import SAMPLE_RATE

TEXTS = {
    "en": TEXT,
    "de": "Guten Abend und willkommen zu den Nachrichten. Das Wetter bleibt bis Freitag warm, im Westen regnet es. "
    "Die Züge fahren wieder pünktlich, und das Museum öffnet um neun.",
}
LONG_SENTENCES = {
    "en": "When the weather is fine on a Saturday morning in early summer, my whole family walks along the river to "
    "the old market in the middle of the town, where we buy bread, cheese and flowers.",
    "de": "Wenn das Wetter an einem Samstagmorgen im frühen Sommer schön ist, geht meine ganze Familie am Fluss "
    "entlang zum alten Markt in der Mitte der Stadt, wo wir Brot, Käse und Blumen kaufen.",
}
STREAMS = (1, 2, 4, 8)
GPU_STREAMS = (16, 32, 64, 128)  # as long as all of them are in time
LONG_S = 600


class FirstSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Median milliseconds from sending a text to having its first segment."""

    cold: float  # of an avatar whose footage was not used before
    warm: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    machine: str
    provider: str  # where the network ran
    engine: str  # that says texts
    realtime_factor: float  # seconds of video a second, of one render alone of sound that was sent
    realtime_factor_of_text: dict[str, float]  # of one render alone that is spoken as well, by language
    first_segment_ms: float  # of an English text, footage not used before
    first_segment_ms_by_language: dict[str, FirstSegment]
    first_segment_ms_of_long_sentence: dict[
        str, FirstSegment
    ]  # eleven seconds without a full stop, by language
    fps_by_stage: dict[str, float]  # each alone (the network on its own threads); `whole` is a real render
    network_fps_by_batch: dict[str, float]
    realtime_factor_by_streams: dict[str, float]  # of the slowest of so many renders at once
    streams_per_gpu: int | None  # of those numbers the largest with all in time; None without a GPU
    peak_mb_10s: float  # of a worker that rendered ten seconds
    peak_mb_10min: float | None  # and then ten minutes
    stream_speedup: (
        float  # streams with the network in parts, in the processor time of one with the whole graph
    )
    onnx_vs_torch: float | None  # frames per second beside PyTorch eager, both fp32; None without PyTorch


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--quick", is_flag=True, help="Fewer rounds, shorter renders, no ten minutes.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "kokoro", "fast"]),
    default="auto",
    help="Says the texts; auto: natural voices where this machine keeps up with them.",
    show_default=True,
)
def main(*, as_json: bool, quick: bool, engine: str) -> None:
    """Measure and print."""
    figures = asyncio.run(_measure(engine, quick=quick))
    builtins = msgspec.to_builtins(figures)
    for name, value in builtins.items():
        click.echo(f"{name:28} {_told(value)}")
    if as_json:
        click.echo(json.dumps(builtins))


async def _measure(engine: str, *, quick: bool) -> Figures:
    click.echo("each stage alone", err=True)
    pcm = speak_for(10)
    fps_by_stage = frames_per_second(pcm, rounds=1 if quick else 3)
    provider, by_batch = network_by_batch(rounds=1 if quick else 3)
    click.echo("the network in parts beside the whole graph", err=True)
    speedup = stream_speedup(pcm, rounds=1 if quick else 3)
    click.echo("our network beside PyTorch", err=True)
    ratio = onnx_vs_torch(rounds=1 if quick else 3)
    click.echo("time to the first segment", err=True)
    async with _worker(speech_engine=engine) as worker:
        first = {language: await worker.first_segment(text, language) for language, text in TEXTS.items()}
    async with _worker(speech_engine=engine) as worker:  # another, so that footage is new again
        engine = await worker.engine()
        long = {
            language: await worker.first_segment(text, language) for language, text in LONG_SENTENCES.items()
        }
        click.echo("one stream of text", err=True)
        of_text = {
            language: statistics.median(
                [
                    await worker.realtime_factor_of_text(
                        f"{TEXTS[language]} {LONG_SENTENCES[language]}", language
                    )
                    for _ in range(1 if quick else 3)
                ]
            )
            for language in TEXTS
        }
    streams_to_try = STREAMS if provider == "cpu" else STREAMS + GPU_STREAMS
    async with _worker(max_renders=str(max(streams_to_try))) as worker:
        await worker.realtime_factors(pcm, 1)  # decodes the footage
        by_streams: dict[str, float] = {}
        for streams in streams_to_try:
            if streams in GPU_STREAMS and min(by_streams.values()) < 1:
                break
            click.echo(f"{streams} at once", err=True)
            rounds = [await worker.realtime_factors(pcm, streams) for _ in range(1 if quick else 3)]
            by_streams[str(streams)] = statistics.median(min(factors) for factors in rounds)
    async with _worker() as worker:
        click.echo("memory", err=True)
        await worker.realtime_factors(pcm, 1)
        short_mb = worker.peak_mb()
        long_mb = None
        if not quick:
            await worker.realtime_factors(np.tile(pcm, LONG_S // 10), 1)
            long_mb = worker.peak_mb()
    return Figures(
        machine=machine(provider),
        provider=provider,
        engine=engine,
        realtime_factor_of_text=of_text,
        realtime_factor=by_streams["1"],
        first_segment_ms=first["en"].cold,
        first_segment_ms_by_language=first,
        first_segment_ms_of_long_sentence=long,
        fps_by_stage=fps_by_stage | {"whole": by_streams["1"] * FPS},
        network_fps_by_batch=by_batch,
        realtime_factor_by_streams=by_streams,
        streams_per_gpu=max(
            (int(streams) for streams, factor in by_streams.items() if factor >= 1), default=0
        )
        if provider == "cuda"
        else None,
        peak_mb_10s=short_mb,
        peak_mb_10min=long_mb,
        stream_speedup=speedup,
        onnx_vs_torch=ratio,
    )


class _Worker:
    """A worker of our own, and a client of its protocol."""

    def __init__(self, program: Program, client: httpx.AsyncClient) -> None:
        self._program = program
        self._client = client

    async def realtime_factors(self, pcm: Samples, streams: int) -> list[float]:
        """Render the same samples in so many renders at once; return seconds of video a second of each."""

        async def render() -> float:
            frames, seconds = await self._timed(pcm.tobytes())
            assert frames == len(pcm) // samples_per_frame(SAMPLE_RATE)
            return frames / FPS / seconds

        return list(await asyncio.gather(*(render() for _ in range(streams))))

    async def realtime_factor_of_text(self, text: str, language: str) -> float:
        """Speak a text and render it; return seconds of video a second."""
        frames, seconds = await self._timed(b"", text=text, language=language)
        return frames / FPS / seconds

    async def engine(self) -> str:
        """Tell what says the texts of these languages: natural voices come before the fast ones."""
        answer = await self._client.get("/voices")
        engines = {voice["engine"] for voice in answer.json() if voice["language"] in TEXTS}
        return "kokoro" if "kokoro" in engines else "fast"

    async def first_segment(self, text: str, language: str) -> FirstSegment:
        """Measure each avatar twice, one emotion for each language, so that its footage is new the first time."""
        emotion = {"en": "happy", "de": "serious"}[language]
        answer = await self._client.get("/avatars")
        cold: list[float] = []
        warm: list[float] = []
        for avatar in [avatar["name"] for avatar in answer.json()][:6]:
            for times in (cold, warm):
                times.append(
                    await self._first_segment_ms(text, language=language, avatar=avatar, emotion=emotion)
                )
        return FirstSegment(cold=statistics.median(cold), warm=statistics.median(warm))

    async def _first_segment_ms(self, text: str, **fields: str) -> float:
        started = time.perf_counter()
        async with contextlib.aclosing(self._render(b"", text=text, **fields)) as records:
            async for record in records:
                if isinstance(record, SegmentRecord):
                    return (time.perf_counter() - started) * 1000
        raise AssertionError

    async def _timed(self, pcm: bytes, **fields: str) -> tuple[int, float]:
        """Render; return the frames and the seconds that they took."""
        started = time.perf_counter()
        frames = 0
        async for record in self._render(pcm, **fields):
            if isinstance(record, SegmentRecord):
                frames += record.frames
        return frames, time.perf_counter() - started

    async def _render(self, pcm: bytes, **fields: Any) -> AsyncGenerator[RenderRecord, None]:
        defaults: dict[str, Any] = {
            "order": "bench",
            "avatar": AVATAR,
            "emotion": EMOTION,
            "sample_rate": SAMPLE_RATE,
        }
        content = encode_record(RenderRequest(**(defaults | fields))) + pcm
        reader = RecordReader(max_bytes=10_000_000)
        async with self._client.stream("POST", "/renders", content=content) as response:
            response.raise_for_status()
            async for data in response.aiter_raw():
                reader.feed(data)
                while record := reader.next():
                    assert not isinstance(record, RenderRequest)
                    yield record

    def peak_mb(self) -> float:
        """Return the most memory that it ever had resident (Linux)."""
        status = Path(f"/proc/{self._program.pid}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return int(kilobytes) / 1024


@contextlib.asynccontextmanager
async def _worker(**settings: str) -> AsyncIterator[_Worker]:
    async with contextlib.AsyncExitStack() as closing:
        folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="satspeak-bench-"))
        ports = closing.enter_context(contextlib.closing(Ports()))
        guard = closing.enter_context(contextlib.closing(Guard()))
        port = ports.take()
        url = f"http://127.0.0.1:{port}"
        program = programs.worker_program(port=port, folder=Path(folder), guard=guard, **settings)
        closing.push_async_callback(program.stop)
        await program.start()
        await programs.healthy(program, url)
        client = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)
        yield _Worker(program, await closing.enter_async_context(client))


def _told(value: Any) -> str:
    match value:
        case float():
            return f"{value:.2f}"
        case dict():
            return ", ".join(f"{key} {_told(part)}" for key, part in value.items())
        case _:
            return str(value)


if __name__ == "__main__":
    main()
