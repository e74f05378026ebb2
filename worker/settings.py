"""What an operator can set, from `SATSPEAK_WORKER_…` in the environment or from options of the command."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from worker.model import Provider

SpeechEngine = Literal["auto", "kokoro", "fast"]

PREFIX = "SATSPEAK_WORKER_"

OTHERS = {"SATSPEAK_WORKER_URLS"}
"""What begins like ours and is the service's."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of the worker; the description of each is the help of its option."""

    host: Annotated[
        str, Meta(description="Address to listen on. The worker has no keys: keep it private.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")] = 8020
    assets: Annotated[Path, Meta(description="Folder with avatars/ and model/.")] = (
        Path(__file__).parent / "assets"
    )
    voices: Annotated[Path | None, Meta(description="TOML file of voices of your own.")] = None
    speech_engine: Annotated[
        SpeechEngine,
        Meta(
            description="Who speaks: kokoro naturally, fast at a thirtieth of the cost;"
            " auto is kokoro where that keeps up."
        ),
    ] = "auto"
    cache: Annotated[
        Path | None, Meta(description="Folder for what can be made again; by default ~/.cache/satspeak.")
    ] = None
    provider: Annotated[
        Provider, Meta(description="Where the network runs: auto takes cuda if there is one.")
    ] = "auto"
    threads: Annotated[int, Meta(ge=0, description="CPU threads of the network; 0 is one for each core.")] = 0
    max_renders: Annotated[int, Meta(ge=1, description="Renders at once.")] = 4
    max_waiting: Annotated[
        int, Meta(ge=0, description="Renders that wait for those; one more is told to come back.")
    ] = 8
    max_wait_s: Annotated[
        int, Meta(ge=0, description="Longest wait, in seconds; who would wait longer is told to come back.")
    ] = 30
    avatar_memory_mb: Annotated[
        int,
        Meta(
            ge=1,
            description="Megabytes of decoded footage to keep, and of what the network makes of its faces.",
        ),
    ] = 256
    lent_mb: Annotated[
        int,
        Meta(
            ge=64,
            description="Megabytes of avatars to keep that accounts have made, which a service has elsewhere, and as"
            " many of backgrounds and of voices.",
        ),
    ] = 1024
    max_pcm_mb: Annotated[
        int, Meta(ge=1, description="Megabytes of PCM a request may bring; 58 are half an hour at 16 kHz.")
    ] = 128
    live_sessions: Annotated[
        int, Meta(ge=0, description="Live sessions at once; 0 takes none. Two cores hold two that speak.")
    ] = 2
    live_silence_s: Annotated[
        int, Meta(ge=1, description="Seconds after which a live session ends whose client takes nothing.")
    ] = 30
    live_wait_s: Annotated[
        int, Meta(ge=1, description="Seconds after which a live session ends that waits for a word.")
    ] = 600
    live_max_text_chars: Annotated[
        int, Meta(ge=1, description="Characters of one text in a live session.")
    ] = 5_000
    live_max_pcm_mb: Annotated[
        int, Meta(ge=1, description="Megabytes of PCM that may wait to be shown in a live session.")
    ] = 16
    live_idle_memory_mb: Annotated[
        int, Meta(ge=1, description="Megabytes of encoded footage at rest to keep for live sessions.")
    ] = 32
    ray_replicas: Annotated[
        int, Meta(ge=1, description="On Ray (python -m worker.serve): workers, on all machines together.")
    ] = 1
    ray_cpus: Annotated[
        float, Meta(ge=0, description="On Ray: cores of each worker, and threads of its network.")
    ] = 2
    ray_gpus: Annotated[
        float, Meta(ge=0, description="On Ray: GPUs of each worker; 0.5 puts two on one.")
    ] = 0
    grace_s: Annotated[
        int, Meta(ge=0, description="Seconds that running renders get to finish after SIGTERM.")
    ] = 10

    @classmethod
    def from_env(cls, env: Mapping[str, str], **options: Any) -> "Settings":
        """Read settings; options that are not None win over the environment.

        Raises:
            msgspec.ValidationError: a value that does not fit, or a variable that is no setting; names it.
        """
        names = cls.__struct_fields__
        known = {PREFIX + name.upper() for name in names}
        for variable in sorted(env.keys() - known - OTHERS):
            if variable.startswith(PREFIX):
                near = difflib.get_close_matches(variable, known, n=1, cutoff=0)
                raise msgspec.ValidationError(f"{variable} is no setting. Did you mean {near[0]}?")
        values: dict[str, Any] = {name: env[key] for name in names if (key := PREFIX + name.upper()) in env}
        values |= {name: value for name, value in options.items() if value is not None}
        return msgspec.convert(values, cls, strict=False, dec_hook=_to_path)


def _to_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError
