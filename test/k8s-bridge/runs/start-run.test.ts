import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { goneSnapshot } from '../../../domain/inputs/snapshot-builder.ts';
import { createMachineRuns } from '../../../k8s-bridge/runs/machine-runs.ts';
import { type FakeTemporal, readStartAttributes, started, startFakeTemporal } from '../../support/fake-temporal.ts';

const START = 'SignalWithStartWorkflowExecution';
const invalidArgument = 3;
const machine = { namespace: 'lab', name: 'm1', uid: 'u1' };
const labels = { cluster: 'demo', pool: 'workers' };

let temporal: FakeTemporal;
let connection: Connection;
beforeEach(async () => {
  temporal = await startFakeTemporal();
  connection = await Connection.connect({ address: temporal.address });
});
afterEach(async () => {
  await connection.close();
  await temporal.close();
});

/** Tells a machine's run of a Temporal that takes only starts with these attributes; answers what it took. */
async function observe(takes: (names: string[]) => string | undefined, isUsable = (_name: string) => true) {
  const taken: string[][] = [];
  const refusals: string[] = [];
  temporal.replies.set(START, (request) => {
    const names = readStartAttributes(request);
    const refusal = takes(names);
    if (refusal !== undefined) return { code: invalidArgument, details: refusal };
    taken.push(names);
    return started();
  });
  const attributes = { isUsable, noteRefused: (why: string) => void refusals.push(why) };
  const runs = createMachineRuns(new Client({ connection }), 'queue', attributes);
  const outcome = await runs.observe(machine, goneSnapshot(undefined), labels).then(
    () => 'told' as const,
    (error: unknown) => error,
  );
  return { outcome, taken, refusals };
}

describe('a start', () => {
  it('carries what a run can be found by', async () => {
    const { outcome, taken, refusals } = await observe(() => undefined);
    expect([outcome, taken, refusals]).toEqual(['told', [['IronloomCluster', 'IronloomPool']], []]);
  });

  it('leaves out what the namespace does not have', async () => {
    const takes = (names: string[]) =>
      names.includes('IronloomPool') ? 'no mapping defined for search attribute' : undefined;
    const { outcome, taken, refusals } = await observe(takes, (name) => name !== 'IronloomPool');
    expect([outcome, taken, refusals]).toEqual(['told', [['IronloomCluster']], []]);
  });

  it.each([
    'Namespace metal has no mapping defined for search attribute IronloomPool',
    'invalid value for search attribute IronloomPool of type Int: workers',
  ])('goes on without any that Temporal refuses: %s', async (refusal) => {
    const { outcome, taken, refusals } = await observe((names) => (names.length > 0 ? refusal : undefined));
    expect([outcome, taken, refusals]).toEqual(['told', [[]], [refusal]]);
  });

  it('is not repeated when it is refused for another reason', async () => {
    const { outcome, taken, refusals } = await observe(() => 'WorkflowId is too long');
    expect([outcome, taken, refusals]).toEqual([expect.any(Error), [], []]);
  });
});
