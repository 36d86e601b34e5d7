# One image for worker, bridge and CLI; config/manager says which of them a Pod runs.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

# Runs on the machine that builds, whichever CPU the image is for: Temporal's package has the libraries of all of them,
# and nothing else of what stays is made for one.
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS build
ARG TARGETARCH
# The worker's Rust core knows no other certificate authorities than the system's, and slim images have none: TLS to
# Temporal then fails with NativeCertsNotFound (sdk-typescript #1258, #1584).
RUN [ -s /etc/ssl/certs/ca-certificates.crt ] \
    || { apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*; }
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts
COPY tsconfig.json ./
COPY activities activities
COPY api api
COPY cli cli
COPY console console
COPY domain domain
COPY journal journal
COPY k8s-bridge k8s-bridge
COPY reading reading
COPY runtime runtime
COPY workers workers
COPY workflows workflows
RUN node workers/bundle-main.ts > workflow-bundle.js
# The tool under its names; whoever has no kubectl of their own uses it in a Pod.
RUN mkdir bin && ln -s ../cli/ironloom.js bin/ironloom && ln -s ../cli/ironloom.js bin/kubectl-ironloom
COPY dev/image/prune-modules.ts /tmp/
RUN node /tmp/prune-modules.ts node_modules "${TARGETARCH}"

# Runs nothing: NODE_IMAGE may be one without a shell, and for another CPU than that of the machine that builds.
# buildah 1.28 takes the base of the stage before it, unless told the platform.
FROM --platform=${TARGETPLATFORM} ${NODE_IMAGE}
WORKDIR /app
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /app ./
ENV NODE_ENV=production \
    PATH=/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    IRONLOOM_WORKFLOW_BUNDLE=/app/workflow-bundle.js
USER 65532:65532
CMD ["node", "cli/main.ts", "--help"]
