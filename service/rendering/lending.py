"""Brings a worker what an account has of its own, before it is to be shown: avatars, and what stands behind them."""

from service.catalogue.own import own_job, pack_object
from service.errors import RenderRefused
from service.jobs.names import background_name
from service.jobs.port import Objects
from service.rendering.port import Renderer

AVATAR_GONE = "The avatar of this video was deleted, so it cannot be made."
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
