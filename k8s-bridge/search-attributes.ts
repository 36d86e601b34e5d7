import { searchAttributeNames } from '../api/constants.ts';
import type { Logger } from '../runtime/logger.ts';
import type { TemporalConnection } from '../runtime/temporal/connection.ts';
import { ensureSearchAttributes, toRegister } from '../runtime/temporal/search-attributes.ts';
import type { StartAttributes } from './runs/start-run.ts';

/** A start that is refused is repeated for every machine: said once in this time. */
const SAY_AGAIN_MS = 60_000;

/** The search attributes of the namespace, as they were when they were last looked at. */
export interface KnownSearchAttributes extends StartAttributes {
  /** Registers what is missing, and says what cannot be had. @throws when Temporal does not answer */
  provide(): Promise<void>;
}

/** Runs are started without what cannot be had; before the first look nothing is held back. */
export function createSearchAttributes(
  connection: TemporalConnection,
  namespace: string,
  logger: Logger,
): KnownSearchAttributes {
  const names = Object.values(searchAttributeNames);
  let usable: ReadonlySet<string> = new Set(names);
  let saidAt = -Infinity;
  return {
    isUsable: (name) => usable.has(name),
    async provide() {
      const found = await ensureSearchAttributes(connection, namespace, names);
      usable = found.usable;
      if (found.problem !== undefined) {
        logger.error({ problem: found.problem }, 'Search attributes are missing: runs go without them');
      }
    },
    noteRefused(problem) {
      if (performance.now() - saidAt < SAY_AGAIN_MS) return;
      saidAt = performance.now();
      const advice = `Temporal learns of new ones within a minute; if they stay unknown, ${toRegister(namespace, names)}`;
      logger.error({ problem, advice }, 'A run was started without search attributes');
    },
  };
}
