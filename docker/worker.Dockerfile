# syntax=docker/dockerfile:1
# The worker: renders videos, on the CPU or, with `--build-arg DEVICE=cuda`, on an NVIDIA GPU. Build from the
# project's folder:
#   docker build -f docker/worker.Dockerfile -t satspeak-worker .
# The image holds eSpeak NG and, in PyAV's wheel, x264: both are GPL, which binds who passes the image on.

FROM python:3.12-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13 /uv /bin/
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# Dependencies change less often than code: their layers are kept when only code changes.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --no-install-project --extra worker --extra faces --extra openvino --extra ray --extra sherpa
# ONNX Runtime for CUDA takes the place of the one for the CPU, never a place beside it, in the version that is
# locked. Its wheels bring CUDA and cuDNN: the host needs a driver and the NVIDIA Container Toolkit, no more.
ARG DEVICE=cpu
RUN --mount=type=cache,target=/root/.cache/uv \
    if [ "$DEVICE" = cuda ]; then \
        version="$(.venv/bin/python -c 'from importlib.metadata import version; print(version("onnxruntime"))')" \
        && uv pip uninstall onnxruntime \
        && uv pip install "onnxruntime-gpu[cuda,cudnn]==$version"; \
    fi
COPY README.md LICENSE ./
COPY worker worker
COPY faces faces
COPY spoken spoken
# Not `uv sync`, which would bring the CPU's ONNX Runtime back.
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install --no-deps .

FROM python:3.12-slim-bookworm
# OpenGL without a graphics card, for portraits.
RUN apt-get update && apt-get install -y --no-install-recommends libegl1 libgl1-mesa-dri \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home satspeak
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 SATSPEAK_WORKER_HOST=0.0.0.0 \
    RAY_USAGE_STATS_ENABLED=0
USER satspeak
WORKDIR /home/satspeak
EXPOSE 8020
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8020/health', timeout=4)"]
CMD ["python", "-m", "worker"]
