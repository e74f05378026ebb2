"""Model folders of sherpa-onnx: the real runtime with a tiny model, whose words are tones."""

import shutil
from pathlib import Path

import httpx
import numpy as np
import pytest
import sherpa_onnx

from bench.loudness import loudness_lufs
from worker.speech import SAMPLE_RATE, BadVoices, Speaker, SynthesisFailed, read_voices
from worker.speech.reference import Reference
from worker.speech.sherpa import SherpaModel, SherpaVoice, _model_config

TINY = Path(__file__).parent / "data" / "voice"
ENTRY = """
[[voice]]
name = "{name}"
language = "en"
gender = "male"
engine = "sherpa-onnx"
folder = "{folder}"
"""


def tone(pcm: np.ndarray) -> float:
    """The strongest frequency in hertz."""
    spectrum = np.abs(np.fft.rfft(pcm.astype(float)))
    return float(spectrum.argmax() * SAMPLE_RATE / len(pcm))


@pytest.fixture
def make_speaker(tmp_path: Path):
    shutil.copytree(TINY, tmp_path / "tiny")

    def make(*entries: str) -> Speaker:
        (tmp_path / "voices.toml").write_text("".join(entries))
        with httpx.Client() as client:
            return Speaker(read_voices(tmp_path / "voices.toml", client=client, env={}).voices)

    return make


def speak(speaker: Speaker, text: str, voice: str) -> np.ndarray:
    chosen = speaker.choose(language=None, voice=voice, text=text, gender="male", elderly=False)
    return np.concatenate([part.pcm for part in speaker.speak(text, chosen)])


def test_a_model_folder_beside_the_file_speaks_at_our_rate_and_level(make_speaker):
    speaker = make_speaker(ENTRY.format(name="tiny", folder="tiny"))

    pcm = speak(speaker, "Two two two.", "tiny")

    assert abs(tone(pcm) - 200) < 3
    assert loudness_lufs(pcm / 32768, SAMPLE_RATE) == pytest.approx(-16, abs=1)


def test_speed_and_speaker_are_those_of_the_entry(make_speaker):
    usual, fast = ENTRY.format(name="a", folder="tiny"), ENTRY.format(name="b", folder="tiny") + "speed = 2"
    speaker = make_speaker(usual, fast)

    slow, quick = (speak(speaker, "three three three.", name) for name in ("a", "b"))

    pause = round(0.35 * SAMPLE_RATE)
    assert abs((len(slow) - pause) / (len(quick) - pause) - 2) < 0.2


def test_what_the_model_cannot_say_is_said_by_a_voice_of_ours(make_speaker):
    speaker = make_speaker(ENTRY.format(name="tiny", folder="tiny"))

    assert np.array_equal(speak(speaker, "Zebra", "en-male"), speak(speaker, "Zebra", "tiny"))


def test_a_speaker_that_the_model_lacks_is_an_error():
    with pytest.raises(SynthesisFailed, match="none is 7"):
        SherpaModel(TINY, threads=1).utter("one", speaker=7, speed=1)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (["en_US-joe-medium.onnx"], "vits"),
        (["model.onnx", "model.int8.onnx", "voices.bin", "lexicon-us-en.txt", "lexicon-zh.txt"], "kokoro"),
        (["model-steps-3.onnx", "vocos-22khz-univ.onnx"], "matcha"),
        (["model-steps-3.onnx", "hifigan_v2.onnx"], "matcha"),
        (
            ["encoder.onnx", "encoder.int8.onnx", "decoder.onnx", "vocos_24khz.onnx", "lexicon.txt"],
            "zipvoice",
        ),
        (["text_encoder.onnx", "fm_decoder.onnx", "vocos_24khz.onnx"], "zipvoice"),
    ],
)
def test_the_kind_of_a_folder_is_told_by_its_files(tmp_path, files, kind):
    for name in [*files, "tokens.txt"]:
        (tmp_path / name).touch()
    (tmp_path / "espeak-ng-data").mkdir()

    told, config = _model_config(sherpa_onnx, tmp_path, 1)

    models = {
        "vits": config.vits.model,
        "kokoro": config.kokoro.model,
        "matcha": config.matcha.acoustic_model,
        "zipvoice": config.zipvoice.encoder,
    }
    assert told == kind
    assert {kind: str(tmp_path / files[0])} == {name: model for name, model in models.items() if model}
    assert str(tmp_path / "espeak-ng-data") == getattr(config, kind).data_dir
    assert getattr(config, kind).lexicon.count("lexicon") == sum("lexicon" in name for name in files)


def test_a_pocket_folder_is_told_by_its_vocabulary_and_has_all_its_networks(tmp_path):
    for name in ("lm_flow.int8.onnx", "lm_main.int8.onnx", "encoder.onnx", "decoder.int8.onnx", "vocab.json"):
        (tmp_path / name).touch()

    with pytest.raises(BadVoices, match="text_conditioner"):
        _model_config(sherpa_onnx, tmp_path, 1)
    (tmp_path / "text_conditioner.onnx").touch()
    kind, config = _model_config(sherpa_onnx, tmp_path, 1)

    assert (kind, config.pocket.encoder) == ("pocket", str(tmp_path / "encoder.onnx"))


def test_a_recording_goes_with_the_text_where_a_model_takes_one(monkeypatch):
    reference = Reference(samples=np.zeros(3 * SAMPLE_RATE, np.float32), words="Hello.")
    model = SherpaModel(TINY, threads=1)
    with pytest.raises(BadVoices, match="takes no `sample`"):
        SherpaVoice(model, speaker=0, speed=1, reference=reference)

    monkeypatch.setattr(
        model, "kind", "zipvoice"
    )  # its call is the same; the tiny one overhears the recording
    with pytest.raises(BadVoices, match="name one by `sample`"):
        SherpaVoice(model, speaker=0, speed=1)
    with pytest.raises(BadVoices, match="sample_words"):
        SherpaVoice(model, speaker=0, speed=1, reference=Reference(samples=reference.samples))
    said = np.concatenate([*SherpaVoice(model, speaker=0, speed=1, reference=reference).utter("two two")])

    assert abs(tone(said) - 200) < 3


@pytest.mark.parametrize("missing", ["model.onnx", "tokens.txt"])
def test_a_folder_that_is_none_is_refused_with_its_name(make_speaker, tmp_path, missing):
    (tmp_path / "tiny" / missing).unlink()

    with pytest.raises(BadVoices, match=r"voices\.toml: voice 'x': .*tiny"):
        make_speaker(ENTRY.format(name="x", folder="tiny"))
