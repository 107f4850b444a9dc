# The appliance as a container image; `npm run image` builds it, docs/image.md tells the rest.
#
#   BASE        the image it stands on: Debian-like (glibc, sh, setsid), with Node 24 in its PATH
#   BUILD_BASE  the image that fetches packages: as BASE, with npm besides
#   VERSION, COMMIT, CREATED   what the labels and /version say
#
# Secrets of the build, both optional and in no layer: `npmrc` (a mirror and its login), `ca` (its authority).

ARG BASE=node:24-bookworm-slim
ARG BUILD_BASE=${BASE}

# Production packages, less what this platform cannot use.
FROM ${BUILD_BASE} AS packages
WORKDIR /opt/sallyport
COPY config/node-version.js config/
COPY scripts/image/check-base.sh scripts/image/check-base.js scripts/image/
RUN sh scripts/image/check-base.sh BUILD_BASE
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --omit=dev --omit=optional --ignore-scripts --cache /tmp/npm && rm -rf /tmp/npm
COPY scripts/image/prune-packages.ts scripts/image/
RUN node scripts/image/prune-packages.ts node_modules

# Everything in its final place, compiled once by the Node that will run it.
FROM ${BASE} AS assembled
WORKDIR /opt/sallyport
COPY config/node-version.js config/
COPY scripts/image/check-base.sh scripts/image/check-base.js scripts/image/
RUN sh scripts/image/check-base.sh BASE
COPY --from=packages /opt/sallyport/node_modules node_modules
COPY package.json ./
COPY config config
COPY installer installer
COPY migrations migrations
COPY server server
COPY scripts/image/warm-compile-cache.js /run/warm/
COPY scripts/image/inside scripts/image/inside
ARG COMMIT=unknown
RUN printf '{ "commit": "%s" }\n' "$COMMIT" >build.json && \
    rm scripts/image/check-base.* && \
    node /run/warm/warm-compile-cache.js /opt/sallyport && \
    chmod -R u=rwX,go=rX . && chmod 755 scripts/image/inside/init.sh installer/sallyport.js && \
    mkdir -p /rootfs/opt /rootfs/usr/local/bin /rootfs/var/lib && \
    mv /opt/sallyport /rootfs/opt/ && \
    ln -s /opt/sallyport/installer/sallyport.js /rootfs/usr/local/bin/sallyport && \
    install -d -o 10001 -g 0 -m 2770 /rootfs/var/lib/sallyport

FROM ${BASE} AS production
COPY --from=assembled /rootfs/ /
ARG BASE
ARG VERSION=unknown
ARG COMMIT=unknown
ARG CREATED
LABEL org.opencontainers.image.title="Sallyport" \
      org.opencontainers.image.description="Self-hosted appliance for biometric identity, payments and KYC" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.licenses="UNLICENSED"
# The last as in installer/runtimes/server-environment.ts.
ENV NODE_ENV=production HOME=/tmp MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /var/lib/sallyport
# A number, so that Kubernetes can see that it is not root; any other UID with group 0 works too.
USER 10001:0
VOLUME /var/lib/sallyport
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "/opt/sallyport/scripts/image/inside/healthcheck.js"]
ENTRYPOINT ["/opt/sallyport/scripts/image/inside/init.sh", "/opt/sallyport/scripts/image/inside/serve.js"]
CMD ["all"]

# The same with the world outside simulated, for a look or a rehearsal: `npm start` in a container.
FROM production AS evaluation
COPY simulators /opt/sallyport/simulators
COPY scripts/check-node.js scripts/start.ts scripts/verify-ledger.ts /opt/sallyport/scripts/
COPY scripts/evaluation /opt/sallyport/scripts/evaluation
COPY scripts/verify-ledger /opt/sallyport/scripts/verify-ledger
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "/opt/sallyport/scripts/image/inside/healthcheck.js", "--url", "http://127.0.0.1:8080"]
ENTRYPOINT ["/opt/sallyport/scripts/image/inside/init.sh", "/opt/sallyport/scripts/start.ts"]
CMD ["--data", "/var/lib/sallyport"]
