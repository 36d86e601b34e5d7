import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  answerJson,
  answerMissing,
  type FakeApiServer,
  startFakeApiServer,
} from '../../runtime/kube/fake-api-server.ts';
import { type FakeTemporal, startFakeTemporal, updateResult } from '../../support/fake-temporal.ts';
import { callCli } from '../call.ts';

let server: FakeApiServer;
let temporal: FakeTemporal;
beforeEach(async () => {
  [server, temporal] = await Promise.all([startFakeApiServer(), startFakeTemporal()]);
  temporal.replies.set('UpdateWorkflowExecution', updateResult({ answer: 'Attempt 2 is written' }));
  vi.stubEnv('KUBECONFIG', server.kubeconfigPath);
  vi.stubEnv('TEMPORAL_ADDRESS', temporal.address);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nonexistent/temporal.toml');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all([server.close(), temporal.close()]);
});

const last = { verb: 'retry', actor: 'grace', reason: 'new disk', accepted: true, answer: 'a' };
const machine = (phase: string, reason: string, lastOperation: object = last) =>
  answerJson(200, {
    apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1',
    kind: 'BaremetalMachine',
    metadata: { namespace: 'default', name: 'm1', uid: 'uid-1', creationTimestamp: '2026-07-05T03:00:00Z' },
    spec: { machineInventoryPoolRef: { name: 'workers' } },
    status: {
      phase,
      lastOperation,
      conditions: [
        {
          type: 'Ready',
          status: phase === 'Running' ? 'True' : 'False',
          reason,
          message: `${phase} it is`,
          lastTransitionTime: '2026-07-05T03:59:00Z',
        },
      ],
    },
  });
const grace = answerJson(201, { status: { userInfo: { username: 'grace' } } });
const retry = (isTerminal: boolean, ...args: string[]) =>
  callCli(['retry', 'm1', '--reason', 'new disk', '--wait', ...args], { isTerminal });

it('waits, past what stood there before, until the machine runs, and tells a person each phase', async () => {
  const before = machine('Failed', 'PlanFailed', { ...last, reason: 'earlier' });
  server.next.push(grace, before, before, machine('Reprovisioning', 'PlanPending'), machine('Running', 'Ready'));
  const { code, out, complaint } = await retry(true);
  expect([code, out]).toEqual([0, 'Attempt 2 is written\nRunning · Ready: Running it is']);
  expect(complaint.split('\n')).toEqual([
    'Failed · PlanFailed · for 60m',
    'Reprovisioning · PlanPending · for 60m',
    'Running · Ready · for 60s',
  ]);
});

it('tells nothing on the way to a pipe, and fails where the machine is stuck again', async () => {
  server.next.push(grace, machine('Reprovisioning', 'PlanPending'), machine('Failed', 'PlanFailed'));
  server.otherwise = machine('Failed', 'PlanFailed');
  const { code, complaint } = await retry(false);
  expect([code, complaint]).toEqual([1, 'error: Failed · PlanFailed: Failed it is. It waits for an operator']);
});

it('ends with the machine, or with its time', async () => {
  server.next.push(grace, machine('Preparing', 'Deleting'));
  server.otherwise = answerMissing('m1');
  expect((await retry(false)).out).toContain('BaremetalMachine default/m1 is gone');
  server.next.push(grace);
  server.otherwise = machine('Reprovisioning', 'PlanPending');
  expect(await retry(false, '--timeout', '0s')).toMatchObject({
    code: 1,
    complaint: 'error: It is still Reprovisioning · PlanPending',
  });
  expect(await retry(false, '--timeout', 'soon')).toMatchObject({ code: 2 });
});
