import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineRef } from '../domain/inputs/machine-snapshot.ts';
import type { ConsoleCaches } from './caches.ts';
import type { RunSight } from './run-sight.ts';

const PERIOD_MS = 5_000;
/** One after the other; more of them are a matter of minutes. */
const MAX_A_ROUND = 100;

/**
 * Whether a host whose machine is gone is being given back or stranded, only Temporal knows: it is asked about those few,
 * again and again. Resolves when aborted.
 */
export async function followGoneMachines(caches: ConsoleCaches, runs: RunSight, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (caches.machines.hasSynced() && caches.hosts.hasSynced()) {
      for (const machine of findGone(caches).slice(0, MAX_A_ROUND)) {
        if (signal.aborted) return;
        await runs.look(machine);
      }
    }
    await sleep(PERIOD_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function findGone({ hosts, machines }: ConsoleCaches): MachineRef[] {
  return [...hosts.store.list()].flatMap(({ namespace, owner }) => {
    if (owner === undefined || owner.uid === '' || owner.baremetalMachine === '') return [];
    if (machines.store.byIndex('uid', owner.uid).length > 0) return [];
    return [{ namespace, name: owner.baremetalMachine, uid: owner.uid }];
  });
}
