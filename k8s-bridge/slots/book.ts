import type { PoolView } from '../../domain/inputs/pool-view.ts';
import { keyText } from '../../domain/pool/indexes.ts';
import { Patience } from './patience.ts';
import { Places } from './places.ts';

/** How a limit is used. */
export interface SlotUse {
  limit: number;
  /** Machines whose hosts are at a reprovision plan, or are about to be. */
  used: number;
  /** Machines that wait for a slot. */
  waiting: number;
}

/** What the bridge remembers of the slots between two looks, and what it shows of them. Losing it never costs a limit. */
export class SlotBook {
  /** There is a limit, or somebody waits for a slot. */
  active = false;
  /** undefined: the installation has no limit. */
  installation: SlotUse | undefined;
  /** By `keyText` of the pools that have a limit. */
  pools: ReadonlyMap<string, SlotUse> = new Map();
  /** uids of the machines that held a slot at the last look. */
  holders: ReadonlySet<string> = new Set();
  readonly places = new Places();
  readonly patience = new Patience();

  /** undefined: the pool has no limit. What its status says stands until there was a look. */
  useOf(pool: PoolView): SlotUse | undefined {
    if (pool.maxConcurrentReprovisions === undefined) return undefined;
    return this.pools.get(keyText(pool)) ?? pool.slots;
  }
}
