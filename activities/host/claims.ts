import type { ObjectKey } from '../../api/meta.ts';
import { machineInventoryPools } from '../../api/resources.ts';
import { type PoolView, viewPool } from '../../domain/inputs/pool-view.ts';
import type { ActivityDependencies } from '../step/dependencies.ts';
import { shareReads } from '../step/shared-read.ts';
import { findReadable } from '../step/unreadable.ts';
import type { Reservations } from './candidate-choice.ts';

/** What the claims of one worker share. */
export interface Claims {
  reservations: Reservations;
  /** The pool as it is now: which hosts it names is not to be taken from a cache. @throws UnreadableError */
  findPool(key: ObjectKey): Promise<PoolView | undefined>;
}

export function createClaims(deps: ActivityDependencies): Claims {
  return {
    reservations: new Map(),
    findPool: shareReads(async (key) => {
      const pool = await findReadable(deps, machineInventoryPools, key);
      return pool === undefined ? undefined : viewPool(pool);
    }),
  };
}
