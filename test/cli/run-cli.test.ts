import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import {
  type FakeTemporal,
  listOf,
  queryOfPaused,
  queryResult,
  readListQuery,
  readUpdate,
  startFakeTemporal,
  updateResult,
} from '../support/fake-temporal.ts';
import { answerJson, answerMissing, startFakeApiServer } from '../runtime/kube/fake-api-server.ts';
import { applyOperation } from '../../domain/life/operations.ts';
import { at, host, plan } from '../domain/life/life-fixtures.ts';
import { callCli } from './call.ts';

const runId = 'machine/lab/m1/uid-1';
const deadlineExceeded = 4;
const notFound = 5;
const failedPrecondition = 9;

let temporal: FakeTemporal;
beforeEach(async () => {
  temporal = await startFakeTemporal();
  temporal.replies.set('ListWorkflowExecutions', listOf(runId));
  vi.stubEnv('TEMPORAL_ADDRESS', temporal.address);
  vi.stubEnv('TEMPORAL_NAMESPACE', 'metal');
  vi.stubEnv('TEMPORAL_CONFIG_FILE', '/nonexistent/temporal.toml');
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('KUBECONFIG', '/nonexistent/kubeconfig');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await temporal.close();
});

const run = (...args: string[]) => callCli(args, { answerTimeoutMs: 500 });

describe('usage', () => {
  it('is explained on request', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    for (const command of [
      'get',
      'top',
      'explain',
      'show',
      'retry',
      'reallocate',
      'force-release',
      'pause',
      'resume',
    ]) {
      expect(out).toContain(`\n  ${command} `);
    }
    expect(out).toContain('TEMPORAL_ADDRESS');
  });

  it('has a version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: packageJson.version, complaint: '' });
  });

  it.each([
    ['an unknown command', ['retyr'], "unknown command 'retyr'"],
    ['no command', [], 'Usage: ironloom'],
    ['a verb without a reason', ['retry', 'lab/m1'], "required option '--reason <text>' not specified"],
    ['a machine that would change the query', ['show', "lab/m1' OR 'a"], 'no name of a BaremetalMachine'],
    ['two namespaces', ['show', 'lab/m1', '-n', 'other'], "'lab/m1' is not in namespace other"],
  ])('is refused with 2 for %s, before anybody is asked', async (_name, args, words) => {
    const { code, out, complaint } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(complaint).toContain(words);
    expect(temporal.lastRequest('ListWorkflowExecutions')).toHaveLength(0);
  });
});

describe('get machines, of Temporal alone', () => {
  it('prints nothing that deceives a terminal, whatever somebody called a workflow', async () => {
    temporal.replies.set('ListWorkflowExecutions', listOf('evil\u001B[2J\u202E'));
    const { out } = await run('get', 'machines');
    expect(out).toContain('evil\uFFFD[2J\uFFFD');
    expect(out).not.toContain('\u202E');
  });

  it('tells why Temporal refuses', async () => {
    temporal.replies.set('ListWorkflowExecutions', { code: 3, details: "column name 'IronloomPool' is not valid" });
    const { code, complaint } = await run('get', 'machines', '--pool', 'workers');
    expect(code).toBe(1);
    expect(complaint).toContain("error: 3 INVALID_ARGUMENT: column name 'IronloomPool' is not valid");
  });

  it('does not wait for a Temporal that is silent', async () => {
    temporal.replies.set('ListWorkflowExecutions', 'silence');
    const { code, complaint } = await run('get', 'machines');
    expect(code).toBe(1);
    expect(complaint).toContain(`error: Temporal at ${temporal.address} gave no answer within 1 s`);
  });
});

