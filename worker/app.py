"""The worker's composition root: the only file that builds its parts."""

import asyncio
import io
import os
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import cv2
import httpx
import structlog
from litestar import Litestar
from litestar.di import Provide

from worker.admission import Admission
from worker.avatars import Avatars, Pack
from worker.backgrounds import Backgrounds
from worker.batching import Batcher
from worker.cloning import Cloner
from worker.film_mattes import FilmMattes
from worker.intake import Intake
from worker.lent import Lent
from worker.lent_route import LENDING
from worker.lent_voices import LentVoices
from worker.live.desk import Desk, LiveSettings
from worker.live.idle import IdleGops
from worker.live.route import sessions
from worker.live.session import Studio
from worker.machine import cores, memory_bytes
from worker.matching import Matcher
from worker.memory import give_back, share_arenas
from worker.metrics import Metrics
from worker.model import LipModel
from worker.pipeline import Renderer
from worker.portrait_routes import PORTRAIT_HANDLERS
from worker.portraits import Studio as DrawingStudio
from worker.records import RenderRequest
from worker.routes import HANDLERS, PROBLEMS
from worker.samples import Samples
from worker.settings import Settings
from worker.speech import SAMPLE_RATE, Clones, OwnVoice, Speaker, read_voices
from worker.speech.clones import template_of
from worker.speech.kokoro import gains_by_openvino, keeps_up
from worker.speech.kokoro_weights import cache_folder, float_graph
from worker.speech.voices_file import Brought
from worker.threads import Threads, on

log = structlog.get_logger()

_MAX_BATCH_FRAMES = 24  # two GOPs; larger batches are no faster on a CPU and make everyone wait longer
_THREADS_OF_SESSION = 4  # one speaks, one draws, one reads a file, and one still speaks what was interrupted
_MB = 1_000_000


def create_app(settings: Settings) -> Litestar:
    """Load model, avatars and voices, and build the program around them.

    Raises:
        BadAssets, BadVoices, ProviderUnavailable: it cannot work with these settings.
    """
    _be_small()
    model = LipModel(settings.assets / "model", provider=settings.provider, threads=settings.threads)
    cache = settings.cache or cache_folder(os.environ)
    lent = Lent(cache / "lent", limit_bytes=settings.lent_mb * _MB, check=partial(_check_pack, model))
    backgrounds = Backgrounds(cache / "backgrounds", limit_bytes=settings.lent_mb * _MB)
    avatars = Avatars(settings.assets / "avatars", memory_bytes=settings.avatar_memory_mb * _MB, lent=lent)
    model.check(avatars.references())
    give_back()
    http = httpx.Client()
    brought = read_voices(settings.voices, client=http, env=os.environ) if settings.voices else Brought()
    lent_voices = LentVoices(
        cache / "lent-voices",
        limit_bytes=settings.lent_mb * _MB,
        speaks=lambda pack: template_of(brought.templates, pack) is not None,
    )
    clones = Clones(brought.templates, lent_voices.find)
    speech = _open_speaker(settings, brought.voices, clones)
    samples, matcher = Samples(speech, cache, brought.voices), Matcher(speech)
    metrics = Metrics()
    batcher = Batcher(
        metrics.measured(model.predict),
        max_frames=_MAX_BATCH_FRAMES,
        kind=lambda face: face.references.shape,
    )
    threads = Threads(max_renders=settings.max_renders)
    engine = {
        "model": model.description.name,
        "version": model.description.version,
        "provider": model.provider,
    }
    renderer = Renderer(
        avatars=avatars,
        backgrounds=backgrounds,
        speech=speech,
        batcher=batcher,
        graph=model.graph,
        threads=threads,
        metrics=metrics,
        engine=engine,
    )
    admission = Admission(
        max_renders=settings.max_renders,
        max_waiting=settings.max_waiting,
        max_wait_s=settings.max_wait_s,
    )
    _follow(metrics, admission, avatars)
    live = ThreadPoolExecutor(_THREADS_OF_SESSION * max(1, settings.live_sessions), "live")
    idle = IdleGops(memory_bytes=settings.live_idle_memory_mb * _MB)
    desk = Desk(
        avatars=avatars,
        graph=model.graph,
        studio=Studio(
            speech=speech,
            batcher=batcher,
            idle=idle,
            run=partial(on, live),
            engine=engine,
            rendered=metrics.live,
        ),
        settings=LiveSettings(
            sessions=settings.live_sessions,
            silence_s=settings.live_silence_s,
            wait_s=settings.live_wait_s,
            max_characters=settings.live_max_text_chars,
            max_bytes=settings.live_max_pcm_mb * _MB,
        ),
    )
    metrics.follow("live_sessions_active", "Live sessions.", lambda: desk.active)
    metrics.follow("live_idle_bytes", "Encoded footage at rest that is kept.", lambda: idle.bytes)
    drawing = DrawingStudio()
    intake = Intake(renderer, admission, max_pcm_bytes=settings.max_pcm_mb * _MB)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncGenerator[None, None]:
        serving = asyncio.create_task(batcher.run())
        serving.add_done_callback(_tell_if_it_died)
        forgetting = asyncio.create_task(lent_voices.watch())
        try:
            await _warm_up(renderer)
            avatars.forget()  # who was shown to nobody
            give_back()
            renderer.frames_rendered = 0  # those were for nobody
            log.info(
                "worker ready",
                provider=model.provider,
                networks=model.networks,
                cut=model.cut,
                avatars=len(list(avatars)),
                speech="kokoro" if speech.natural else "fast",
            )
            yield
        finally:
            forgetting.cancel()
            serving.cancel()
            await asyncio.wait({serving, forgetting})
            await drawing.close()
            threads.close()
            live.shutdown(wait=False, cancel_futures=True)
            model.close()
            await asyncio.to_thread(http.close)

    return Litestar(
        [*HANDLERS, *LENDING, *PORTRAIT_HANDLERS, sessions],
        dependencies={
            "backgrounds": Provide(lambda: backgrounds, sync_to_thread=False),
            "cloner": Provide(lambda: Cloner(clones), sync_to_thread=False),
            "clones": Provide(lambda: clones, sync_to_thread=False),
            "lent_voices": Provide(lambda: lent_voices, sync_to_thread=False),
            "admission": Provide(lambda: admission, sync_to_thread=False),
            "drawing": Provide(lambda: drawing, sync_to_thread=False),
            "desk": Provide(lambda: desk, sync_to_thread=False),
            "intake": Provide(lambda: intake, sync_to_thread=False),
            "lent": Provide(lambda: lent, sync_to_thread=False),
            "matcher": Provide(lambda: matcher, sync_to_thread=False),
            "metrics": Provide(lambda: metrics, sync_to_thread=False),
            "samples": Provide(lambda: samples, sync_to_thread=False),
            "renderer": Provide(lambda: renderer, sync_to_thread=False),
            "provider": Provide(lambda: model.provider, sync_to_thread=False),
        },
        exception_handlers=PROBLEMS,
        lifespan=[running],
        openapi_config=None,
        logging_config=None,
    )


