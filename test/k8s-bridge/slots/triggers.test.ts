import { expect, it } from 'vitest';
import type { HostView } from '../../../domain/inputs/host-view.ts';
import type { MachineView } from '../../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../../domain/inputs/pool-view.ts';
import type { PlanSecretView } from '../../../domain/plan/secret.ts';
import { SlotBook } from '../../../k8s-bridge/slots/book.ts';
import { connectSlotTriggers } from '../../../k8s-bridge/slots/triggers.ts';
import { changeSource, hostView, machineView, MemoryStore } from '../bridge-fixtures.ts';

const key = { namespace: 'demo', name: 'm1' };
const waits = machineView({ waitsForSlot: true });

it.each([
  ['begins to wait', waits, machineView(), true],
  ['ceases to wait', machineView(), waits, true],
  ['goes while it waits', undefined, waits, true],
  ['is paused', { ...waits, reportsPaused: true }, waits, true],
  ['turns out to be a control plane', { ...waits, isControlPlane: true }, waits, true],
  ['is written to', { ...waits, resourceVersion: '2' }, waits, false],
  ['has nothing to do with it', machineView({ resourceVersion: '2' }), machineView(), false],
])('a machine that %s is looked at: %#', (_, current, previous, isLook) => {
  let looks = 0;
  const sources = {
    machines: changeSource<MachineView>(),
    pools: changeSource<PoolView>(),
    hosts: changeSource<HostView>(),
    planSecrets: changeSource<PlanSecretView>(),
  };
  connectSlotTriggers(sources, new MemoryStore<HostView>([hostView()]), new SlotBook(), () => (looks += 1));
  sources.machines.emit(key, current, previous);
  expect(looks > 0).toBe(isLook);
});
