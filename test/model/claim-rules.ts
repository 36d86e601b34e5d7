import type { HostView } from '../../domain/inputs/host-view.ts';
import type { Machine, Pool } from './history.ts';

/** A claim that was under way when the pool dropped the host may still end. */
const UNDER_WAY_MS = 3_000;

/** Rules about who gets a host; answers what a state of it breaks, in words. */
export interface ClaimRules {
  seePool(pool: Pool, gone: boolean, atMs: number): void;
  seeHost(host: Pick<HostView, 'name' | 'owner'>, machines: Iterable<Machine>, atMs: number): string[];
}

/** A host that a machine's pool does not name any more is not given to it, however old the caches are. */
export function createClaimRules(): ClaimRules {
  const owners = new Map<string, string | undefined>();
  const members = new Map<string, ReadonlySet<string>>();
  /** When a pool was last seen to drop a host, by both names. */
  const droppedAtMs = new Map<string, number>();
  return {
    seePool({ metadata, spec }, gone, atMs) {
      const pool = metadata.name;
      const named = new Set(gone ? [] : spec.machineInventories.map(({ name }) => name));
      for (const name of members.get(pool) ?? []) if (!named.has(name)) droppedAtMs.set(`${pool}/${name}`, atMs);
      for (const name of named) droppedAtMs.delete(`${pool}/${name}`);
      members.set(pool, named);
    },
    seeHost({ name, owner }, machines, atMs) {
      const before = owners.get(name);
      owners.set(name, owner?.uid);
      if (owner === undefined || owner.uid === before) return [];
      const machine = [...machines].find(({ metadata }) => metadata.uid === owner.uid);
      // Who runs on it is not asked where it comes from: it is adopted.
      if (machine === undefined || machine.spec.providerID !== undefined) return [];
      const pool = machine.spec.machineInventoryPoolRef.name;
      const sinceMs = droppedAtMs.get(`${pool}/${name}`);
      if (sinceMs === undefined || atMs - sinceMs < UNDER_WAY_MS) return [];
      return [`${machine.metadata.name} got it ${Math.round(atMs - sinceMs)} ms after ${pool} had dropped it`];
    },
  };
}