describe.each([
  ['get machines', ['get', 'machines']],
  ['show', ['show', 'lab/m1']],
  ['a verb', ['retry', 'lab/m1', '--reason', 'new disk']],
])('%s', (_name, args) => {
  it('names the address and the cause when Temporal is not reached', async () => {
    await temporal.close();
    const { code, complaint } = await run(...args);
    expect(code).toBe(1);
    expect(complaint).toContain(`error: Temporal at ${temporal.address} is not reached`);
    expect(complaint).toContain('ECONNREFUSED');
    temporal = await startFakeTemporal();
  });

  it('says so when Temporal lets nobody in', async () => {
    temporal.replies.set('GetSystemInfo', { code: 16, details: 'no such key' });
    const { code, complaint } = await run(...args);
    expect(code).toBe(1);
    expect(complaint).toContain(
      `error: Temporal at ${temporal.address} does not let us in: 16 UNAUTHENTICATED: no such key`,
    );
  });
});

describe('what a run is asked', () => {
  it('is shown', async () => {
    temporal.replies.set('QueryWorkflow', queryResult({ stage: { kind: 'running' } }));
    const { code, out } = await run('show', 'lab/m1', '-o', 'yaml');
    expect([code, out]).toEqual([0, `workflowId: ${runId}\nlife:\n  stage:\n    kind: running`]);
    const json = await run('show', 'lab/m1', '-o', 'json');
    expect(JSON.parse(json.out)).toEqual({ workflowId: runId, life: { stage: { kind: 'running' } } });
    expect(readListQuery(temporal.lastRequest('ListWorkflowExecutions'))).toContain("STARTS_WITH 'machine/lab/m1/'");
  });

  it('is told in its own words, with the verbs that make sense now', async () => {
    const failed = at({
      kind: 'reprovisioning',
      host: host('Unavailable'),
      plan: plan({ kind: 'failed', message: 'm' }),
    });
    const asked = applyOperation(failed, 'forceRelease', { actor: 'ada', reason: 'now' });
    temporal.replies.set('QueryWorkflow', queryResult(asked));
    const { out } = await run('show', 'lab/m1');
    expect(out.split('\n')).toEqual([
      runId,
      'Failed · Waits for an operator; see below.',
      '- Host: h',
      expect.stringMatching(/^- PlanApplied: PlanFailed The reprovision plan, attempt 1, on host h, failed: m\./),
      '- retry: Attempt 2 of the reprovision plan is written',
      '- reallocate: Host h is cleaned and given back; another one is claimed',
      '- pause: Nothing is written to the host any more until resume',
      expect.stringMatching(/^Last asked: forceRelease by ada \(now\), refused: Only a host/),
    ]);
    // Without Kubernetes this is the explanation that can be given.
    const explained = await run('explain', 'machine', 'lab/m1');
    expect(explained.out).toBe(out);
    expect(explained.complaint).toContain('note: Kubernetes cannot be asked');
    expect(await run('explain', 'host', 'lab/h')).toMatchObject({ code: 1 });
    temporal.replies.set('QueryWorkflow', queryResult(null));
    expect((await run('show', 'lab/m1')).out).toContain('It has not been told anything yet');
  });

  it('is answered in its own words, and knows who asks', async () => {
    temporal.replies.set('UpdateWorkflowExecution', updateResult({ answer: 'It is tried again' }));
    const { code, out } = await run('force-release', runId, '--reason', 'new disk');
    expect([code, out]).toEqual([0, 'It is tried again']);
    expect(readUpdate(temporal.lastRequest('UpdateWorkflowExecution'))).toEqual({
      name: 'forceRelease',
      argument: { actor: 'ada', reason: 'new disk' },
      workflowId: runId,
    });
  });

  it('is refused in its own words', async () => {
    temporal.replies.set('UpdateWorkflowExecution', updateResult({ refusal: 'Nothing has failed' }));
    const { code, complaint } = await run('retry', 'lab/m1', '--reason', 'x', '--actor', 'bob');
    expect([code, complaint]).toEqual([1, 'refused: Nothing has failed']);
    expect(readUpdate(temporal.lastRequest('UpdateWorkflowExecution')).argument).toMatchObject({ actor: 'bob' });
  });

  it.each([
    'silence',
    { code: deadlineExceeded, details: 'query timed out before a worker could process it' },
  ] as const)('is not answered without a worker (%o)', async (reply) => {
    temporal.replies.set('QueryWorkflow', reply);
    temporal.replies.set('UpdateWorkflowExecution', reply);
    const shown = await run('show', 'lab/m1');
    expect([shown.code, shown.complaint]).toEqual([
      1,
      `error: No worker answers for ${runId}. Does one run, with this Temporal namespace and its task queue?`,
    ]);
    const retried = await run('retry', 'lab/m1', '--reason', 'x');
    expect(retried.code).toBe(1);
    expect(retried.complaint).toContain(`No worker answers for ${runId}`);
    expect(retried.complaint).toContain('may still be carried out');
  });

  it('is not answered by a run that is paused in Temporal', async () => {
    const details = 'Workflow is paused. Cannot update the workflow.';
    temporal.replies.set('QueryWorkflow', queryOfPaused());
    temporal.replies.set('UpdateWorkflowExecution', { code: failedPrecondition, details });
    const shown = await run('show', 'lab/m1');
    expect([shown.code, shown.complaint]).toEqual([1, 'error: The run is paused in Temporal and tells nothing']);
    const retried = await run('retry', 'lab/m1', '--reason', 'x');
    expect(retried.code).toBe(1);
    expect(retried.complaint).toContain(details);
  });

  it('is asked of the machine that Kubernetes has, by its name in the namespace of the kubeconfig', async () => {
    const server = await startFakeApiServer();
    vi.stubEnv('KUBECONFIG', server.kubeconfigPath);
    const metadata = { namespace: 'default', name: 'm1', uid: 'uid-2' };
    const spec = { machineInventoryPoolRef: { name: 'workers' } };
    const object = { apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta1', kind: 'BaremetalMachine', metadata, spec };
    server.next.push(answerJson(201, { status: { userInfo: { username: 'grace' } } }), answerJson(200, object));
    temporal.replies.set('UpdateWorkflowExecution', updateResult({ answer: 'It is tried again' }));
    expect(await run('retry', 'm1', '--reason', 'x')).toMatchObject({ code: 0 });
    expect(readUpdate(temporal.lastRequest('UpdateWorkflowExecution'))).toEqual({
      name: 'retry',
      argument: { actor: 'grace', reason: 'x' },
      workflowId: 'machine/default/m1/uid-2',
    });
    expect(server.requests.at(-1)?.url.pathname).toContain('/namespaces/default/baremetalmachines/m1');
    expect(temporal.lastRequest('ListWorkflowExecutions')).toHaveLength(0);
    server.otherwise = answerMissing('m1');
    expect(await run('retry', 'lab/m1', '--reason', 'x')).toMatchObject({ code: 0 });
    expect(readUpdate(temporal.lastRequest('UpdateWorkflowExecution')).workflowId).toBe(runId);
    await server.close();
  });

  it('can be asked by Kubernetes alone while Temporal is away', async () => {
    const server = await startFakeApiServer();
    vi.stubEnv('KUBECONFIG', server.kubeconfigPath);
    await temporal.close();
    const { code, complaint } = await run('retry', 'm1', '--reason', 'new "disk"');
    expect(code).toBe(1);
    expect(complaint).toContain(
      String.raw`kubectl annotate bmm -n default m1 baremetal.alauda.io/operation="retry: new \"disk\""`,
    );
    await server.close();
    temporal = await startFakeTemporal();
  });

  it('needs a machine that has a run', async () => {
    temporal.replies.set('ListWorkflowExecutions', listOf());
    const { code, complaint } = await run('show', 'lab/nobody');
    expect(code).toBe(1);
    expect(complaint).toContain(
      "BaremetalMachine lab/nobody has no run in the task queue 'ironloom-machine-v1' of the Temporal namespace 'metal'",
    );
  });

  it('needs a run that is there', async () => {
    temporal.replies.set('UpdateWorkflowExecution', {
      code: notFound,
      details: 'workflow execution already completed',
    });
    const { code, complaint } = await run('retry', runId, '--reason', 'x');
    expect([code, complaint]).toEqual([1, 'error: The run cannot be asked: workflow execution already completed']);
  });
});
