import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const toolNames = [
  'etcd',
  'kube-apiserver',
  'kube-controllers',
  'capi-core',
  'capi-kubeadm-bootstrap',
  'capi-kubeadm-control-plane',
  'clusterctl',
  'kubectl',
  'kustomize',
  'temporal',
  'workload-cluster',
] as const;
/** A program of the management cluster, or of the clusters that it manages, that is built from a pinned Go module. */
export type ClusterToolName = (typeof toolNames)[number];

/** Temporal as it runs in production, which only `npm run test:production` builds. */
export const productionToolNames = ['temporal-server', 'temporal-sql-tool', 'temporal-ui'] as const;

/** Cluster API's in-memory provider, which only `npm run bench -- rival` builds. */
export const rivalToolNames = ['capim'] as const;

export type ToolName = ClusterToolName | (typeof productionToolNames)[number] | (typeof rivalToolNames)[number];

interface ToolSource {
  /** Folder below dev/tools/ that holds go.mod and go.sum. */
  module:
    | 'etcd'
    | 'kubernetes'
    | 'kube-controllers'
    | 'kubectl'
    | 'cluster-api'
    | 'kustomize'
    | 'temporal'
    | 'temporal-server'
    | 'temporal-ui'
    | 'workload-cluster'
    | 'capim';
  /** Go import path of the main package; `.` is one of our own, beside go.mod. */
  package: string;
  /** Go module that gives the tool its version. */
  versionOf: string;
  /** Go's build tags. */
  tags?: string;
  /** The upstream program listens on all interfaces: build it with its webhook server bound to 127.0.0.1. */
  bindWebhooksToLoopback?: true;
  /** Its other servers do so, too, out of packages of its module: build it from a copy with all of them bound to 127.0.0.1. */
  bindServersToLoopback?: true;
}

const CLUSTER_API = 'sigs.k8s.io/cluster-api';
const KUBERNETES = 'k8s.io/kubernetes';
const KUSTOMIZE = 'sigs.k8s.io/kustomize/kustomize/v5';
const TEMPORAL_SERVER = 'go.temporal.io/server';
/** As Temporal's own releases: without the gRPC side of a client for Google's storage, an eighth of all packages. */
const TEMPORAL_TAGS = 'disable_grpc_modules';
const TEMPORAL_UI = 'github.com/temporalio/ui-server/v2';

const sources: Record<ToolName, ToolSource> = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3', versionOf: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': { module: 'kubernetes', package: `${KUBERNETES}/cmd/kube-apiserver`, versionOf: KUBERNETES },
  'kube-controllers': { module: 'kube-controllers', package: '.', versionOf: KUBERNETES },
  'capi-core': {
    module: 'cluster-api',
    package: `${CLUSTER_API}/core`,
    versionOf: CLUSTER_API,
    bindWebhooksToLoopback: true,
  },
  'capi-kubeadm-bootstrap': {
    module: 'cluster-api',
    package: `${CLUSTER_API}/bootstrap/kubeadm`,
    versionOf: CLUSTER_API,
    bindWebhooksToLoopback: true,
  },
  'capi-kubeadm-control-plane': {
    module: 'cluster-api',
    package: `${CLUSTER_API}/controlplane/kubeadm`,
    versionOf: CLUSTER_API,
    bindWebhooksToLoopback: true,
  },
  clusterctl: { module: 'cluster-api', package: `${CLUSTER_API}/cmd/clusterctl`, versionOf: CLUSTER_API },
  kubectl: { module: 'kubectl', package: `${KUBERNETES}/cmd/kubectl`, versionOf: KUBERNETES },
  kustomize: { module: 'kustomize', package: KUSTOMIZE, versionOf: KUSTOMIZE },
  temporal: {
    module: 'temporal',
    package: 'github.com/temporalio/cli/cmd/temporal',
    versionOf: 'github.com/temporalio/cli',
    tags: TEMPORAL_TAGS,
  },
  'temporal-server': {
    module: 'temporal-server',
    package: `${TEMPORAL_SERVER}/cmd/server`,
    versionOf: TEMPORAL_SERVER,
    tags: TEMPORAL_TAGS,
  },
  'temporal-sql-tool': {
    module: 'temporal-server',
    package: `${TEMPORAL_SERVER}/cmd/tools/sql`,
    versionOf: TEMPORAL_SERVER,
    tags: TEMPORAL_TAGS,
  },
  'temporal-ui': { module: 'temporal-ui', package: `${TEMPORAL_UI}/cmd/server`, versionOf: TEMPORAL_UI },
  'workload-cluster': { module: 'workload-cluster', package: '.', versionOf: `${CLUSTER_API}/test` },
  capim: {
    module: 'capim',
    package: `${CLUSTER_API}/test/infrastructure/docker`,
    versionOf: `${CLUSTER_API}/test`,
    bindServersToLoopback: true,
  },
};

/** All that decides what a built tool is. */
export interface Tool extends ToolSource {
  name: ToolName;
  /** Absolute folder of go.mod. */
  moduleDir: string;
  /** Pinned by go.mod, with its leading v. */
  version: string;
  /** The `go` directive of go.mod: the oldest Go that may build it. */
  minimumGo: string;
  ldflags: string;
  /** Changes with whatever changes the binary. */
  hash: string;
  /** Names a ready binary to be used instead of building one. */
  envVariable: string;
}

const toolsDir = fileURLToPath(new URL('./', import.meta.url));

/** Reads the pinned version of a tool. @throws when go.mod does not require its module */
export async function readTool(name: ToolName): Promise<Tool> {
  const source = sources[name];
  const moduleDir = `${toolsDir}${source.module}`;
  const goMod = await readFile(`${moduleDir}/go.mod`, 'utf8');
  const goSum = await readFile(`${moduleDir}/go.sum`, 'utf8');
  const version = moduleVersion(goMod, source.versionOf);
  const minimumGo = /^go (\S+)$/m.exec(goMod)?.[1];
  if (version === undefined || minimumGo === undefined) {
    throw new Error(`${moduleDir}/go.mod does not pin ${source.versionOf} and a Go version`);
  }
  const ldflags = source.versionOf === KUBERNETES ? kubernetesLdflags(version) : '-s -w';
  const hash = createHash('sha256')
    .update([goMod, goSum, ldflags, JSON.stringify(source), ...(await readGoFiles(moduleDir))].join('\0'))
    .digest('hex')
    .slice(0, 12);
  const envVariable = `IRONLOOM_TOOL_${name.toUpperCase().replaceAll('-', '_')}`;
  return { ...source, name, moduleDir, version, minimumGo, ldflags, hash, envVariable };
}

/** Our own source beside a go.mod; most tools have none. */
async function readGoFiles(moduleDir: string): Promise<string[]> {
  const files = (await readdir(moduleDir)).filter((file) => file.endsWith('.go')).toSorted();
  return Promise.all(files.map((file) => readFile(`${moduleDir}/${file}`, 'utf8')));
}

/** The version that a go.mod requires of a module, or undefined. */
export function moduleVersion(goMod: string, module: string): string | undefined {
  for (const line of goMod.split('\n')) {
    const [path, version] = line
      .replace(/^require\s+/, '')
      .trim()
      .split(/\s+/);
    if (path === module && version?.startsWith('v') === true) return version;
  }
  return undefined;
}

/** Without a linked-in version CAPI refuses the API server ("unsupported management cluster server version"). */
function kubernetesLdflags(version: string): string {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const variable = 'k8s.io/component-base/version';
  return `-s -w -X ${variable}.gitVersion=${version} -X ${variable}.gitMajor=${major} -X ${variable}.gitMinor=${minor}`;
}
