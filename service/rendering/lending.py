"""Brings a worker what an account has of its own, before it is shown or spoken: avatars, backgrounds and voices."""

from service.catalogue.own import own_job, pack_object, voice_object
from service.errors import RenderRefused, VoiceAway
from service.jobs.names import background_name
from service.jobs.port import Objects
from service.rendering.port import Renderer

AVATAR_GONE = "The avatar of this video was deleted, so it cannot be made."
VOICE_AWAY = "No renderer that speaks with this voice answers now. It is tried again."
VOICE_GONE = "The voice of this was deleted, so it cannot be spoken."
BACKGROUND_GONE = "What was to stand behind the person was lost, so the video cannot be made."


async def lend(worker: Renderer, avatar: str | None, objects: Objects) -> None:
    """Bring it the pack, unless it has it; of no effect for avatars of the worker's own.

    Raises:
        RenderRefused: The avatar was deleted.
        WorkerDown: The worker cannot be reached.
    """
    job = own_job(avatar)
    if avatar is None or job is None:
        return
    try:
        await objects.size(pack_object(job))
        await worker.lend(avatar, lambda: objects.read(pack_object(job), 0, None))
    except FileNotFoundError as error:
        raise RenderRefused(AVATAR_GONE) from error


async def lend_voice(worker: Renderer, voice: str | None, objects: Objects) -> None:
    """Bring it a voice that speaks like a recording, unless it has it; of no effect for all other voices.

    Raises:
        RenderRefused: The voice was deleted.
        VoiceAway: The worker speaks with no such voice.
        WorkerDown: The worker cannot be reached.
    """
    job = own_job(voice)
    if voice is None or job is None:
        return
    if worker.clones is not None and not worker.clones:
        raise VoiceAway(VOICE_AWAY)
    try:
        await objects.size(voice_object(job))
        await worker.lend_voice(voice, lambda: objects.read(voice_object(job), 0, None))
    except FileNotFoundError as error:
        raise RenderRefused(VOICE_GONE) from error


async def lend_background(worker: Renderer, digest: str | None, objects: Objects) -> None:
    """Bring it the picture or film of a stage, unless it has it; of no effect where there is none.

    Raises:
        RenderRefused: It was lost.
        WorkerDown: The worker cannot be reached.
    """
    if not digest:
        return
    name = background_name(digest)
    try:
        await objects.size(name)
        await worker.lend_background(digest, lambda: objects.read(name, 0, None))
    except FileNotFoundError as error:
        raise RenderRefused(BACKGROUND_GONE) from error
