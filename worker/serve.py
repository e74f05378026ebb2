"""Workers on Ray Serve, on as many machines as the cluster has: `python -m worker.serve`.

Each replica is one worker as `python -m worker` runs it, with an address of its own; a front on the head of the cluster
passes requests on to them. Serve starts replicas where there is room, watches them and starts them anew. Its own proxy
is not used: it takes an answer in as fast as it is made, however slowly it is read, so that minutes of video would be
rendered for who may never see them. What a worker is set to, it reads from the environment of its machine.
"""

import asyncio
import math
import os
import signal
import threading
import time
from collections.abc import Collection

import click
import httpx
import msgspec
import structlog
from litestar import Litestar

# Read when Ray is imported: it tells its makers nothing, and runs what is installed. Else it would install all of
# this anew for each worker of a program that `uv run` has started.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")

import ray
from ray import serve
from ray.serve import Application
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle
from ray.util import get_node_ip_address

from worker.app import create_app
from worker.errors import WorkerError
from worker.front.app import create_front
from worker.program import listen, log_to_stderr, make_server
from worker.settings import Settings

_ON_HEAD = {"node:__internal_head__": 0.001}
_ASK_S = 5.0
_HEALTH_EVERY_S = 5
_STOP_S = 5  # beyond the grace
_LOGGING = {"enable_access_log": False}  # the front asks each where it is, again and again

log = structlog.get_logger()


class _Running:
    """A web server in a thread and event loop of its own, beside Ray's. A class since it is to be stopped."""

    def __init__(self, app: Litestar, *, host: str, port: int, grace_s: int) -> None:
        listener = listen(host, port)
        self.port = int(listener.getsockname()[1])
        self._server = make_server(app, grace_s=grace_s)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise WorkerError("It did not start. Its log has the reason.")
            time.sleep(0.05)

    async def stop(self) -> None:
        """Stop; what is under way gets its time to finish."""
        self._server.should_exit = True
        await asyncio.to_thread(self._thread.join)


class Replica:
    """One worker."""

    def __init__(self) -> None:
        log_to_stderr()
        settings = Settings.from_env(os.environ)
        cores = ray.get_runtime_context().get_assigned_resources().get("CPU", 0)  # type: ignore[no-untyped-call]
        settings = msgspec.structs.replace(settings, threads=settings.threads or math.ceil(cores))
        host = get_node_ip_address()  # type: ignore[no-untyped-call]
        self._running = _Running(create_app(settings), host=host, port=0, grace_s=settings.grace_s)
        self._url = f"http://{f'[{host}]' if ':' in host else host}:{self._running.port}"
        self._client = httpx.AsyncClient(timeout=_ASK_S)

    async def url(self) -> str:
        """Tell where it is."""
        return self._url

    async def check_health(self) -> None:
        """Be started anew where nothing is drawn any more; raises httpx.HTTPError."""
        (await self._client.get(f"{self._url}/health")).raise_for_status()

    async def __del__(self) -> None:
        await self._running.stop()


class Front:
    """The address of all of them."""

    def __init__(self, workers: DeploymentHandle[Replica]) -> None:
        log_to_stderr()
        settings = Settings.from_env(os.environ)

        async def urls() -> Collection[str]:
            try:
                told = await workers.broadcast("url").results_async(timeout_s=_ASK_S, return_exceptions=True)
            except RayServeException:  # there is none yet, or none any more
                return []
            return [url for url in told if isinstance(url, str)]

        app = create_front(settings, urls)
        self._running = _Running(app, host=settings.host, port=settings.port, grace_s=settings.grace_s)
        log.info("front listens", host=settings.host, port=self._running.port)

    async def port(self) -> int:
        """Tell where it listens."""
        return self._running.port

    async def __del__(self) -> None:
        await self._running.stop()


def application(args: dict[str, str]) -> Application:
    """Build what Serve runs; a Serve config file may give settings as `args`, such as `ray_replicas`."""
    settings = Settings.from_env(os.environ, **args)
    workers = serve.deployment(
        name="worker",
        num_replicas=settings.ray_replicas,
        ray_actor_options={"num_cpus": settings.ray_cpus, "num_gpus": settings.ray_gpus},
        health_check_period_s=_HEALTH_EVERY_S,
        logging_config=_LOGGING,
        graceful_shutdown_timeout_s=settings.grace_s + _STOP_S,
    )(Replica)
    front = serve.deployment(
        name="front",
        ray_actor_options={"num_cpus": 0, "resources": _ON_HEAD},
        graceful_shutdown_timeout_s=settings.grace_s + _STOP_S,
    )(Front)
    return front.bind(workers.bind())


def start() -> DeploymentHandle[Front]:
    """Start workers and front on the cluster that this process has joined; returns when all of them are ready.

    Raises:
        msgspec.ValidationError: a setting is wrong.
        RuntimeError: Serve cannot start them.
    """
    serve.start(proxy_location="Disabled")
    return serve.run(application({}), route_prefix=None)


@click.command()
def main() -> None:
    """Run workers on a Ray cluster behind one address: that of RAY_ADDRESS, this machine's, or a new one here.

    Settings are those of `python -m worker`, from the environment of each machine.
    """
    log_to_stderr()
    ray.init()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # after Ray, which has handlers of its own
        signal.signal(number, lambda *_: stopped.set())
    try:
        start()
    except msgspec.ValidationError as exc:
        raise click.ClickException(str(exc)) from exc
    log.info("workers ready")
    stopped.wait()
    serve.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    from worker import serve as imported  # noqa: PLW0406 - other machines know it by this name, not as `__main__`

    imported.main()
