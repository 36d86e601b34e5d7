# One image for worker, bridge and CLI; config/manager says which of them a Pod runs.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
# The image brings its own Node.js; the one among the dependencies is for checkouts.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node node_modules/node-bin-*
COPY tsconfig.json ./
COPY activities activities
COPY api api
COPY cli cli
COPY domain domain
COPY k8s-bridge k8s-bridge
COPY reading reading
COPY runtime runtime
COPY workers workers
COPY workflows workflows
RUN node workers/bundle-main.ts > workflow-bundle.js

FROM ${NODE_IMAGE}
WORKDIR /app
# The worker's Rust core knows no other certificate authorities than the system's, and slim images have none: TLS to
# Temporal then fails with NativeCertsNotFound (sdk-typescript #1258, #1584).
RUN [ -s /etc/ssl/certs/ca-certificates.crt ] || [ -s /etc/pki/tls/certs/ca-bundle.crt ] \
    || { apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*; }
COPY --from=build /app ./
ENV NODE_ENV=production \
    IRONLOOM_WORKFLOW_BUNDLE=/app/workflow-bundle.js
USER 65532:65532
CMD ["node", "cli/main.ts", "--help"]
