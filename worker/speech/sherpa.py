"""Voices of sherpa-onnx: model folders as its project publishes them, told apart by the files in them."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from worker.speech.errors import BadVoices, SynthesisFailed
from worker.speech.port import SAMPLE_RATE
from worker.speech.reference import Reference

ZERO_SHOT = ("zipvoice", "pocket")
"""Kinds of models that speak as a recording does."""

_POCKET = ("lm_flow", "lm_main", "encoder", "decoder", "text_conditioner")
_VOCODERS = ("vocos*.onnx", "hifigan*.onnx", "*vocoder*.onnx")


class SherpaModel:
    """A loaded folder; its speakers share it. Safe to use from several threads.

    Args:
        folder: VITS (Piper and others), Kokoro or Matcha; or ZipVoice or Pocket, which speak as a recording does.
        threads: of the CPU.

    Raises:
        BadVoices: sherpa-onnx is not installed, or this is no such folder.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        try:
            import sherpa_onnx  # noqa: PLC0415 - an extra: only who has such voices installs it
        except ImportError as exc:
            raise BadVoices("Voices of sherpa-onnx need it installed: satspeak[sherpa].") from exc
        self._sherpa = sherpa_onnx
        self.kind, model = _model_config(sherpa_onnx, folder, threads)
        config = sherpa_onnx.OfflineTtsConfig(
            model=model,
            rule_fsts=_joined(folder, "*.fst"),
            rule_fars=_joined(folder, "*.far"),
        )
        if not config.validate():
            raise BadVoices(f"{folder} is no model folder that sherpa-onnx can read; its reasons are above.")
        self._speaker = sherpa_onnx.OfflineTts(config)
        self._lock = threading.Lock()

    def utter(
        self, text: str, *, speaker: int, speed: float, reference: Reference | None = None
    ) -> NDArray[np.float32]:
        """Say a text at once; float32 mono at `SAMPLE_RATE`."""
        if speaker >= max(1, self._speaker.num_speakers):
            raise SynthesisFailed(f"The model has {self._speaker.num_speakers} speakers, none is {speaker}.")
        try:
            with self._lock:  # its front end is not said to bear two callers
                if reference is None:
                    said = self._speaker.generate(text, sid=speaker, speed=speed)
                else:
                    said = self._speaker.generate(text, self._like(reference, speed))
        except (IndexError, RuntimeError) as exc:  # what its C++ throws; a token that it lacks, say
            raise SynthesisFailed(f"sherpa-onnx: {type(exc).__name__}") from exc
        samples = np.asarray(said.samples, np.float32)
        return np.asarray(soxr.resample(samples, said.sample_rate or SAMPLE_RATE, SAMPLE_RATE), np.float32)

    def _like(self, reference: Reference, speed: float) -> Any:
        config = self._sherpa.GenerationConfig()
        config.speed = speed
        config.reference_audio = reference.samples
        config.reference_sample_rate = SAMPLE_RATE
        config.reference_text = reference.words
        return config


class SherpaVoice:
    """One speaker of a model, or whoever speaks in a recording.

    Raises:
        BadVoices: the model wants a recording, or its words, and has none; or takes none.
    """

    def __init__(
        self, model: SherpaModel, *, speaker: int, speed: float, reference: Reference | None = None
    ) -> None:
        if model.kind in ZERO_SHOT and reference is None:
            raise BadVoices(f"its model ({model.kind}) speaks as a recording does: name one by `sample`.")
        if model.kind not in ZERO_SHOT and reference is not None:
            raise BadVoices(f"its model ({model.kind}) takes no `sample`: ZipVoice and Pocket do.")
        if model.kind == "zipvoice" and reference is not None and not reference.words:
            raise BadVoices(
                "ZipVoice has to know what is said in the sample: write it down in `sample_words`."
            )
        self._model = model
        self._speaker = speaker
        self._speed = speed
        self._reference = reference

    def utter(self, text: str, *, speed: float = 1.0) -> Iterator[NDArray[np.float32]]:
        """Say a text; see `Engine.utter`."""
        yield self._model.utter(
            text, speaker=self._speaker, speed=self._speed * speed, reference=self._reference
        )


def _model_config(sherpa_onnx: Any, folder: Path, threads: int) -> tuple[str, Any]:
    """Tell of which kind a folder is, and describe it to sherpa-onnx."""
    if (folder / "vocab.json").exists():
        parts = {name: _part(folder, name) for name in _POCKET}
        pocket = sherpa_onnx.OfflineTtsPocketModelConfig(
            **parts,
            vocab_json=str(folder / "vocab.json"),
            token_scores_json=str(folder / "token_scores.json"),
        )
        return "pocket", sherpa_onnx.OfflineTtsModelConfig(pocket=pocket, num_threads=threads)
    tokens = folder / "tokens.txt"
    vocoder = next((path for pattern in _VOCODERS for path in sorted(folder.glob(pattern))), None)
    # Where there are two of a model, the one with whole numbers sounds worse.
    models = sorted(set(folder.glob("*.onnx")) - {vocoder}, key=lambda path: (".int8." in path.name, path))
    if not models or not tokens.exists():
        raise BadVoices(f"{folder} needs a model (*.onnx) and tokens.txt: is it a folder of sherpa-onnx?")
    common = {
        "tokens": str(tokens),
        "lexicon": _joined(folder, "lexicon*.txt"),
        "data_dir": _existing(folder / "espeak-ng-data"),
    }
    if (folder / "voices.bin").exists():
        voices = str(folder / "voices.bin")
        kokoro = sherpa_onnx.OfflineTtsKokoroModelConfig(model=str(models[0]), voices=voices, **common)
        return "kokoro", sherpa_onnx.OfflineTtsModelConfig(kokoro=kokoro, num_threads=threads)
    if vocoder and any("decoder" in path.name for path in models):
        zipvoice = sherpa_onnx.OfflineTtsZipvoiceModelConfig(
            encoder=_part(folder, "encoder"),
            decoder=_part(folder, "decoder"),
            vocoder=str(vocoder),
            **common,
        )
        return "zipvoice", sherpa_onnx.OfflineTtsModelConfig(zipvoice=zipvoice, num_threads=threads)
    if vocoder:
        matcha = sherpa_onnx.OfflineTtsMatchaModelConfig(
            acoustic_model=str(models[0]), vocoder=str(vocoder), **common
        )
        return "matcha", sherpa_onnx.OfflineTtsModelConfig(matcha=matcha, num_threads=threads)
    vits = sherpa_onnx.OfflineTtsVitsModelConfig(model=str(models[0]), **common)
    return "vits", sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=threads)


def _part(folder: Path, name: str) -> str:
    """Find a network of several; where there are two of it, the one with whole numbers sounds worse."""
    found = sorted(folder.glob(f"*{name}*.onnx"), key=lambda path: (".int8." in path.name, path))
    if not found:
        raise BadVoices(f"{folder} lacks its {name} (*.onnx).")
    return str(found[0])


def _joined(folder: Path, pattern: str) -> str:
    return ",".join(str(path) for path in sorted(folder.glob(pattern)))


def _existing(path: Path) -> str:
    return str(path) if path.exists() else ""
