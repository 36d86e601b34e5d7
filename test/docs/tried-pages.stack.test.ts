import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { annotations } from '../../api/constants.ts';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { findInventory, untilAllocationState, untilPoolCounts } from '../support/hosts.ts';
import { conditionOf, createPool, findMachine, untilGone } from '../support/machines.ts';
import { refOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { waitFor } from '../support/wait-for.ts';
import {
  deployWorkers,
  isServing,
  listWorkers,
  untilRolledOut,
  untilWorkers,
  untilWorkersRun,
} from '../support/worker-groups.ts';
import { renderMachineTemplate } from '../support/worker-manifests.ts';
import { commandsBelow, fill, type Names } from './commands.ts';
import { readBlocks } from './page.ts';
import { openShell, type Shell } from './shell.ts';

// The commands of the pages as they stand there, one heading after the other, and what they show beneath them.
const racks = ['rack1-node01', 'rack1-node02', 'rack1-node03', 'rack4-node01', 'rack4-node02', 'rack5-node01'];
const host = 'dp-op';
const spare = 'dp-spare';
const test = siteTest('docs', { hosts: [...racks, host, spare] }).extend(
  'shell',
  { scope: 'file' },
  async ({ site }, { onCleanup }) => {
    const shell = await openShell(site);
    onCleanup(() => shell[Symbol.asyncDispose]());
    return shell;
  },
);

/** Runs what stands below a heading; a `text` block beneath it has to be in what was printed. Answers all of that. */
async function follow(shell: Shell, page: string, heading: string, names: Names, between = async () => {}) {
  const blocks = readBlocks(readFileSync(page, 'utf8')).filter((block) => block.heading === heading);
  let printed = '';
  for (const block of blocks.filter(({ note }) => note === undefined)) {
    if (block.language === 'text')
      expect(shapeOf(printed)).toEqual(expect.arrayContaining(shapeOf(fill(block, names))));
    if (block.language !== 'sh') continue;
    await between();
    printed = await shell.run(fill(block, names));
  }
  return printed;
}

/** The commands below a heading, one after the other: each waits for what the one before has done. */
function linesOf(page: string, heading: string, names: Names): string[] {
  return commandsBelow(page, heading, names).flatMap((block) => block.trim().split('\n'));
}

/** Lines without the width of their columns and without ages. */
function shapeOf(output: string): string[] {
  const lines = output.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
  return lines.filter((line) => line !== '').map((line) => line.replaceAll(/\b(\d+[dhms])+\b/g, 'AGE'));
}

describe('docs/guides/node-management.md', { timeout: 300_000 }, () => {
  const page = 'docs/guides/node-management.md';
  const group = 'workers';

  const namesOf = async (site: Site): Promise<Names> => {
    const machines = await listWorkers(site, group);
    const actual = machines.map(({ metadata }) => metadata.name);
    const shown = ['workers-x7k2p-4nqtz', 'workers-x7k2p-9hzlm', 'workers-x7k2p-tb6rd'];
    const pairs = shown.map((name, index) => [name, actual[index] ?? name] as const);
    return { ...Object.fromEntries(pairs), 'baremetal-demo': site.namespace };
  };

  test('Node management', async ({ site, shell }) => {
    await deployWorkers(site, { name: group, hosts: racks.slice(0, 3), replicas: 3 });
    await untilWorkersRun(site, group, 3);
    await follow(shell, page, 'Node management', await namesOf(site));
  });

  test('More nodes', async ({ site, shell }) => {
    await follow(shell, page, 'More nodes', await namesOf(site));
    await untilWorkersRun(site, group, 5);
  });

  test('Fewer nodes, any of them', async ({ site, shell }) => {
    await follow(shell, page, 'Fewer nodes, any of them', await namesOf(site));
    await untilWorkersRun(site, group, 3);
    await untilPoolCounts(site, group, { total: 5, allocated: 3, available: 2 });
  });

  test('These nodes', async ({ site, shell }) => {
    const names = await namesOf(site);
    await follow(shell, page, 'These nodes', names);
    const [left] = await untilWorkersRun(site, group, 1);
    expect(left?.metadata.name).toBe(names['workers-x7k2p-tb6rd']);
    await untilPoolCounts(site, group, { total: 5, allocated: 1, available: 4 });
  });

  test('A node that failed', async ({ site, shell }) => {
    const [only] = await listWorkers(site, group);
    const next = racks.find((rack) => rack !== only?.status?.machineInventoryRef?.name) ?? '';
    await site.host(next).failStep('elemental upgrade', 1);
    await shell.run('kubectl scale machinedeployment workers --replicas=2');
    const machines = await untilWorkers(site, group, 'one failed', (all) =>
      all.some(({ status }) => status?.phase === 'Failed'),
    );
    const failed = machines.find(({ status }) => status?.phase === 'Failed')?.metadata.name ?? '';
    await follow(shell, page, 'A node that failed', { 'workers-x7k2p-4nqtz': failed });
    await untilGone(site, failed);
    await untilWorkersRun(site, group, 2);
  });

  test('Another bootstrap configuration, another pool', async ({ site, shell }) => {
    await createPool(site, 'rack5', racks.slice(5));
    const template = await renderMachineTemplate(site, 'workers-rack5', 'rack5');
    await writeFile(join(shell.dir, 'workers-rack5.yaml'), JSON.stringify(template));
    await follow(shell, page, 'Another bootstrap configuration, another pool', await namesOf(site), async () => {
      if ((await listWorkers(site, group)).length > 1)
        await shell.run('kubectl scale machinedeployment workers --replicas=1');
    });
    await untilWorkers(site, group, 'one runs in rack 5', (all) => {
      const [machine] = all.filter(isServing);
      return all.length === 1 && machine?.spec.providerID === 'baremetal:///rack5-node01';
    });
  });

  test('Another Kubernetes version', async ({ site, shell }) => {
    const before = await listWorkers(site, group);
    await follow(shell, page, 'Another Kubernetes version', await namesOf(site));
    await untilRolledOut(site, group, before);
    const versions = (await site.capiMachines()).map(({ spec }) => spec.version);
    expect(versions).toEqual(['v1.35.0']);
  });
});

describe('docs/operations.md', { timeout: 300_000 }, () => {
  const page = 'docs/operations.md';

  test('What to do', async ({ site, shell }) => {
    await shell.run(`kubectl config set-context --current --namespace ${site.namespace}`);
    await site
      .host(host)
      .failStep('elemental upgrade', 5, { output: 'x509: certificate signed by unknown authority\n' });
    await deployWorkers(site, { name: 'ops', hosts: [host, spare], replicas: 1 });
    const [failed] = await untilWorkers(site, 'ops', 'it failed', (all) =>
      all.some(({ status }) => status?.phase === 'Failed'),
    );
    const name = failed?.metadata.name ?? '';
    const machine = await refOf(site, name);
    const names = { '<machine>': name, '<namespace>': site.namespace, '<id>': machineWorkflowId(machine) };
    for (const [index, line] of linesOf(page, 'What to do', names).entries()) {
      await shell.run(line);
      await waitFor(
        `attempt ${index + 2} failed, after: ${line}`,
        async () => {
          const message = conditionOf(await findMachine(site, name), 'PlanApplied')?.message ?? '';
          return (
            (await findMachine(site, name))?.status?.phase === 'Failed' && message.includes(`attempt ${index + 2}`)
          );
        },
        async () => (await findMachine(site, name))?.status,
        { timeoutMs: 60_000 },
      );
    }
  });

  const namesOf = async (site: Site): Promise<Names> => {
    const [machine] = await listWorkers(site, 'ops');
    const name = machine?.metadata.name ?? '';
    return {
      '<machine>': name,
      'bmm NAME': `bmm ${name}`,
      'machineinventory NAME': `machineinventory ${host}`,
      '<plan secret>': host,
    };
  };

  test('What to look at', async ({ site, shell }) => {
    const printed = await follow(shell, page, 'What to look at', await namesOf(site));
    expect(printed).toContain('"baremetal.alauda.io/allocation-state":"Unavailable"');
  });

  test('What a host said', async ({ site, shell }) => {
    const printed = await follow(shell, page, 'What a host said', await namesOf(site));
    expect(printed.split('certificate signed by unknown authority').length).toBeGreaterThan(2);
  });

  test('The tool', async ({ site, shell }) => {
    const names = { ...(await namesOf(site)), '<host>': spare, '<machinedeployment>': 'ops' };
    for (const line of linesOf(page, 'The tool', names)) await shell.run(line);
    expect(await shell.run('kubectl ironloom get machines -o name')).toContain(
      (await listWorkers(site, 'ops'))[0]?.metadata.name,
    );
    await untilAllocationState(site, spare, 'Available');
    expect((await listWorkers(site, 'ops'))[0]?.status?.phase).toBe('Running');
  });

  test('Hosts that nobody cleans', async ({ site, shell }) => {
    const states = ['Unavailable', 'Available'] as const;
    const lines = linesOf(page, 'Hosts that nobody cleans', { '<host>': spare });
    expect(lines).toHaveLength(states.length);
    for (const [index, line] of lines.entries()) {
      await shell.run(line);
      await untilAllocationState(site, spare, states[index] ?? 'Available');
      await waitFor(
        `nothing is asked of ${spare} any more`,
        async () => (await findInventory(site, spare))?.metadata.annotations[annotations.operation] === undefined,
      );
    }
  });
});
