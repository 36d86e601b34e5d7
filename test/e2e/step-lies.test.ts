import { describe, expect } from 'vitest';
import { z } from 'zod';
import { machineWorkflowId } from '../../domain/life/run-id.ts';
import { readPending } from '../support/ui-calls.ts';
import { readFootprint, refOf } from '../support/runs.ts';
import { plansReceived } from '../support/host-answers.ts';
import { expectReleased } from '../support/hosts.ts';
import type { KubeWrite, Passage } from '../support/kube-gate.ts';
import {
  beginOn,
  conditionOf,
  createBootstrapSecret,
  deleteMachine,
  findMachine,
  untilGone,
  untilProvisioned,
} from '../support/machines.ts';
import { type Site, summarise } from '../support/site.ts';
import { gatedStack, siteTestOn } from '../support/site-test.ts';
import { buttons } from '../support/temporal-buttons.ts';
import { untilRuns } from '../support/trap-hosts.ts';
import { waitFor } from '../support/wait-for.ts';

// Somebody completes a step by hand, as done, while its write hangs: what is believed for a moment is not acted on.
const victim = 'sl-node';
const madeUpPlan = { attempt: 1, checksum: 'made-up', deadlineMs: 3_600_000, bootstrapHash: null };
const pending = { kind: 'pending' };
const writtenPlan = { kind: 'written', plan: { type: 'reprovision', ...madeUpPlan, progress: pending } };
const lies = {
  'sl-claim': {
    holds: ({ resource }) => resource === 'machineinventories',
    lie: claimOf(victim),
  },
  'sl-plan': {
    // So that the plan is a step of its own.
    bootstrapsLate: true,
    holds: ({ resource }) => resource === 'secrets',
    lie: writtenPlan,
  },
  'sl-both': {
    // A plan that is broken off alone would be the work of the next step.
    breaksOff: ({ resource }) => resource === 'baremetalmachines',
    holds: ({ resource }) => resource === 'secrets',
    lie: { ...claimOf('sl-both'), planned: { ...writtenPlan, image: 'registry.example/os:v1' } },
  },
  'sl-done': {
    // Nobody tells the run that it knows too much.
    ends: 'with another run',
    holds: ({ resource, body }) => resource === 'baremetalmachines' && providesId(body),
    lie: { kind: 'completed' },
  },
  'sl-clean': {
    deletes: true,
    holds: ({ resource }) => resource === 'secrets',
    lie: { kind: 'written', plan: { type: 'clean', ...madeUpPlan, progress: pending } },
  },
  'sl-release': {
    deletes: true,
    holds: ({ resource, body }) => resource === 'machineinventories' && JSON.stringify(body).includes('"Available"'),
    lie: { kind: 'released' },
  },
} satisfies Record<string, StepLie>;

interface StepLie {
  /** What it takes to make the run see; by default nothing. */
  ends?: 'with another run';
  /** The machine has a host before it has bootstrap data. */
  bootstrapsLate?: true;
  /** The step is one of a deletion. */
  deletes?: true;
  /** The write of the step that hangs. */
  holds: (write: KubeWrite) => boolean;
  /** The write without which the step is not done within its task, where nobody could complete it by hand. Default: that which hangs. */
  breaksOff?: StepLie['holds'];
  lie: object;
}

function claimOf(inventory: string) {
  const host = { inventory, hostname: inventory, planSecret: inventory, recorded: 'Allocated', addresses: [] };
  const kept = { pausedByOperator: false, avoidedHosts: [] };
  return { kind: 'claimTried', nodeJoinDeadlineMs: 60_000, kept, claim: { kind: 'claimed', host } };
}

/** With bootstrap data that comes when the host is there. */
async function beginLate(site: Site, name: string): Promise<void> {
  await beginOn(site, name, { userData: null });
  const waits = async () =>
    conditionOf(await findMachine(site, name), 'BootstrapReady')?.reason === 'BootstrapWaiting' || undefined;
  await waitFor(`${name} waits for its bootstrap data`, waits, () => summarise(site));
  await createBootstrapSecret(site, { name });
}

const specSchema = z.object({ spec: z.object({ providerID: z.string() }) });
const providesId = (body: unknown): boolean => specSchema.safeParse(body).success;

const armed = new Map<
  string,
  { breaksOff: StepLie['holds'] | undefined; holds: StepLie['holds']; onHeld: () => void }
>();

const test = siteTestOn(gatedStack(holdArmed), 'steplies', {
  hosts: [victim, ...Object.keys(lies)],
  env: { IRONLOOM_RESYNC_PERIOD: '3s' },
});

test.beforeAll(async ({ site }) => {
  await beginOn(site, victim);
  await untilProvisioned(site, victim);
  // As a proof of its boot the host runs the plan once more; after it nothing of it changes.
  await untilRuns(site.host(victim), 2);
});

function holdArmed(write: KubeWrite): Passage {
  const trap = armed.get(write.name);
  if (trap?.breaksOff?.(write) === true) {
    trap.breaksOff = undefined;
    return { kind: 'breakOff' };
  }
  if (trap?.holds(write) !== true || trap.breaksOff !== undefined) return { kind: 'pass' };
  armed.delete(write.name);
  return { kind: 'stopBefore', onStopped: trap.onHeld };
}

/** Waits until the step's write hangs, and says that the step is done. */
async function lieAbout(
  site: Site,
  name: string,
  { holds, breaksOff = holds, lie }: StepLie,
  act: () => Promise<void>,
): Promise<void> {
  const held = Promise.withResolvers<void>();
  armed.set(name, { breaksOff, holds, onHeld: held.resolve });
  await act();
  await held.promise;
  const machine = await refOf(site, name);
  const step = (await readPending(site, machine)).find(({ activityId }) => !activityId.startsWith('await-'));
  if (step === undefined) throw new Error(`No step of ${name} is under way`);
  const { activityId } = step;
  await site.temporal.activity.complete({ workflowId: machineWorkflowId(machine), activityId }, lie);
}

describe.concurrent('a step that is said to be done', () => {
  test.for(Object.entries<StepLie>(lies))(
    '%s harms no host, and the machine comes to its end',
    async ([name, lie], { site }) => {
      const before = await readFootprint(site, victim);
      if (lie.deletes === true) {
        await beginOn(site, name);
        await untilProvisioned(site, name);
        await lieAbout(site, name, lie, () => deleteMachine(site, name));
      } else {
        await lieAbout(site, name, lie, () =>
          lie.bootstrapsLate === true ? beginLate(site, name) : beginOn(site, name),
        );
        if (lie.ends !== undefined) await buttons['workflow: terminate']?.(site, await refOf(site, name));
        await waitFor(
          `${name} runs`,
          async () => {
            const found = (await site.machines()).find(({ metadata }) => metadata.name === name);
            return found?.status?.phase === 'Running' && found.spec.providerID === `baremetal:///${name}`;
          },
          () => summarise(site),
          { timeoutMs: 40_000 },
        );
        await deleteMachine(site, name);
      }
      await untilGone(site, name);
      await expectReleased(site, name);
      expect(plansReceived(site, name)).toEqual([undefined, 'reprovision', 'clean']);
      expect(await readFootprint(site, victim)).toEqual(before);
    },
  );
});

test('and no host had two owners or a plan of a stranger', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
