import type { Lane } from './lane.ts';
import type { ModelState } from './model-state.ts';

/** `skipped`: there was nobody to do it to. `asked`: whether it was taken is seen in the status. */
export type Outcome = 'done' | 'skipped' | 'asked' | 'accepted' | 'refused';

/** Where a sequence is performed. */
export interface Scene {
  lane: Lane;
  model: ModelState;
}
