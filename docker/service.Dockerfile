# syntax=docker/dockerfile:1
# The service: sells videos. Build from the project's folder:
#   docker build -f docker/service.Dockerfile -t satspeak-service .

FROM python:3.12-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13 /uv /bin/
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# Dependencies change less often than code: their layer is kept when only code changes.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --no-install-project --extra service --extra live
COPY README.md LICENSE SECURITY.md CHANGELOG.md ./
COPY lightning lightning
COPY live live
COPY service service
COPY spoken spoken
COPY docs docs
COPY guide guide
# The guide is built with tools that the image does not keep, and becomes a part of the package.
RUN --mount=type=cache,target=/root/.cache/uv \
    UV_PROJECT_ENVIRONMENT=/tmp/docs uv run --frozen --no-dev --extra service --group docs python -m guide build
RUN --mount=type=cache,target=/root/.cache/uv \
    uv sync --frozen --no-dev --no-editable --extra service --extra live

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --create-home satspeak && install -d -o satspeak -g satspeak /data /objects
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 SATSPEAK_HOST=0.0.0.0 SATSPEAK_DATA_DIR=/data
USER satspeak
WORKDIR /data
VOLUME /data
EXPOSE 8010
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8010/health', timeout=4)"]
CMD ["python", "-m", "service"]