def _be_small() -> None:
    """Take no more memory and threads than what is done here gains by."""
    share_arenas()
    # A mouth is small: sharing it out to threads costs more than it gains, and disturbs the encoders.
    cv2.setNumThreads(1)


def _follow(metrics: Metrics, admission: Admission, avatars: Avatars) -> None:
    """Have the metrics tell how renders go."""
    metrics.follow("renders_active", "Renders that run.", lambda: admission.active)
    metrics.follow("renders_waiting", "Renders that wait for their turn.", lambda: admission.waiting)
    metrics.follow("wait_seconds", "Estimated wait of one who comes now.", admission.wait_s)
    metrics.follow(
        "frames_per_second", "Pace of all renders together, lately.", lambda: admission.frames_per_s
    )
    metrics.follow(
        "footage_bytes",
        "Decoded footage, its mattes, and what the networks keep.",
        lambda: avatars.kept_bytes,
    )


def _check_pack(model: LipModel, pack: Pack, home: Path) -> None:
    """Refuse a pack whose mouths the networks do not know, or whose films are not what it says; raises BadAssets."""
    for emotion in pack.emotions.values():
        model.check(emotion.references())
        first = emotion.open(home)[0]
        if emotion.mattes:
            FilmMattes(home / emotion.mattes, emotion.frames, first.picture, filmed=emotion.lines)


def _tell_if_it_died(serving: asyncio.Task[None]) -> None:
    """Log why nothing is drawn any more; health tells it as well."""
    if not serving.cancelled() and (failure := serving.exception()):
        log.critical("network stopped", exc_info=failure)


def _open_speaker(settings: Settings, own: Sequence[OwnVoice], clones: Clones) -> Speaker:
    """Load the voices that the settings ask for; by `auto` the natural ones only where they can be had."""

    def natural(*, sparing: bool) -> Speaker:
        graph = float_graph(settings.cache or cache_folder(os.environ), sparing=sparing)
        return Speaker(own, natural=graph, threads=settings.threads, clones=clones)

    if settings.speech_engine == "kokoro":
        return natural(sparing=False)
    if settings.speech_engine == "auto":
        # Of a machine that several workers share, each has the cores that it may use.
        own_cores = min(cores(), settings.threads or cores())
        try:
            if keeps_up(own_cores, memory_bytes(), bfloat16=gains_by_openvino()):
                return natural(sparing=True)
        except Exception as exc:  # noqa: BLE001 - nobody asked for them, and the libraries share no base
            log.warning("natural voices cannot be had, the fast ones speak", reason=str(exc) or repr(exc))
    return Speaker(own, clones=clones)


async def _warm_up(renderer: Renderer) -> None:
    """Do everything once that is slow the first time, so that no buyer waits for it: a short video for nobody."""
    avatar = next(iter(renderer.avatars))
    for language in ("en", "de"):  # of the fast voices, the neural one and eSpeak NG
        request = RenderRequest(
            order="warm-up",
            avatar=avatar.name,
            emotion=next(iter(avatar.emotions)),
            sample_rate=SAMPLE_RATE,
            text="Hello.",
            language=language,
        )
        order = await renderer.accept(request, 0)
        async for _ in renderer.render(order, io.BytesIO()):
            pass
