"""The stages of a render, each alone, the network by batch size, and our network beside the same in PyTorch."""

import importlib
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from worker.accents import Accent
from worker.avatars import Avatars
from worker.compose import IdleFrame
from worker.encode import GOP, Encoder, samples_per_frame
from worker.footage import Footage
from worker.gestures import Performer
from worker.listening import Listener
from worker.mel import MEL
from worker.model import LipModel
from worker.network import face_inputs
from worker.render_pass import RenderPass
from worker.settings import Settings
from worker.speech import SAMPLE_RATE, Speaker

AVATAR, EMOTION = "european_woman", "happy"
BATCHES = {"cpu": (1, 4, GOP, 2 * GOP), "cuda": (1, 4, GOP, 2 * GOP, 4 * GOP, 8 * GOP, 16 * GOP)}
TEXT = (
    "Good evening, and welcome to the news. The weather stays warm until Friday, with rain in the west. "
    "Trains run on time again, and the museum opens its doors at nine."
)

Samples = NDArray[np.int16]
T = TypeVar("T")


def speak_for(seconds: int) -> Samples:
    """Speak the text again and again until that has taken so long."""
    return np.resize(_speak(Speaker()), seconds * SAMPLE_RATE)


def frames_per_second(pcm: Samples, *, rounds: int) -> dict[str, float]:
    """Measure each stage on whole seconds of speech, best of some rounds."""
    settings = Settings.from_env(os.environ)  # those of the workers that are measured
    model = _load(settings)
    footage = _footage(settings, memory_bytes=settings.avatar_memory_mb * 1_000_000)
    graph = model.graph(footage.references)
    frames = len(pcm) // samples_per_frame(SAMPLE_RATE)
    gops = [range(start, min(start + GOP, frames)) for start in range(0, frames, GOP)]
    speaker = Speaker()

    def listen() -> tuple[NDArray[np.float32], list[Accent]]:
        listener = Listener(sample_rate=SAMPLE_RATE, first_frame=0, window=graph.mel)
        for start in range(0, len(pcm), SAMPLE_RATE):
            listener.hear(pcm[start : start + SAMPLE_RATE])
        listener.end_of_speech(frames)
        accents = listener.accents(frames)
        return listener.take(frames), accents

    def draw() -> NDArray[np.uint8]:
        return np.concatenate([model.predict(mel[gop.start : gop.stop], footage.faces(gop)) for gop in gops])

    def blend() -> list[NDArray[np.uint8]]:
        performer = Performer(footage, graph.mask)
        return [
            performer.show(frame, mouth, accent)
            for frame, (mouth, accent) in enumerate(zip(mouths, accents, strict=True))
        ]

    def encode() -> None:
        encoder = Encoder(sample_rate=SAMPLE_RATE)
        encoder.hear(pcm)
        encoder.end_of_speech()
        for picture in pictures:
            encoder.show(picture)

    said, speak_s = _best(lambda: _speak(speaker), rounds)
    (mel, accents), listen_s = _best(listen, rounds)
    mouths, draw_s = _best(draw, rounds)
    pictures, blend_s = _best(blend, rounds)
    _, encode_s = _best(encode, rounds)
    return {
        "speech": len(said) / samples_per_frame(SAMPLE_RATE) / speak_s,
        "listening": frames / listen_s,
        "network": frames / draw_s,
        "composing": frames / blend_s,
        "encoding": frames / encode_s,
    }


def stream_speedup(pcm: Samples, *, rounds: int) -> float:
    """Compare a stream's processor time with the network in parts and with the whole graph, both on one thread.

    A stream is all but speech: listening, network, composing, encoding. The two take turns, so that whatever else runs
    disturbs both; the parts have their film's faces kept, as they are from its second loop on.

    Returns:
        Median ratio: how many streams the parts make in the time of one.
    """
    settings = Settings.from_env(os.environ)
    footage = _footage(settings, memory_bytes=settings.avatar_memory_mb * 1_000_000)
    whole, parts = (
        LipModel(settings.assets / "model", provider="cpu", threads=1, cut=cut) for cut in (False, True)
    )
    assert parts.cut
    assert not whole.cut
    frames = len(pcm) // samples_per_frame(SAMPLE_RATE)

    def stream(model: LipModel) -> float:
        graph = model.graph(footage.references)
        render_pass = RenderPass(footage, SAMPLE_RATE, 0, graph)
        started = time.thread_time()
        for start in range(0, len(pcm), SAMPLE_RATE):
            render_pass.hear(pcm[start : start + SAMPLE_RATE])
        render_pass.end_of_speech()
        assert render_pass.frames == frames
        while gop := render_pass.next_gop():
            render_pass.encode(gop, model.predict(gop.mel, render_pass.faces(gop)))
        return time.thread_time() - started

    stream(parts)
    return statistics.median(stream(whole) / stream(parts) for _ in range(2 * rounds + 1))


