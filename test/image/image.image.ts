import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { capiMachines } from '../../api/resources.ts';
import { type Lab, startLab } from '../../dev/lab/lab.ts';
import { readChangedSamples } from '../../dev/lab/samples.ts';
import { type ManagedProcess, startProcess } from '../../dev/process/managed-process.ts';
import { findFreePorts } from '../../dev/process/ports.ts';
import { answersHttp, waitUntilReady } from '../../dev/process/ready.ts';
import { useStack } from '../support/stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { BASE, buildahEnv, buildBase, IMAGE, run, sizeOf } from './buildah.ts';

// The image of this checkout, made by `npm run image` on a base of Debian's packages and the pinned Node, with its
// processes against the local stack.
const namespace = `image-${randomUUID().slice(0, 6)}`;
/** `/var/run` is a link to `/run`, and buildah, without namespaces, would follow it out of the container. */
const ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';
const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': z.string() }) })]),
  users: z.tuple([z.object({ user: z.object({ tokenFile: z.string() }) })]),
});
const mains = { worker: 'workers/main.ts', bridge: 'k8s-bridge/main.ts' } as const;
let lab: Lab;
let folder: string;
const services: ManagedProcess[] = [];
const containers: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ironloom-image-'));
  await buildBase();
  await run('npm', 'run', '--silent', 'image', '--', `--base=${BASE}`, `--tag=${IMAGE}`);
  lab = await startLab({ cluster: useStack(), namespace, clusterName: 'demo', hosts: ['image-1'] });
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await lab?.stop();
  for (const container of containers) await run('buildah', 'rm', container);
  await rm(folder, { recursive: true, force: true });
});

/** Arguments of buildah that run a command in a new container of the image, as a Pod would be told what it is told. */
async function inContainer(kind: keyof typeof mains, env: Record<string, string>): Promise<string[]> {
  const container = await run('buildah', 'from', IMAGE);
  containers.push(container);
  const { apiServerUrl, temporal } = useStack();
  const { hostname, port } = new URL(apiServerUrl);
  const told = {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    IRONLOOM_TASK_QUEUE: namespace,
    IRONLOOM_WATCH_NAMESPACE: namespace,
    IRONLOOM_LEASE_NAMESPACE: namespace,
    ...env,
  };
  const variables = Object.entries(told).map(([name, value]) => `--env=${name}=${value}`);
  return ['run', `--volume=${await writeAccount(kind)}:${ACCOUNT}:ro`, ...variables, container, '--'];
}

/** The folder that a kubelet mounts for the service account of a Pod. */
async function writeAccount(kind: keyof typeof mains): Promise<string> {
  const account = join(folder, kind);
  await mkdir(account, { recursive: true });
  const kubeconfig: unknown = JSON.parse(await readFile(useStack().kubeconfigs[kind], 'utf8'));
  const { clusters, users } = kubeconfigSchema.parse(kubeconfig);
  await copyFile(users[0].user.tokenFile, join(account, 'token'));
  await writeFile(join(account, 'ca.crt'), Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64'));
  // Nobody is somebody else.
  await chmod(join(account, 'token'), 0o644);
  await chmod(folder, 0o755);
  return account;
}

async function startService(kind: keyof typeof mains): Promise<void> {
  const [port] = await findFreePorts(1);
  const args = await inContainer(kind, { IRONLOOM_HEALTH_ADDRESS: `127.0.0.1:${port}` });
  const service = startProcess({
    name: `image-${kind}`,
    command: ['buildah', ...args, 'node', mains[kind]],
    logPath: join(folder, `${kind}.log`),
    env: buildahEnv,
    stopGraceSeconds: 20,
  });
  services.push(service);
  await waitUntilReady(service, () => answersHttp(`http://127.0.0.1:${port}/readyz`), 120_000);
}

test('the image is at most 180 MB larger than its base', async () => {
  expect((await sizeOf(IMAGE)) - (await sizeOf(BASE))).toBeLessThanOrEqual(180);
});

test('worker and bridge of the image bring a machine up, and its CLI shows it', async () => {
  await Promise.all([startService('worker'), startService('bridge')]);
  await lab.apply(await readChangedSamples({ namespace, replicas: 1, hosts: [{ name: 'image-1' }] }));
  await waitFor(
    'the Machine is Running',
    async () => {
      const { items } = await lab.client.list(capiMachines, { namespace });
      return items.map((item) => capiMachines.schema.parse(item)).some(({ status }) => status?.phase === 'Running');
    },
    () => lab.client.list(capiMachines, { namespace }),
    { timeoutMs: 200_000 },
  );
  const listed = await run('buildah', ...(await inContainer('worker', {})), 'ironloom', 'get', 'machines');
  expect(listed).toContain('image-1');
});

test('its processes are nobody, who may write nothing of it', async () => {
  const args = await inContainer('worker', {});
  const script = `require('node:fs').accessSync('/app', 2)`;
  expect(await run('buildah', ...args, 'node', '-p', 'process.getuid()')).toBe('65532');
  await expect(run('buildah', ...args, 'node', '-e', script)).rejects.toThrow('EACCES');
});
