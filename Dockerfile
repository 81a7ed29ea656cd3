# Tallystick as an image: one for web, workers, sweeper, beat, migrations and the command line. It holds no secret, and
# runs as a user of its own on a file system that may be read-only. See docs/operations.md.

FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source

# What changes rarely comes first: packages, each pinned by hash, then the wheel of this repository.
COPY requirements-run.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/tallystick \
    && pip --python /opt/tallystick/bin/python install --require-hashes --no-deps -r requirements-run.lock \
    && pip install --require-hashes --no-deps -r requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY migrations migrations
COPY schemas schemas
COPY services services
COPY workers workers
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip --python /opt/tallystick/bin/python install --no-deps --no-index /wheels/*.whl


FROM python:3.11-slim

RUN groupadd --system --gid 10001 tallystick \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin tallystick \
    && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/tallystick
COPY --from=build /opt/tallystick /opt/tallystick

ENV PATH=/opt/tallystick/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TALLYSTICK_HOME=/var/lib/tallystick
USER 10001:10001
WORKDIR /
EXPOSE 8400

# Whether this process lives. Whether it can work, its database included, is asked at /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8400/healthz', timeout=2)"]

CMD ["gunicorn", "--worker-class", "services.web.server.Worker", "--workers", "2", "--threads", "8", \
     "--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--graceful-timeout", "20", "--bind", "0.0.0.0:8400", \
     "--preload", "services.web.app:from_environment()"]