def network_by_batch(*, rounds: int) -> tuple[str, dict[str, float]]:
    """Measure the network alone with so many frames in a call.

    Returns:
        Where it runs, and its frames per second by the size of a batch.
    """
    settings = Settings.from_env(os.environ)
    model = _load(settings)
    by_batch = {}
    for frames in BATCHES[model.provider]:
        inputs = _heard_and_seen(model, _footage(settings), frames)
        model.predict(*inputs)  # the first of a size is slow
        _, seconds = _best(partial(model.predict, *inputs), 3 * rounds)
        by_batch[str(frames)] = frames / seconds
    return model.provider, by_batch


def onnx_vs_torch(*, rounds: int) -> float | None:
    """Compare frames per second of our network with PyTorch eager on the same layout, both in fp32.

    Both run on one thread: PyTorch's threads spin while they wait for each other, so that whatever else runs would
    count against it many times. The weights of its side are drawn at random: they cost the same.

    Returns:
        How many times as fast ours is; None where PyTorch is not installed.
    """
    try:
        # By name, because only the training group has them and types are checked without that group.
        torch: Any = importlib.import_module("torch")
        network: Any = importlib.import_module("training.network")
        morphing: Any = importlib.import_module("training.morphing")
    except ModuleNotFoundError:
        return None
    torch.set_num_threads(1)
    settings = Settings.from_env(os.environ)
    ours = LipModel(settings.assets / "model", provider="cpu", threads=1, cut=False)
    given = _heard_and_seen(ours, _footage(settings), GOP)
    mel, faces = given
    inputs = [torch.from_numpy(mel), *map(torch.from_numpy, face_inputs(faces).values())]
    if len(faces[0].references) > 1:
        theirs = morphing.ReferenceLips(network.Hearing(), morphing.Morphing()).eval()
    else:
        theirs = network.LipNetwork(network.Hearing(), network.Drawing()).eval()
    with torch.inference_mode():
        theirs(*inputs)
        _, torch_s = _best(lambda: theirs(*inputs), 10 * rounds)
    ours.predict(*given)
    _, onnx_s = _best(lambda: ours.predict(*given), 10 * rounds)
    return float(torch_s / onnx_s)


def _load(settings: Settings) -> LipModel:
    return LipModel(settings.assets / "model", provider=settings.provider, threads=settings.threads)


def _footage(settings: Settings, *, memory_bytes: int = 1) -> Footage:
    avatars = Avatars(settings.assets / "avatars", memory_bytes=memory_bytes)
    return avatars.footage(avatars.find(AVATAR, EMOTION), EMOTION)


def _heard_and_seen(
    model: LipModel, footage: Footage, frames: int
) -> tuple[NDArray[np.float32], list[IdleFrame]]:
    """Return inputs of the network for so many frames: noise that it hears, and the avatar's mouths."""
    columns = model.graph(footage.references).mel.frames
    mel = np.random.default_rng(1).uniform(-MEL.largest, MEL.largest, (frames, 1, MEL.bands, columns))
    return mel.astype(np.float32), footage.faces(range(frames))


def _speak(speaker: Speaker) -> Samples:
    voice = speaker.choose(language="en", voice=None, text=TEXT, gender="female", elderly=False)
    return np.concatenate([part.pcm for part in speaker.speak(TEXT, voice)])


def _best(work: Callable[[], T], rounds: int) -> tuple[T, float]:
    """Return what the work gives, and the seconds of its fastest round: others share the machine."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return result, min(seconds)
