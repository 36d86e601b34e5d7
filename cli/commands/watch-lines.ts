import { setTimeout as sleep } from 'node:timers/promises';
import type { CliWorld } from '../world/cli-world.ts';
import { describeCause } from '../world/failures.ts';
import type { GlobalOptions } from '../world/global-options.ts';
import { type Listing, type OutputFormat, printList } from '../output/output-format.ts';

/** Pause between two looks. */
const LOOK_EVERY_MS = 2_000;

/** Prints a list, and then each line of it that changes, as `kubectl get --watch` does, until the world's signal. */
export async function watchLines(
  world: CliWorld,
  look: () => Promise<{ listing: Listing; missing: readonly string[] }>,
  options: GlobalOptions & { output?: OutputFormat },
): Promise<void> {
  const printed = new Map<string, string>();
  const told = new Set<string>();
  const complainOnce = (note: string): void => {
    if (!told.has(note)) world.complain(`note: ${note}`);
    told.add(note);
  };
  let head = true;
  while (!world.signal.aborted) {
    try {
      const { listing, missing } = await look();
      missing.forEach(complainOnce);
      const changed = listing.items.filter(({ namespace, name, texts }) => {
        const { inPhase: _inPhase, age: _age, ...steady } = texts;
        const text = JSON.stringify(steady);
        const key = `${namespace}/${name}`;
        const isNew = printed.get(key) !== text;
        printed.set(key, text);
        return isNew;
      });
      if (changed.length > 0) world.print(printList({ ...listing, items: changed }, world, options, head));
      head &&= changed.length === 0;
    } catch (error) {
      complainOnce(describeCause(error));
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: world.signal }).catch(() => {});
  }
}
