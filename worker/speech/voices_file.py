"""The operator's own voices: a TOML file with a table for each.

    [[voice]]
    name = "en-bella"
    language = "en"
    gender = "female"
    engine = "openai"                       # an endpoint that has POST {url}/audio/speech
    url = "http://127.0.0.1:8880/v1"
    model = "kokoro"
    voice = "af_bella"

    [[voice]]
    name = "de-thorsten"
    language = "de"
    gender = "male"
    engine = "sherpa-onnx"                  # a model folder of that project
    folder = "/srv/voices/vits-piper-de_DE-thorsten-medium"

    [[voice]]
    name = "en-ann"
    language = "en"
    gender = "female"
    engine = "sherpa-onnx"                  # ZipVoice or Pocket: speaks as a recording does
    folder = "/srv/voices/sherpa-onnx-zipvoice-distill-zh-en-emilia"
    sample = "ann.wav"
    sample_words = "I have agreed that this voice speaks for you."
    consent = "Ann, by letter of 3 May"

They go before the voices that come with the worker, in their order. Paths are relative to the file.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
from msgspec import Meta

from spoken.languages import LANGUAGES
from worker.speech.endpoint import EndpointVoice, Format
from worker.speech.errors import BadVoices
from worker.speech.port import SAMPLE_RATE, Engine, Gender, OwnVoice, Voice
from worker.speech.reference import Reference, read_reference
from worker.speech.sherpa import SherpaModel, SherpaVoice

_Speed = Annotated[float, Meta(ge=0.25, le=4)]


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="engine"):
    """What every voice has.

    Attributes:
        name: that a buyer may name; no other voice has it.
        elderly: speaks for elderly avatars, before the others.
        multilingual: reads words in any script itself; else those of another go to a voice that can.
        speed: 1 is its own pace. Prices are predicted at the pace of the voices that come with the worker.
        sample: a recording of whoever it is to sound like, for an engine that takes one.
        sample_words: what is said in it.
        consent: how that person agreed; a sample needs it.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    language: Annotated[str, Meta(pattern=f"^({'|'.join(LANGUAGES)})$")]
    gender: Gender
    elderly: bool = False
    multilingual: bool = False
    speed: _Speed = 1.0
    sample: str | None = None
    sample_words: str = ""
    consent: str = ""


class _Endpoint(_Entry, frozen=True, kw_only=True, tag="openai"):
    """See `EndpointVoice`; `api_key_env` names the variable of the environment that has the key."""

    url: Annotated[str, Meta(pattern="^https?://")]
    model: str
    voice: str | None = None
    api_key_env: str | None = None
    response_format: Format = "pcm"
    pcm_rate: Annotated[int, Meta(ge=8_000, le=96_000)] = SAMPLE_RATE
    timeout_s: Annotated[float, Meta(gt=0, le=25)] = 20.0  # twice, and it is less than a render may be silent


class _Sherpa(_Entry, frozen=True, kw_only=True, tag="sherpa-onnx"):
    """See `SherpaModel`; `speaker` counts from 0."""

    folder: str
    speaker: Annotated[int, Meta(ge=0)] = 0
    threads: Annotated[int, Meta(ge=1)] = 2


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    voice: tuple[_Endpoint | _Sherpa, ...]


def read_voices(path: Path, *, client: httpx.Client, env: Mapping[str, str]) -> list[OwnVoice]:
    """Read the file and load the models that it names; no endpoint is asked for anything.

    Args:
        path: of the file.
        client: for endpoints; closed by the caller.
        env: has their keys.

    Raises:
        BadVoices: the file, a folder that it names or a key that it wants is not what it should be.
    """
    try:
        entries = msgspec.toml.decode(path.read_bytes(), type=_File).voice
    except (OSError, msgspec.DecodeError) as exc:
        raise BadVoices(f"{path}: {exc}") from exc
    load = cache(SherpaModel)
    voices = []
    for entry in entries:
        try:
            reference = _reference(entry, path.parent)
            engine: Engine
            match entry:
                case _Endpoint():
                    engine = _endpoint(entry, client, _api_key(entry, env), reference)
                case _Sherpa():
                    model = load(path.parent / entry.folder, threads=entry.threads)
                    engine = SherpaVoice(model, speaker=entry.speaker, speed=entry.speed, reference=reference)
        except BadVoices as exc:
            raise BadVoices(f"{path}: voice {entry.name!r}: {exc}") from exc
        voice = Voice(
            name=entry.name,
            language=entry.language,
            gender=entry.gender,
            elderly=entry.elderly,
            engine=str(entry.__struct_config__.tag),
        )
        voices.append(OwnVoice(voice=voice, engine=engine, multilingual=entry.multilingual))
    return voices


def _reference(entry: _Entry, folder: Path) -> Reference | None:
    if entry.sample is None:
        return None
    if not entry.consent.strip():
        raise BadVoices("its sample is somebody's voice: say in `consent` how that person agreed.")
    return read_reference(folder / entry.sample, entry.sample_words.strip())


def _endpoint(
    entry: _Endpoint, client: httpx.Client, api_key: str | None, reference: Reference | None
) -> EndpointVoice:
    if entry.voice is None and reference is None:
        raise BadVoices("it needs a `voice`, as the endpoint names it, or a `sample`.")
    return EndpointVoice(
        client,
        url=entry.url,
        model=entry.model,
        voice=entry.voice,
        reference=reference,
        api_key=api_key,
        response_format=entry.response_format,
        pcm_rate=entry.pcm_rate,
        speed=entry.speed,
        timeout_s=entry.timeout_s,
    )


def _api_key(entry: _Endpoint, env: Mapping[str, str]) -> str | None:
    if entry.api_key_env is None:
        return None
    if not (api_key := env.get(entry.api_key_env)):
        raise BadVoices(f"its key is to be in ${entry.api_key_env}, which is not set.")
    return api_key
