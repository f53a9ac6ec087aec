# The first stage builds dist/. The second contains only Node.js and dist/: no shell, no packages. Both base images are
# build arguments. Renovate pins them by digest and proposes new ones (renovate.json).
ARG BUILDER=docker.io/library/node:26.10.0-trixie-slim
ARG RUNTIME=gcr.io/distroless/nodejs26-debian13:latest

FROM --platform=$BUILDPLATFORM ${BUILDER} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY build.ts tsconfig.json ./
COPY src/ src/
COPY simulator/ simulator/
ARG REVISION=unknown
RUN REVISION="${REVISION}" npm run build
# An executable on PATH for `kubectl exec`. The image has no env, so the program names its Node.js.
RUN sed -i '1s|^#!.*|#!/nodejs/bin/node|' dist/main.js && mkdir bin && ln -s /app/main.js bin/sa-token-exporter

FROM ${RUNTIME}
COPY --from=build /build/dist/ /app/
COPY --from=build /build/bin/ /usr/local/bin/
COPY LICENSE /app/
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sa-token-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the ServiceAccount tokens of a Kubernetes node" \
      org.opencontainers.image.source="https://github.com/sa-token-exporter/sa-token-exporter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
# The flags below are those that src/runtime/ requires. With them, the process does not re-execute itself, so execve can
# be denied. Configuration is mounted in /etc/sa-token-exporter.
ENV MALLOC_ARENA_MAX=1
ENV MALLOC_MMAP_THRESHOLD_=131072
# Token files have many owners. Kubernetes grants capabilities only to UID 0, so the exporter is root with one of them.
USER 0
EXPOSE 9894
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=1", "--optimize-for-size", "--no-opt", "--no-maglev", \
            "--permission", "--allow-net", "--disable-sigusr1", "--no-experimental-sqlite", \
            "--disable-warning=ExperimentalWarning", "--disable-warning=DEP0169", \
            "--allow-fs-read=/app/*", \
            "--allow-fs-read=/var/lib/kubelet/pods/*", \
            "--allow-fs-read=/var/run/secrets/*", \
            "--allow-fs-read=/run/secrets/*", \
            "--allow-fs-read=/proc/self/fd", \
            "--allow-fs-read=/proc/self/limits", \
            "--allow-fs-read=/proc/self/mountinfo", \
            "--allow-fs-read=/proc/self/net/tcp", \
            "--allow-fs-read=/proc/self/net/tcp6", \
            "--allow-fs-read=/proc/self/status", \
            "--allow-fs-read=/etc/sa-token-exporter/*", \
            "/app/main.js"]
CMD ["serve"]
