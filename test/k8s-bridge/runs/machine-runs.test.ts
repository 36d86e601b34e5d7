import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import { createMachineRuns } from '../../../k8s-bridge/runs/machine-runs.ts';

async function* nothing(): AsyncGenerator<never> {}

/** The queries with which open runs of the task queue are listed. */
async function queriesFor(taskQueue: string): Promise<(string | undefined)[]> {
  const client = new Client({ connection: Connection.lazy() });
  const list = vi
    .spyOn(client.workflow, 'list')
    .mockImplementation(() => Object.assign(nothing(), { intoHistories: nothing }));
  await createMachineRuns(client, taskQueue).listOpen();
  return list.mock.calls.map(([options]) => options?.query);
}

describe('listOpen', () => {
  it('asks for runs of its own task queue: others may be those of another management cluster', async () => {
    expect(await queriesFor('ironloom-east')).toEqual([expect.stringMatching(/ AND TaskQueue='ironloom-east' AND /)]);
  });

  it('quotes the name', async () => {
    expect(await queriesFor(String.raw`a' OR \'b`)).toEqual([expect.stringContaining(String.raw`='a\' OR \\\'b'`)]);
  });
});
