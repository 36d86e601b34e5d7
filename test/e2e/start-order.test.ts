import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ManagementCluster, startManagementCluster } from '../../dev/stack/management-cluster.ts';
import { readLogTail } from '../../dev/process/managed-process.ts';
import { type Service, startService } from '../../dev/lab/services.ts';
import { waitFor } from '../support/wait-for.ts';

let cluster: ManagementCluster;

beforeAll(async () => {
  cluster = await startManagementCluster({ components: { controllerManager: false } });
});

afterAll(() => cluster.stop());

const env = { IRONLOOM_LEASE_NAMESPACE: 'default', IRONLOOM_TASK_QUEUE: 'start-order' };

test('worker and bridge wait for Temporal and Kubernetes, and end with code 0 when told to', async () => {
  await Promise.all([cluster.killProcess('temporal'), cluster.killProcess('kube-apiserver')]);
  const starting = (['worker', 'bridge'] as const).map((kind) => startService(cluster, { kind, name: kind, env }));
  const services = Promise.all(starting);
  // Seen by the test before anything is up again, or the order would not be the one that is tested.
  await Promise.all((['worker', 'bridge'] as const).map((kind) => untilLogged(kind, 'Waiting for Kubernetes')));
  await cluster.restartProcess('kube-apiserver');
  await Promise.all((['worker', 'bridge'] as const).map((kind) => untilLogged(kind, 'Temporal')));
  await cluster.restartProcess('temporal');
  for (const service of await services) await expectGracefulEnd(service);
});

async function untilLogged(name: string, words: string): Promise<void> {
  const tail = (): string => readLogTail(`${cluster.logs}/${name}.log`, 200);
  await waitFor(`${name} logs "${words}"`, () => tail().includes(words), tail);
}

async function expectGracefulEnd(service: Service): Promise<void> {
  await service.stop();
  expect(await service.exited, readLogTail(service.logPath)).toBe(0);
}

test.each(['../../workers/main.ts', '../../k8s-bridge/main.ts'])(
  '%s names every wrong variable at once',
  async (main) => {
    const wrong = {
      TEMPORAL_ADDRESS: 'not an address',
      IRONLOOM_HEALTH_ADDRESS: 'eighty',
      IRONLOOM_CLEAN_DEADLINE: 'soon',
      IRONLOOM_LOG_LEVEL: 'loud',
    };
    const path = fileURLToPath(new URL(main, import.meta.url));
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [path], { env: { ...process.env, ...wrong } }, (error, _stdout, output) => {
        resolve({ code: error?.code, stderr: output });
      });
    });
    expect(code).toBe(2);
    for (const name of Object.keys(wrong)) expect(stderr).toContain(`${name}:`);
  },
);
