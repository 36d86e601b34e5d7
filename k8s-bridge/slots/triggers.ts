import type { HostView } from '../../domain/inputs/host-view.ts';
import type { MachineView } from '../../domain/inputs/machine-view.ts';
import type { PoolView } from '../../domain/inputs/pool-view.ts';
import type { PlanSecretView } from '../../domain/plan/secret.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import type { ChangeSource } from '../machines/triggers.ts';
import type { ReadStore } from '../reconcile/ports.ts';
import type { SlotBook } from './book.ts';
import { waitsForSlot } from './holders-now.ts';

export interface SlotTriggerSources {
  machines: ChangeSource<MachineView>;
  pools: ChangeSource<PoolView>;
  hosts: ChangeSource<HostView>;
  planSecrets: ChangeSource<PlanSecretView>;
}

/** Looks at the slots when somebody begins or ceases to wait, a limit changes, or a host may be done. Nothing else concerns them. */
export function connectSlotTriggers(
  { machines, pools, hosts, planSecrets }: SlotTriggerSources,
  hostStore: Pick<ReadStore<HostView>, 'byIndex'>,
  book: SlotBook,
  look: () => void,
): void {
  const isAtWork = (host: HostView | undefined): boolean =>
    host?.owner !== undefined && (book.holders.has(host.owner.uid) || host.allocationState === 'Reprovisioning');
  machines.onChange((_key, current, previous) => {
    const waits = [current, previous].map((machine) => machine !== undefined && waitsForSlot(machine));
    const isSame = current?.uid === previous?.uid && current?.isControlPlane === previous?.isControlPlane;
    if (waits[0] !== waits[1] || (waits[0] && !isSame)) look();
  });
  pools.onChange((_key, current, previous) => {
    if (current?.maxConcurrentReprovisions !== previous?.maxConcurrentReprovisions) look();
  });
  hosts.onChange((_key, current, previous) => {
    if (book.active && (isAtWork(current) || isAtWork(previous))) look();
  });
  planSecrets.onChange((key) => {
    if (!book.active) return;
    for (const host of hostStore.byIndex('planSecret', keyText(key))) if (isAtWork(host)) look();
  });
}
