"""The natural voices: Kokoro-82M (Apache-2.0), trained in eight languages, whose voices are lent to the other nine.

It takes symbols of sounds, a style and a length, and gives a waveform at 24 kHz. It draws no random number: the same
words sound the same, so that a resumed text fits. A language that it was not trained in is spoken by a voice that knows
most of its sounds, with an accent; so is French by its only man, who is Italian.
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import soxr
import structlog
from numpy.typing import NDArray

from worker.speech.asked import asked
from worker.speech.errors import SynthesisFailed
from worker.speech.g2p import SYMBOLS, Phonemizer
from worker.speech.kokoro_weights import CHOSEN, FRAMES, halves
from worker.speech.melody import Melody, asking, sung
from worker.speech.port import SAMPLE_RATE, Accent, Gender

log = structlog.get_logger()

Inputs = Mapping[str, NDArray[np.generic]]
Run = Callable[[Inputs, Melody | None], NDArray[np.float32]]
"""The network: the inputs of its graph, and how to change what it has chosen, to samples, shape (N,)."""

VOICES = Path(__file__).parents[1] / "assets" / "voices" / "kokoro.npz"
_LONGEST = 509  # symbols at once: a style for each number of them, 510 with 0
_PADDING = 0
_BREAKS = " ;:,.!?—…"
_SILENT = f'{_BREAKS}()"“”'  # symbols after the last sound
_CORES, _MEMORY_BYTES = 4, 4_000_000_000
_SLOWEST, _FASTEST = 0.7, 1.5  # times its own speed, at which it still speaks well

# Who speaks what she, and he, was trained in; then who is lent to the others.
_NATIVE: dict[str, tuple[str, str]] = {
    "en": ("af_heart", "am_michael"),
    "es": ("ef_dora", "em_alex"),
    "fr": ("ff_siwis", "im_nicola"),
    "hi": ("hf_alpha", "hm_omega"),
    "it": ("if_sara", "im_nicola"),
    "ja": ("jf_alpha", "jm_kumo"),
    "pt": ("pf_dora", "pm_alex"),
    "zh": ("zf_xiaoxiao", "zm_yunyang"),
}
_LENT = {"ko": ("jf_alpha", "jm_kumo")}
_LENT_TO_OTHERS = ("if_sara", "im_nicola")
_LENT_ALL_THE_SAME = {("fr", "male")}

# An elderly voice has other resonances, and a pitch that falls in women and rises in men: both follow the rate at which
# the waveform is read out. Tremor and breath are not to be had, the pitch is inside the network.
_AGED: dict[Gender, float] = {"female": 0.92, "male": 1.04}


def keeps_up(cores: float, memory_bytes: int, *, bfloat16: bool) -> bool:
    """Tell whether a video with a natural voice is made faster than it plays, and begins within a second.

    Where the processor multiplies in bfloat16 two cores do that (docs/figures.md), else it takes four.

    Args:
        cores: of the machine.
        memory_bytes: as well.
        bfloat16: see `gains_by_openvino`.
    """
    return memory_bytes >= _MEMORY_BYTES and cores >= (_CORES / 2 if bfloat16 else _CORES)


def gains_by_openvino() -> bool:
    """Tell whether OpenVINO is installed, and makes more of this processor."""
    if not find_spec("openvino"):
        return False
    from worker.speech import kokoro_openvino  # noqa: PLC0415 - an extra, and takes a second

    return kokoro_openvino.multiplies_in_bfloat16()


class KokoroVoice:
    """The loaded network and its voices: two seconds to make, safe to use from several threads.

    They wait for each other: the network takes all its threads for one sentence, and memory for one, some 230 MB beside
    the 420 MB of its weights.

    Args:
        graph: its weights, as `kokoro_weights.float_graph` gives them.
        phonemizer: writes words as its symbols.
        threads: of the CPU; 0 is one for each core.
    """

    def __init__(self, graph: bytes | Path, phonemizer: Phonemizer, *, threads: int) -> None:
        self._run = _runner(graph, threads or len(os.sched_getaffinity(0)))
        self._lock = threading.Lock()
        self._phonemizer = phonemizer
        with np.load(VOICES) as voices:
            self._styles: Mapping[str, NDArray[np.float16]] = {name: voices[name] for name in voices.files}

    def utter(
        self,
        runs: Sequence[tuple[str, str]],
        language: str,
        gender: Gender,
        *,
        seconds: float,
        elderly: bool = False,
        speed: float = 1.0,
    ) -> NDArray[np.float32]:
        """Say about a sentence, whatever scripts it is in, with one voice.

        It speaks as fast as it must to take as long as it is told, within what sounds natural; where that is far too
        slow, faster.

        Args:
            runs: language and words of each.
            language: of the voice.
            gender: as well.
            seconds: it is to last from the first sound to the last, above 0.
            elderly: as well.
            speed: how many times faster than usual that is.

        Returns:
            float32 mono at `SAMPLE_RATE`, in about [-1.3, 1.3], shape (N,); with silence at both ends.

        Raises:
            SynthesisFailed: nobody can read the words, or the network did not work.
        """
        phonemes = self._phonemizer.phonemes(runs)
        if not any(symbol.isalpha() for symbol in phonemes):
            raise SynthesisFailed("Kokoro can read none of it.")
        rate = _AGED[gender] if elderly else 1.0
        style = self._styles[speaker(language, gender)]
        parts = _parts(phonemes)
        each = seconds * rate / sum(map(len, parts))
        # Hardly anything is so long that it has parts: of those, the last asks.
        melodies = [None] * (len(parts) - 1) + [asking(parts[-1], language, asked(runs, language))]
        said = np.concatenate(
            [
                self._say(part, style, len(part) * each, speed, melody)
                for part, melody in zip(parts, melodies, strict=True)
            ]
        )
        if not elderly:
            return said
        return np.asarray(soxr.resample(said, SAMPLE_RATE * rate, SAMPLE_RATE), np.float32)

    def _say(
        self,
        phonemes: str,
        style: NDArray[np.float16],
        seconds: float,
        speed: float,
        melody: Melody | None = None,
    ) -> NDArray[np.float32]:
        tokens = [SYMBOLS[symbol] for symbol in phonemes]
        inputs = {
            "tokens": np.array([[_PADDING, *tokens, _PADDING]], np.int64),
            "style": style[len(tokens)][None].astype(np.float32),
            "seconds": np.array([seconds], np.float32),
            "end": np.array([len(phonemes.rstrip(_SILENT))], np.int64),
            "speeds": np.array([_SLOWEST * speed, _FASTEST * speed], np.float32),
        }
        try:
            with self._lock:
                said = self._run(inputs, melody)
        except (
            Exception
        ) as exc:  # ONNX Runtime has a class of its own for each kind, out of memory among them
            raise SynthesisFailed(f"Kokoro: {type(exc).__name__}") from exc
        if not np.isfinite(said).all():
            raise SynthesisFailed("Kokoro gave no numbers.")
        return said


def _runner(graph: bytes | Path, threads: int) -> Run:
    """Load the network: by OpenVINO where it is installed and gains by it, else by ONNX Runtime."""
    if gains_by_openvino():
        from worker.speech import kokoro_openvino  # noqa: PLC0415 - as above

        log.info("natural voices are spoken by OpenVINO, in bfloat16")
        return kokoro_openvino.OpenVinoGraph(graph, threads=threads).run
    return run_in_floats(graph, threads)


def run_in_floats(graph: bytes | Path, threads: int) -> Run:
    """Load the network by ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_mem_pattern = (
        False  # it would plan, and keep, memory anew for each length: a gigabyte and more
    )
    # Threads that spin while they wait would take the cores from the pictures.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    choose, sound = (
        onnxruntime.InferenceSession(str(half), options, providers=["CPUExecutionProvider"])
        for half in halves(graph)
    )

    def run(inputs: Inputs, melody: Melody | None) -> NDArray[np.float32]:
        *chosen, frames = choose.run([*CHOSEN, FRAMES], inputs)
        given = dict(zip(CHOSEN.values(), sung(chosen, frames, melody), strict=True))
        (samples,) = sound.run(None, {**given, "style": inputs["style"]})
        return np.asarray(samples, np.float32).reshape(-1)

    return run


def speaker(language: str, gender: Gender) -> str:
    """Name who speaks a language."""
    woman, man = _NATIVE.get(language) or _LENT.get(language, _LENT_TO_OTHERS)
    return woman if gender == "female" else man


def accent(language: str, gender: Gender) -> Accent:
    """Tell whether a language is spoken by a voice that was trained in it."""
    lent = language not in _NATIVE or (language, gender) in _LENT_ALL_THE_SAME
    return "accented" if lent else "native"


def _parts(phonemes: str) -> list[str]:
    """Cut what is too long at a pause, else between words, else anywhere."""
    parts = []
    while len(phonemes) > _LONGEST:
        end = max(phonemes.rfind(mark, _LONGEST // 2, _LONGEST) for mark in _BREAKS[1:]) + 1
        end = end or phonemes.rfind(" ", _LONGEST // 2, _LONGEST) + 1 or _LONGEST
        parts.append(phonemes[:end].strip())
        phonemes = phonemes[end:].strip()
    return [*parts, phonemes]
