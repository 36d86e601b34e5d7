import type { HostView } from '../../domain/inputs/host-view.ts';
import { isKeptByChecks } from '../../domain/pool/acceptance.ts';
import type { WakeMemory } from '../../domain/pool/wakeups.ts';
import { WriteRefusals } from './refusals.ts';

/** What the pool reconciler remembers between two looks. Losing it costs a repeated wake or a counter, never a host. */
export interface PoolMemory {
  /** By `keyText` of the pool. */
  wakes: Map<string, WakeMemory>;
  /** By `keyText` of the pool, then by host: until when it counts as settling; Infinity while a plan runs that ends in it. */
  settling: Map<string, Map<string, number>>;
  /** By `keyText` of the pool: when its status was written last. */
  statusWrittenAtMs: Map<string, number>;
  /** Hosts that refuse the pool's annotation. */
  refusals: WriteRefusals;
}

/** How long a released host may take to become `Ready` again before it counts as lost. */
export const SETTLE_MS = 60_000;

export function createPoolMemory(): PoolMemory {
  return { wakes: new Map(), settling: new Map(), statusWrittenAtMs: new Map(), refusals: new WriteRefusals() };
}

/**
 * Until when the host, released or accepted a moment ago, is given time to become `Ready`; undefined when it is not settling.
 * elemental-operator sets `Ready` a moment after the plan's result, on which we free the host.
 */
export function settlingUntilMs(deadlines: Map<string, number>, host: HostView, nowMs: number): number | undefined {
  if (host.allocationState === 'Preparing' || isKeptByChecks(host)) {
    deadlines.set(host.name, Infinity);
    return undefined;
  }
  const deadline = Math.min(deadlines.get(host.name) ?? -Infinity, nowMs + SETTLE_MS);
  if (host.ready || host.allocationState !== 'Available' || deadline <= nowMs) {
    deadlines.delete(host.name);
    return undefined;
  }
  deadlines.set(host.name, deadline);
  return deadline;
}

/** Forgets a pool that is gone, apart from whom that was told. */
export function forgetPool(memory: PoolMemory, poolKey: string): void {
  memory.settling.delete(poolKey);
  memory.statusWrittenAtMs.delete(poolKey);
}
