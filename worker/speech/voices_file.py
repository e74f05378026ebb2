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

    [[voice]]
    name = "anybody"
    language = ["en", "zh"]
    engine = "sherpa-onnx"
    folder = "/srv/voices/sherpa-onnx-zipvoice-distill-zh-en-emilia"
    template = true                         # speaks as any recording that an account has lent

They go before the voices that come with the worker, in their order; templates are no voices by themselves.
Paths are relative to the file.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
from msgspec import Meta

from spoken.languages import LANGUAGES
from worker.speech.clones import Template
from worker.speech.endpoint import EndpointVoice, Format
from worker.speech.errors import BadVoices
from worker.speech.port import SAMPLE_RATE, Engine, Gender, OwnVoice, Voice
from worker.speech.reference import Reference, read_reference
from worker.speech.sherpa import ZERO_SHOT, SherpaModel, SherpaVoice

_Maker = Callable[[Reference | None], Engine]

_Speed = Annotated[float, Meta(ge=0.25, le=4)]
_Language = Annotated[str, Meta(pattern=f"^({'|'.join(LANGUAGES)})$")]


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="engine"):
    """What every voice has.

    Attributes:
        name: that a buyer may name; no other voice has it. Voices of accounts are bound to that of a template.
        language: that it speaks; of a template there may be several.
        gender: of whoever speaks; a template has none.
        elderly: speaks for elderly avatars, before the others.
        multilingual: reads words in any script itself; else those of another go to a voice that can.
        speed: 1 is its own pace. Prices are predicted at the pace of the voices that come with the worker.
        sample: a recording of whoever it is to sound like, for an engine that takes one.
        sample_words: what is said in it.
        consent: how that person agreed; a sample needs it.
        template: it speaks like whatever recording an account lends, and has no sample itself.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    language: _Language | Annotated[tuple[_Language, ...], Meta(min_length=1)]
    gender: Gender | None = None
    elderly: bool = False
    multilingual: bool = False
    speed: _Speed = 1.0
    sample: str | None = None
    sample_words: str = ""
    consent: str = ""
    template: bool = False


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


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator brought, in the order of the file."""

    voices: tuple[OwnVoice, ...] = ()
    templates: tuple[Template, ...] = ()


def read_voices(path: Path, *, client: httpx.Client, env: Mapping[str, str]) -> Brought:
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
    brought: list[OwnVoice | Template] = []
    for entry in entries:
        try:
            like = _maker(entry, path.parent, client, env, load)
            brought.append(_template(entry, like) if entry.template else _voice(entry, like, path.parent))
        except BadVoices as exc:
            raise BadVoices(f"{path}: voice {entry.name!r}: {exc}") from exc
    templates = tuple(each for each in brought if isinstance(each, Template))
    names = [template.name for template in templates]
    if len({*names}) < len(names):
        raise BadVoices(f"{path}: two templates are named {max(names, key=names.count)!r}.")
    return Brought(voices=tuple(each for each in brought if isinstance(each, OwnVoice)), templates=templates)


def _maker(
    entry: _Endpoint | _Sherpa,
    folder: Path,
    client: httpx.Client,
    env: Mapping[str, str],
    load: Callable[..., SherpaModel],
) -> _Maker:
    """Load what an entry names; what makes an engine of it, that speaks like a recording where one is given."""
    match entry:
        case _Endpoint():
            return partial(_endpoint, entry, client, _api_key(entry, env))
        case _Sherpa():
            model = load(folder / entry.folder, threads=entry.threads)
            if entry.template and model.kind not in ZERO_SHOT:
                raise BadVoices(f"its model ({model.kind}) is no template: ZipVoice and Pocket are.")
            return partial(_sherpa, entry, model)


def _template(entry: _Endpoint | _Sherpa, like: _Maker) -> Template:
    if entry.sample is not None or entry.gender is not None or entry.elderly:
        raise BadVoices("a template speaks like whatever is lent: it has no `sample`, `gender` or `elderly`.")
    languages = (entry.language,) if isinstance(entry.language, str) else entry.language
    return Template(name=entry.name, languages=languages, engine=_engine(entry), like=like)


def _voice(entry: _Endpoint | _Sherpa, like: _Maker, folder: Path) -> OwnVoice:
    if not isinstance(entry.language, str):
        raise BadVoices("only a template has several languages: name each voice once for each.")
    if entry.gender is None:
        raise BadVoices("it needs a `gender`, or `template = true`.")
    voice = Voice(
        name=entry.name,
        language=entry.language,
        gender=entry.gender,
        elderly=entry.elderly,
        engine=_engine(entry),
    )
    return OwnVoice(voice=voice, engine=like(_reference(entry, folder)), multilingual=entry.multilingual)


def _engine(entry: _Endpoint | _Sherpa) -> str:
    return str(entry.__struct_config__.tag)


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


def _sherpa(entry: _Sherpa, model: SherpaModel, reference: Reference | None) -> SherpaVoice:
    return SherpaVoice(model, speaker=entry.speaker, speed=entry.speed, reference=reference)


def _api_key(entry: _Endpoint, env: Mapping[str, str]) -> str | None:
    if entry.api_key_env is None:
        return None
    if not (api_key := env.get(entry.api_key_env)):
        raise BadVoices(f"its key is to be in ${entry.api_key_env}, which is not set.")
    return api_key
