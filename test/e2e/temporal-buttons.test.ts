import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buttonPhases, lifts, readWorld, untilBack, untilEnd, waitsForHost } from '../support/button-phases.ts';
import { deployCluster } from '../support/clusters.ts';
import { plansReceived } from '../support/host-answers.ts';
import { expectReleased } from '../support/hosts.ts';
import { openOwnershipLedger, type OwnershipLedger } from '../support/ownership-ledger.ts';
import { refOf } from '../support/runs.ts';
import { type Site, startSite } from '../support/site.ts';
import { useStack } from '../support/stack.ts';
import { buttons } from '../support/temporal-buttons.ts';

// Every button of the Temporal UI in every phase of a life: time may be lost, and no host is harmed.
const names = new Map(Object.keys(buttonPhases).map((phase, index) => [phase, `tb-${index}`]));

let site: Site;
let ledger: OwnershipLedger;
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  site = await startSite('buttons', {
    hosts: [...names.values()],
    replicas: 0,
    env: { IRONLOOM_RESYNC_PERIOD: '3s' },
  });
  opened.defer(() => site.close());
  ledger = await openOwnershipLedger(site);
  opened.defer(() => ledger.stop());
  await deployCluster(site, useStack());
  opened.defer(async () => {
    for (const lift of lifts.values()) await lift();
    lifts.clear();
  });
});

afterAll(() => opened.disposeAsync());

describe.concurrent('a machine that is', () => {
  test.each([...names])('%s is where it was after each button, and goes on to its end', async (label, name) => {
    const phase = buttonPhases[label];
    if (phase === undefined) throw new Error(`No phase ${label}`);
    await phase.begin(site, name);
    const machine = await refOf(site, name);
    const waits = await waitsForHost(site, machine);
    await untilBack(site, machine, phase, waits);
    const before = await readWorld(site, name, phase);
    for (const [button, press] of Object.entries(buttons)) {
      await press(site, machine).catch((error: unknown) => {
        throw new Error(`${button}, ${label}: ${String(error)}`, { cause: error });
      });
      await untilBack(site, machine, phase, waits).catch((error: unknown) => {
        throw new Error(`After ${button}, ${label}: ${String(error)}`, { cause: error });
      });
      expect(await readWorld(site, name, phase), button).toEqual(before);
    }
    await phase.release(site, name);
    await untilEnd(site, name, phase);
    expect(plansReceived(site, name)).toEqual(phase.plans);
    if (phase.end === 'gone') await expectReleased(site, name);
  });
});

test('and no host had two owners or a plan of a stranger', () => {
  expect(ledger.findBreaches()).toEqual([]);
});
