import { afterAll, describe, expect } from 'vitest';
import type { MachineRef } from '../../domain/inputs/machine-snapshot.ts';
import { buttonPhases, lifts } from '../support/button-phases.ts';
import { readWorld, untilBack, untilEnd, waitsForHost } from '../support/button-world.ts';
import { letAnswer, plansReceived } from '../support/host-answers.ts';
import { expectReleased } from '../support/hosts.ts';
import { beginOn, deleteMachine, findMachine, untilGone, untilProvisioned, untilReason } from '../support/machines.ts';
import { untilWarning } from '../support/object-events.ts';
import { refOf } from '../support/runs.ts';
import type { Site } from '../support/site.ts';
import { siteTest } from '../support/site-test.ts';
import { buttons } from '../support/temporal-buttons.ts';
import { pauseActivity, pauseRun, readPending, unpauseRun } from '../support/ui-calls.ts';
import { waitFor } from '../support/wait-for.ts';
import { requestOperation } from '../support/trap-hosts.ts';

// Every button of the Temporal UI in every phase of a life: time may be lost, and no host is harmed.
const names = new Map(Object.keys(buttonPhases).map((phase, index) => [phase, `tb-${index}`]));

const test = siteTest('buttons', {
  hosts: [...names.values(), 'tb-held', 'tb-wait'],
  env: { IRONLOOM_RESYNC_PERIOD: '3s' },
});

afterAll(async () => {
  for (const lift of lifts.values()) await lift();
  lifts.clear();
});

describe.concurrent('a machine that is', () => {
  test.for([...names])(
    '%s is where it was after each button, and goes on to its end',
    // Two buttons take a run away, and each may cost a minute until another one is begun.
    { timeout: 360_000 },
    async ([label, name], { site }) => {
      const phase = buttonPhases[label];
      if (phase === undefined) throw new Error(`No phase ${label}`);
      await phase.begin(site, name);
      const machine = await refOf(site, name);
      const waits = await waitsForHost(site, machine);
      await untilBack(site, machine, phase, waits);
      const before = await readWorld(site, name);
      for (const [button, press] of Object.entries(buttons)) {
        await press(site, machine).catch((error: unknown) => {
          throw new Error(`${button}, ${label}: ${String(error)}`, { cause: error });
        });
        await untilBack(site, machine, phase, waits).catch((error: unknown) => {
          throw new Error(`After ${button}, ${label}: ${String(error)}`, { cause: error });
        });
        expect(await readWorld(site, name), button).toEqual(before);
      }
      await phase.release(site, name);
      await untilEnd(site, name, phase);
      expect(plansReceived(site, name)).toEqual(phase.plans);
      if (phase.end === 'gone') await expectReleased(site, name);
    },
  );
});

describe.concurrent('what happens while somebody holds', () => {
  test('a run that waits for its host (an answer, a verb, a deletion) is taken in when it goes on', async ({
    site,
  }) => {
    const name = 'tb-held';
    const machine = await beginOnSilent(site, name);
    // A run that has a task when it is paused never gets it, and is replaced.
    await untilWaits(site, machine);
    await pauseRun(site, machine);
    await letAnswer(site, [name]);
    await requestOperation(site, name, 'retry: it has answered');
    const told = await untilWarning(site, name, 'OperationWaiting');
    expect(told.message).toContain('paused');
    await deleteMachine(site, name);
    await untilWarning(site, name, 'PausedInTemporal');
    expect((await findMachine(site, name))?.status?.phase).toBe('Reprovisioning');
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
    await unpauseRun(site, machine);
    await untilGone(site, name);
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision', 'clean']);
    await expectReleased(site, name);
  });

  test('only the wait for a host: its answer counts at once', async ({ site }) => {
    const name = 'tb-wait';
    const machine = await beginOnSilent(site, name);
    await pauseActivity(site, machine, await untilWaits(site, machine));
    await letAnswer(site, [name]);
    await untilProvisioned(site, name);
    expect(plansReceived(site, name)).toEqual([undefined, 'reprovision']);
  });
});

async function beginOnSilent(site: Site, name: string): Promise<MachineRef> {
  site.host(name).neverAnswer();
  await beginOn(site, name);
  await untilReason(site, name, 'PlanApplied', 'PlanPending');
  return refOf(site, name);
}

/** Waits until the run has nothing to do but to wait for its host; answers the activity that waits. */
async function untilWaits(site: Site, machine: MachineRef): Promise<string> {
  const wait = async () => {
    const pending = (await readPending(site, machine)).map(({ activityId }) => activityId);
    return pending.length === 1 && pending.find((id) => id.startsWith('await-'));
  };
  return waitFor(`${machine.name} waits for its host`, wait, () => readPending(site, machine));
}

test('and no host had two owners or a plan of a stranger', ({ ledger }) => {
  expect(ledger.findBreaches()).toEqual([]);
});
