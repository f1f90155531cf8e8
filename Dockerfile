# singer-crm with all that its plugins may need: tap-copper, target-crm and singer-crm. docs/operations.md says how to run it.
#
#   docker build --tag singer-crm .
#
# For a build that can be repeated, name the base by its digest:
#   --build-arg PYTHON=docker.io/library/python:3.13-slim-bookworm@sha256:…

ARG PYTHON=docker.io/library/python:3.13-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY . /source
RUN python -m venv /opt/singer-crm \
 && /opt/singer-crm/bin/pip install '/source[otel,parquet,postgres,redis]' \
 && /opt/singer-crm/bin/pip uninstall --yes pip

FROM ${PYTHON}
LABEL org.opencontainers.image.title="singer-crm" \
      org.opencontainers.image.description="tap-copper and target-crm: Singer plugins that read and write CRMs" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/singer-crm --shell /usr/sbin/nologin singer \
 && install --directory --owner=singer --group=singer --mode=0700 /var/lib/singer-crm
COPY --from=build /opt/singer-crm /opt/singer-crm
# The ledger's default place is below XDG_STATE_HOME: mount a volume there, or name a database in ledger_url.
ENV PATH=/opt/singer-crm/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    XDG_STATE_HOME=/var/lib/singer-crm
USER 10001:10001
WORKDIR /var/lib/singer-crm
VOLUME /var/lib/singer-crm
# The plugin is process 1 and handles this itself: give it 30 seconds (docker stop --time 30) to finish what it has sent.
STOPSIGNAL SIGTERM
# No ENTRYPOINT: the command names the plugin, such as target-crm --config /etc/singer-crm/config.json
CMD ["singer-crm", "--help"]
