import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { BaremetalMachine } from '../../api/machine.ts';
import type { MachineLife } from '../../domain/life/machine-life.ts';
import { operationUpdates } from '../../workflows/messages.ts';
import { untilPlanned } from './host-answers.ts';
import {
  beginOn,
  conditionOf,
  createBootstrapSecret,
  createMachine,
  createPool,
  deleteMachine,
  untilProvisioned,
  untilReason,
  untilJoined,
  waitForMachine,
} from './machines.ts';
import { untilWarning } from './object-events.ts';
import { refuseWrites } from './refusals.ts';
import { refOf, runOf } from './runs.ts';
import type { Site } from './site.ts';
import { untilRuns } from './trap-hosts.ts';
import { changeMembers } from './worker-groups.ts';

/** A phase of a machine's life in which somebody presses buttons. Machine, pool and host bear the same name. */
export interface ButtonPhase {
  /** Where its run is; the first one is where it gets to, the others those where a run that is held may be held, too. */
  stages: readonly MachineLife['stage']['kind'][];
  /** Leads a machine there. */
  begin(site: Site, name: string): Promise<void>;
  /** Lets its life go on. */
  release(site: Site, name: string): Promise<void>;
  /** It ends as a machine that runs a node, or its object goes and the host is clean. */
  end: 'running' | 'gone';
  /** The plans that the host has got in the end. */
  plans: readonly (string | undefined)[];
}

const provisioned = [undefined, 'reprovision'] as const;
const cleaned = [undefined, 'reprovision', 'clean'] as const;
const byHand = { actor: 'ada', reason: 'tried in a test' };

async function beginRunning(site: Site, name: string): Promise<void> {
  await beginOn(site, name);
  await untilJoined(site, name);
  await untilProven(site, name);
}

/** As a proof of its boot the host runs the plan once more. */
async function untilProven(site: Site, name: string): Promise<void> {
  await untilRuns(site.host(name), 2);
}

async function answer(site: Site, name: string): Promise<void> {
  site.host(name).neverAnswer(false);
}

async function ask(site: Site, name: string, verb: 'pause' | 'resume' | 'retry'): Promise<void> {
  await runOf(site, await refOf(site, name)).executeUpdate(operationUpdates[verb], { args: [byHand] });
}

const phases = {
  'waiting for a host': {
    stages: ['unclaimed'],
    async begin(site, name) {
      await createPool(site, name, []);
      await createMachine(site, { name, pool: name });
      await untilReason(site, name, 'InventoryAllocated', 'PoolExhausted');
    },
    release: (site, name) => changeMembers(site, name, [name]),
    end: 'running',
    plans: provisioned,
  },
  'waiting for bootstrap data': {
    stages: ['claimed'],
    async begin(site, name) {
      await beginOn(site, name, { userData: null });
      await untilReason(site, name, 'BootstrapReady', 'BootstrapWaiting');
    },
    release: (site, name) => createBootstrapSecret(site, { name }),
    end: 'running',
    plans: provisioned,
  },
  reprovisioning: {
    stages: ['reprovisioning'],
    async begin(site, name) {
      site.host(name).neverAnswer();
      await beginOn(site, name);
      await untilReason(site, name, 'PlanApplied', 'PlanPending');
    },
    release: answer,
    end: 'running',
    plans: provisioned,
  },
  'waiting for its Node': {
    stages: ['running'],
    async begin(site, name) {
      await beginOn(site, name, { userData: '#cloud-config\nruncmd: ["true"]\n' });
      await untilProvisioned(site, name);
      await untilProven(site, name);
      // Told on its own half a minute later, for the Node does not come.
      const isTold = (machine: BaremetalMachine) => conditionOf(machine, 'Booted')?.status === 'True';
      await waitForMachine(site, name, 'told to have booted', isTold);
    },
    release: deleteMachine,
    end: 'gone',
    plans: cleaned,
  },
  running: { stages: ['running'], begin: beginRunning, release: deleteMachine, end: 'gone', plans: cleaned },
  cleaning: {
    stages: ['cleaning'],
    async begin(site, name) {
      await beginRunning(site, name);
      site.host(name).neverAnswer();
      await deleteMachine(site, name);
      await untilPlanned(site, 'clean', [name]);
      await untilReason(site, name, 'PlanApplied', 'PlanPending');
    },
    release: answer,
    end: 'gone',
    plans: cleaned,
  },
  'waiting for an operator': {
    stages: ['reprovisioning'],
    async begin(site, name) {
      await site.host(name).failStep('elemental upgrade', 1);
      await beginOn(site, name);
      await untilReason(site, name, 'PlanApplied', 'PlanFailed');
      // elemental-operator says so of the host a moment later, and the pool of the name tells it.
      await untilWarning(site, name, 'MemberNotReady');
    },
    release: (site, name) => ask(site, name, 'retry'),
    end: 'running',
    plans: [...provisioned, 'reprovision'],
  },
  halted: {
    stages: ['claimed'],
    async begin(site, name) {
      lifts.set(name, await refuseWrites(site, name, 'secrets'));
      await beginOn(site, name);
      await untilReason(site, name, 'Ready', 'WriteRefused');
    },
    async release(site, name) {
      await lifts.get(name)?.();
      await ask(site, name, 'retry').catch((error: unknown) => {
        // It had tried again by itself.
        if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      });
    },
    end: 'running',
    plans: provisioned,
  },
  'paused by an operator, with a deletion': {
    stages: ['running', 'new'],
    async begin(site, name) {
      await beginRunning(site, name);
      await ask(site, name, 'pause');
      await deleteMachine(site, name);
      await waitForMachine(site, name, 'to be deleted', ({ metadata }) => metadata.deletionTimestamp !== undefined);
    },
    release: (site, name) => ask(site, name, 'resume'),
    end: 'gone',
    plans: cleaned,
  },
} satisfies Record<string, ButtonPhase>;

export const buttonPhases: Readonly<Record<string, ButtonPhase>> = phases;

/** What lifts the refusal of a halted machine, by its name; all of them are lifted when its file ends. */
export const lifts = new Map<string, () => Promise<void>>();
