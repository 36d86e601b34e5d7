import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { capiMachines } from '../../api/resources.ts';
import { startLab } from '../../dev/lab/lab.ts';
import { readChangedSamples } from '../../dev/lab/samples.ts';
import { startProcess } from '../../dev/process/managed-process.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import { answersHttp, waitUntilReady } from '../../dev/process/ready.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Architecture } from './architectures.ts';
import { buildahEnv, createContainer, IMAGE, run } from './buildah.ts';

/** `/var/run` is a link to `/run`, and buildah, without namespaces, would follow it out of the container. */
const ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';
const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': z.string() }) })]),
  users: z.tuple([z.object({ user: z.object({ tokenFile: z.string() }) })]),
});
const mains = { worker: 'workers/main.ts', bridge: 'k8s-bridge/main.ts', console: 'console/main.ts' } as const;
type Kind = keyof typeof mains;
/** Whose account a process has; the console's shows the same. */
const accounts = { worker: 'worker', bridge: 'bridge', console: 'worker' } as const;

/** A namespace with one host, and processes of the image that look after it. */
export interface ImageSite extends AsyncDisposable {
  namespace: string;
  /** Runs a program in a new container of the image, as the Pod of a worker would; answers what it prints. */
  execute(program: string, ...args: readonly string[]): Promise<string>;
  /** Starts a process of the image and waits until it says that it is ready. */
  start(kind: Kind, told?: Readonly<Record<string, string>>): Promise<void>;
  /** Makes a Machine for the host, and waits until Cluster API says that it is Running. */
  bringUpMachine(): Promise<void>;
}

/**
 * @param host its name
 * @param emulator a program that runs those of this architecture on this machine, if it needs one; each command is one
 *   of `node` then
 * @param patienceMs for each wait
 */
export async function startImageSite(
  architecture: Architecture,
  { host, emulator, patienceMs }: { host: string; emulator?: string | undefined; patienceMs: number },
): Promise<ImageSite> {
  const namespace = `image-${randomUUID().slice(0, 6)}`;
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ironloom-image-'));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const lab = await startLab({ cluster: useStack(), namespace, clusterName: 'demo', hosts: [host] });
  starting.defer(() => lab.stop());
  const opened = starting.move();

  /** Arguments of buildah that run a command in a new container, as a Pod would be told what it is told. */
  async function inContainer(kind: Kind, told: Record<string, string>, command: readonly string[]): Promise<string[]> {
    const container = await createContainer(IMAGE, architecture);
    opened.defer(async () => void (await run('buildah', 'rm', container)));
    const variables = Object.entries({ ...tellPod(namespace), ...told }).map(
      ([name, value]) => `--env=${name}=${value}`,
    );
    const volumes = [`--volume=${await writeAccount(folder, kind)}:${ACCOUNT}:ro`];
    if (emulator === undefined) return ['run', ...volumes, ...variables, container, '--', ...command];
    volumes.push(`--volume=${emulator}:/emulator:ro`);
    return ['run', ...volumes, ...variables, container, '--', '/emulator', '/usr/local/bin/node', ...command.slice(1)];
  }

  async function start(kind: Kind, told: Readonly<Record<string, string>> = {}): Promise<void> {
    const [port] = await findFreePorts(1);
    const command = ['node', mains[kind]];
    const args = await inContainer(kind, { IRONLOOM_HEALTH_ADDRESS: `127.0.0.1:${port}`, ...told }, command);
    const service = startProcess({
      name: `image-${kind}`,
      command: ['buildah', ...args],
      logPath: join(folder, `${kind}.log`),
      env: buildahEnv,
      stopGraceSeconds: 20,
    });
    opened.defer(() => service.stop());
    await waitUntilReady(service, () => answersHttp(`http://127.0.0.1:${port}/readyz`), patienceMs);
  }

  async function bringUpMachine(): Promise<void> {
    await lab.apply(await readChangedSamples({ namespace, replicas: 1, hosts: [{ name: host }] }));
    const list = () => lab.client.list(capiMachines, { namespace });
    await waitFor(
      'the Machine is Running',
      async () => (await list()).items.some((item) => capiMachines.schema.parse(item).status?.phase === 'Running'),
      list,
      { timeoutMs: patienceMs },
    );
  }

  return {
    namespace,
    execute: async (...command) => run('buildah', ...(await inContainer('worker', {}, command))),
    start,
    bringUpMachine,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What the manifests tell a Pod. */
function tellPod(namespace: string): Record<string, string> {
  const { apiServerUrl, temporal } = useStack();
  const { hostname, port } = new URL(apiServerUrl);
  return {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    IRONLOOM_TASK_QUEUE: namespace,
    IRONLOOM_WATCH_NAMESPACE: namespace,
    IRONLOOM_LEASE_NAMESPACE: namespace,
  };
}

/** The folder that a kubelet mounts for the service account of a Pod. */
async function writeAccount(folder: string, kind: Kind): Promise<string> {
  const account = join(folder, kind);
  await mkdir(account, { recursive: true });
  const kubeconfig: unknown = JSON.parse(await readFile(useStack().kubeconfigs[accounts[kind]], 'utf8'));
  const { clusters, users } = kubeconfigSchema.parse(kubeconfig);
  await copyFile(users[0].user.tokenFile, join(account, 'token'));
  await writeFile(join(account, 'ca.crt'), Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64'));
  // Nobody is somebody else.
  await chmod(join(account, 'token'), 0o644);
  await chmod(folder, 0o755);
  return account;
}
